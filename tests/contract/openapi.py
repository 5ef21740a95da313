"""Holds recorded HTTP exchanges to Mirakl's published OpenAPI document, and to the conventions published beside it."""

import csv
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path
from typing import Any, Final

from tests.contract.openapi_schemas import Schema, Strict

METHODS: Final = ("get", "put", "post", "delete", "patch")
ASCENDING: Final = ["asc", "desc"]
LARGEST_PAGE: Final = {"TL02": 2000, "SBC11": 1000}
# The document describes no paging parameters: they are published as conventions for both styles.
OFFSET_PAGING: Final[dict[str, Schema]] = {
    "max": {"type": "integer", "minimum": 1, "maximum": 100},
    "offset": {"type": "integer", "minimum": 0},
    "sort": {"type": "string"},
    "order": {"type": "string", "enum": ASCENDING},
    "paginate": {"type": "boolean"},
}
SEEK_PAGING: Final[dict[str, Schema]] = {
    "limit": {"type": "integer", "minimum": 1, "maximum": 100},
    "page_token": {"type": "string", "minLength": 1},
    "sort": {"type": "string", "pattern": r"^\w+,(ASC|DESC)$"},
}
# Errors have no schema in the document; this is their published shape.
ERROR_SHAPE: Final[Schema] = {
    "type": "object",
    "properties": {
        "message": {"type": "string", "minLength": 1},
        "status": {"type": "integer", "minimum": 400},
        "error": {"type": "string"},
        "errorDescription": {"type": "string"},
    },
    "required": ["message", "status"],
}
CLIENT_ERROR, TOO_MANY = 400, 429
# Addresses that another answer hands out whole, as the document's own example of that answer writes them.
HANDED_OUT: Final = {"OF54": re.compile(r"/api/offers/export/async/file/[^/]+")}


@dataclass(frozen=True)
class Exchange:
    """A request and its answer as they crossed the wire. Header names are lower case."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    request_headers: Mapping[str, str]
    request_body: bytes
    status: int
    response_headers: Mapping[str, str]
    response_body: bytes


@dataclass(frozen=True)
class Operation:
    """One operation of the document."""

    id: str
    method: str
    pattern: re.Pattern[str]
    names: int
    body: Mapping[str, Any]


class Contract:
    """The document, ready to judge exchanges."""

    def __init__(self, document: Mapping[str, Any], paging: Mapping[str, str]) -> None:
        self._strict = Strict(document)
        self._schemas: Mapping[str, Schema] = document["components"]["schemas"]
        self._paging = paging
        self._operations = [
            Operation(
                body["operationId"],
                method.upper(),
                HANDED_OUT.get(body["operationId"]) or _pattern(path),
                path.count("{"),
                body,
            )
            for path, item in document["paths"].items()
            for method, body in item.items()
            if method in METHODS
        ]
        # A path without parameters wins over a template that also fits.
        self._operations.sort(key=lambda operation: operation.names)

    @classmethod
    def read(cls, folder: Path) -> "Contract":
        """Read the document and the paging styles from the contracts' folder."""
        document = json.loads((folder / "mirakl" / "mirakl-mmp-seller-openapi.json").read_text("utf-8"))
        with (folder / "mirakl" / "operations" / "INDEX.tsv").open(encoding="utf-8", newline="") as file:
            paging = {row["operation"]: row["pagination"] or "" for row in csv.DictReader(file, delimiter="\t")}
        return cls(document, paging)

    def columns_of(self, operation_id: str) -> set[str]:
        """The columns of the CSV that an operation answers with."""
        body = next(one.body for one in self._operations if one.id == operation_id)
        row: Schema = body["responses"]["200"]["content"]["text/csv"]["schema"]["items"]
        return set(self._schemas[row["$ref"].rpartition("/")[2]]["properties"])

    def operation_of(self, exchange: Exchange) -> Operation | None:
        """The operation of a call, by method and path template."""
        fitting = (
            one for one in self._operations if one.method == exchange.method and one.pattern.fullmatch(exchange.path)
        )
        return next(fitting, None)

    def violations(self, exchange: Exchange) -> list[str]:
        """Every point in which the exchange departs from the document; empty when there is none."""
        operation = self.operation_of(exchange)
        if operation is None:
            return [f"{exchange.method} {exchange.path}: there is no such operation"]
        found = [
            *self._query(operation, exchange.query),
            *_credentials(operation, exchange),
            *self._request(operation, exchange),
            *self._response(operation, exchange),
        ]
        return [f"{operation.id} {exchange.status}: {text}" for text in found]

    # The request

    def _query(self, operation: Operation, query: Sequence[tuple[str, str]]) -> list[str]:
        known = self._parameters(operation)
        is_handed_out = operation.id in HANDED_OUT
        found = [f"query: {name} is not a parameter" for name, _ in query if name not in known and not is_handed_out]
        found += [
            f"query: {name} is missing"
            for name, parameter in known.items()
            if parameter.get("required") and name not in dict(query)
        ]
        for name in sorted({name for name, _ in query} & set(known)):
            schema: Schema = known[name]["schema"]
            values = [value for key, value in query if key == name]
            if schema.get("type") == "array":
                typed: Any = [_typed(schema.get("items", {}), value) for value in values]
                found += self._strict.problems(schema, typed, f"query {name}")
                continue
            if len(values) > 1:
                found.append(f"query: {name} is repeated")
            if "comma-separated" in str(known[name].get("description", "")).lower():
                found += self._comma_list(name, schema, values[0])
            else:
                found += self._strict.problems(schema, _typed(schema, values[0]), f"query {name}")
        return found

    def _comma_list(self, name: str, schema: Schema, text: str) -> list[str]:
        """A comma list is typed as one text; its enumeration holds for each part, its maximum for their number."""
        parts = text.split(",")
        found = [] if len(parts) <= schema.get("maximum", len(parts)) else [f"query: {name} has {len(parts)} values"]
        for part in parts:
            found += self._strict.problems(
                {key: schema[key] for key in ("type", "enum") if key in schema}, part, f"query {name}"
            )
        return found

    def _parameters(self, operation: Operation) -> dict[str, Any]:
        listed = {one["name"]: one for one in operation.body.get("parameters", ()) if one["in"] == "query"}
        style = self._paging.get(operation.id, "")
        paging = {"offset": OFFSET_PAGING, "seek": SEEK_PAGING}.get(style, {})
        extra = {name: {"schema": dict(schema)} for name, schema in paging.items()}
        if "limit" in extra:
            extra["limit"]["schema"]["maximum"] = LARGEST_PAGE.get(operation.id, 100)
        return {**extra, **listed}

    def _request(self, operation: Operation, exchange: Exchange) -> list[str]:
        content: Mapping[str, Any] = operation.body.get("requestBody", {}).get("content", {})
        if not content:
            return ["request: a body is sent where none is published"] if exchange.request_body else []
        kind = _kind(exchange.request_headers)
        if kind not in content:
            return [f"request: the content type {kind or 'none'} is not one of {', '.join(content)}"]
        schema: Schema = content[kind]["schema"]
        if kind == "multipart/form-data":
            return self._strict.problems(schema, _parts(exchange), "request")
        value, problem = _json(exchange.request_body)
        return [f"request: {problem}"] if problem else self._strict.problems(schema, value, "request")

    # The answer

    def _response(self, operation: Operation, exchange: Exchange) -> list[str]:
        published = operation.body["responses"].get(str(exchange.status))
        if published is None and exchange.status < CLIENT_ERROR:
            return [f"response: {exchange.status} is not published"]
        if published is None or (exchange.status >= CLIENT_ERROR and not published.get("content")):
            return self._error(exchange)
        found = [
            f"response: the header {name} is missing"
            for name in published.get("headers", {})
            if name.lower() not in exchange.response_headers
        ]
        content: Mapping[str, Any] = published.get("content", {})
        if not content:
            is_empty = exchange.status != 204 or not exchange.response_body
            return found if is_empty else [*found, "response: 204 has a body"]
        kind = _kind(exchange.response_headers)
        if kind not in content:
            return [*found, f"response: the content type {kind or 'none'} is not one of {', '.join(content)}"]
        if kind != "application/json":
            return found
        value, problem = _json(exchange.response_body)
        return [
            *found,
            *(
                [f"response: {problem}"]
                if problem
                else self._strict.problems(content[kind]["schema"], value, "response")
            ),
        ]

    def _error(self, exchange: Exchange) -> list[str]:
        found = []
        if exchange.status == TOO_MANY and not exchange.response_headers.get("retry-after", "").isdigit():
            found.append("response: 429 names no seconds in Retry-After")
        value, problem = _json(exchange.response_body)
        if problem:
            return [*found, f"response: {problem}"]
        found += self._strict.problems(ERROR_SHAPE, value, "response")
        if isinstance(value, dict) and value.get("status") != exchange.status:
            found.append(f"response: the body says {value.get('status')}, the status line {exchange.status}")
        return found


def _credentials(operation: Operation, exchange: Exchange) -> list[str]:
    """The key goes raw into Authorization; only calls without a declared scheme may do without."""
    key = exchange.request_headers.get("authorization", "")
    if not key:
        return ["request: there is no key in Authorization"] if operation.body.get("security") else []
    return ["request: the key in Authorization has a scheme before it"] if " " in key else []


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{\w+\}", path)
    return re.compile("[^/]+".join(re.escape(part) for part in parts))


def _kind(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _json(body: bytes) -> tuple[Any, str]:
    try:
        return json.loads(body), ""
    except ValueError:
        return None, f"the body is not JSON: {body[:60]!r}"


def _typed(schema: Schema, text: str) -> Any:
    """The value of a parameter, where its text reads as the type asked for; else the text, which is then refused."""
    kind = schema.get("type")
    if kind == "integer" and re.fullmatch(r"-?\d+", text):
        return int(text)
    if kind == "number" and re.fullmatch(r"-?\d+(\.\d+)?", text):
        return float(text)
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    return text


def _parts(exchange: Exchange) -> dict[str, str]:
    head = f"Content-Type: {exchange.request_headers['content-type']}\r\n\r\n".encode()
    message: Any = BytesParser(policy=HTTP).parsebytes(head + exchange.request_body)
    return {
        str(part.get_param("name", header="content-disposition")): part.get_payload(decode=True).decode(
            "utf-8", "replace"
        )
        for part in message.iter_parts()
    }
