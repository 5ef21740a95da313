"""The schemas of an OpenAPI document made strict: fields that are not listed are refused, wherever they stand."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT202012

Schema = dict[str, Any]
BASE: Final = "urn:contract:openapi"
COMPONENTS: Final = "#/components/schemas/"
# A component is kept twice: closed under its own name, and open for the schemas that extend it.
OPEN: Final = "--open"
KEPT: Final = frozenset(
    {
        "type",
        "format",
        "enum",
        "required",
        "pattern",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "minimum",
        "maximum",
        "uniqueItems",
    }
)
WORDED_ENUM: Final = re.compile(r'Enum:\s*((?:`"[^"`]+"`(?:,\s*)?)+)')
FORMATS: Final = FormatChecker(formats=())


def _checks(name: str) -> Callable[[Callable[[Any], bool]], Callable[[Any], bool]]:
    register: Callable[[Callable[[Any], bool]], Callable[[Any], bool]] = FORMATS.checks(name, raises=ValueError)
    return register


@_checks("date-time")
def _is_moment(value: Any) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@_checks("date")
def _is_date(value: Any) -> bool:
    return not isinstance(value, str) or bool(date.fromisoformat(value))


@_checks("int32")
def _is_int32(value: Any) -> bool:
    return not isinstance(value, int) or -(2**31) <= value < 2**31


@_checks("int64")
def _is_int64(value: Any) -> bool:
    return not isinstance(value, int) or -(2**63) <= value < 2**63


class Strict:
    """Validates values against the schemas of one document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        schemas: Mapping[str, Schema] = document["components"]["schemas"]
        built: Schema = {}
        for name, schema in schemas.items():
            built[name] = _chosen(schema) if "discriminator" in schema else _shaped(schema, is_closed=True)
            built[name + OPEN] = _shaped(schema, is_closed=False)
        resource = DRAFT202012.create_resource({"components": {"schemas": built}})
        self._registry: Registry[Any] = Registry().with_resource(BASE, resource)
        self._validators: dict[str, Any] = {}

    def problems(self, schema: Schema, value: Any, at: str) -> list[str]:
        """What is wrong with a value, one text for each problem, beginning with the place."""
        key = repr(schema)
        if key not in self._validators:
            strict = _shaped(schema, is_closed=True)
            self._validators[key] = Draft202012Validator(strict, registry=self._registry, format_checker=FORMATS)
        errors = self._validators[key].iter_errors(value)
        return sorted(f"{at}{error.json_path[1:]}: {error.message[:300]}" for error in errors)


def _shaped(schema: Schema, *, is_closed: bool) -> Schema:
    """The schema without what only people read. An optional field may be null: Mirakl treats null as absent."""
    result = {key: value for key, value in schema.items() if key in KEPT}
    if "$ref" in schema:
        result["$ref"] = _address(schema["$ref"], is_closed=is_closed)
    worded = WORDED_ENUM.search(str(schema.get("description", "")))
    if worded and schema.get("type") == "string":
        result.setdefault("enum", re.findall(r'`"([^"`]+)"`', worded.group(1)))
    required = schema.get("required", ())
    if "properties" in schema:
        result["properties"] = {
            name: _field(field, may_be_null=name not in required) for name, field in schema["properties"].items()
        }
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            result[key] = _shaped(schema[key], is_closed=True)
    for key in ("oneOf", "anyOf"):
        if key in schema:
            result[key] = [_shaped(one, is_closed=True) for one in schema[key]]
    if "allOf" in schema:
        result["allOf"] = [_shaped(one, is_closed=False) for one in schema["allOf"]]
    if is_closed and ("properties" in schema or "allOf" in schema) and "additionalProperties" not in schema:
        result["unevaluatedProperties"] = False
    return result


def _field(schema: Schema, *, may_be_null: bool) -> Schema:
    """A field. A required one may be null where its own description says so."""
    shaped = _shaped(schema, is_closed=True)
    says_null = re.search(r"\bnull\b", str(schema.get("description", "")), re.IGNORECASE) is not None
    return {"if": {"type": "null"}, "else": shaped} if may_be_null or says_null else shaped


def _chosen(schema: Schema) -> Schema:
    """A schema with a discriminator: the value of one field names the schema that counts."""
    name: str = schema["discriminator"]["propertyName"]
    mapping: Mapping[str, str] = schema["discriminator"]["mapping"]
    plain = _shaped({**schema, "required": schema.get("required", [])}, is_closed=True)
    plain["properties"][name] = {"enum": [*mapping, None]}
    is_known = {"required": [name], "properties": {name: {"enum": list(mapping)}}}
    cases: list[Schema] = [{"if": is_known, "else": plain}]
    for value, reference in mapping.items():
        is_this = {"required": [name], "properties": {name: {"const": value}}}
        cases.append({"if": is_this, "then": {"$ref": _address(reference, is_closed=True)}})
    return {"type": "object", "allOf": cases}


def _address(reference: str, *, is_closed: bool) -> str:
    if not reference.startswith(COMPONENTS):
        message = f"{reference} is no component of the document"
        raise ValueError(message)
    return f"{BASE}{reference}{'' if is_closed else OPEN}"
