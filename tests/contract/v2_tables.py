"""Deposco's published field tables of V2, as rules that a document can be held to."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

ENVELOPE: Final = "CollectionResourceMeta"
# Lists whose type has a name of its own; all of them are lists of references.
REFERENCES: Final = ("SalesOrderDTOAllOfShipments", "BaseShipmentDTOOrderHeaders")
CONSTANT: Final = re.compile(r"([A-Z0-9_]+)='([^']*)'")


@dataclass(frozen=True)
class Rule:
    """One field."""

    type: str
    required: bool
    read_only: bool
    longest: int


@dataclass
class Table:
    """One document."""

    rules: dict[str, Rule] = field(default_factory=dict)
    words: dict[str, set[str]] = field(default_factory=dict)


class Tables:
    """Every document of V2 whose table was published."""

    def __init__(self, contracts: Path) -> None:
        folder = contracts / "deposco"
        self.tables = _read((folder / "v2_schema_tables.md").read_text(encoding="utf-8"))
        rows = [line.split("\t") for line in (folder / "v2_endpoints.tsv").read_text(encoding="utf-8").splitlines()[1:]]
        self.endpoints = {(row[0], row[1]) for row in rows}

    def violations(self, name: str, document: Any, *, is_sent: bool) -> list[str]:
        """Where a document departs from its table. What is sent may hold no read-only field, and no null."""
        return self._document(name, document, name, is_sent=is_sent)

    def list_violations(self, name: str, body: Any) -> list[str]:
        """Where a page of such documents departs from its envelope and its table."""
        return self._collection(name, body, f"list of {name}", is_sent=False, has_meta=True)

    def has_endpoint(self, method: str, path: str) -> bool:
        """Whether a call is one of the published ones."""
        plain = re.sub(r"/\d+(?=/|$)", "/{}", path)
        return (method, plain) in {(verb, re.sub(r"{\w+}", "{}", known)) for verb, known in self.endpoints}

    def _document(self, name: str, value: Any, where: str, *, is_sent: bool) -> list[str]:
        table = self.tables.get(name)
        if table is None:
            return []
        if not isinstance(value, dict):
            return [f"{where} is no document"]
        found = [
            f"{where}.{key} is missing" for key, rule in table.rules.items() if rule.required and value.get(key) is None
        ]
        for key, part in value.items():
            rule = table.rules.get(key)
            if rule is None:
                found.append(f"{where}.{key} is not documented")
            elif is_sent and rule.read_only:
                found.append(f"{where}.{key} is read-only")
            elif part is None:
                found += [f"{where}.{key} is null"] if is_sent else []
            else:
                found += self._value(table, key, rule, part, f"{where}.{key}", is_sent=is_sent)
        return found

    def _value(self, table: Table, key: str, rule: Rule, value: Any, where: str, *, is_sent: bool) -> list[str]:
        kind = rule.type
        if kind == "string":
            return _text_violations(rule, table.words.get(key), value, where)
        if kind in ("int", "bool", "datetime") or kind.startswith("array<"):
            return [] if _is(kind, value) else [f"{where} is no {kind}"]
        if kind.endswith("[]"):
            rows = value if isinstance(value, list) else []
            found = [self._document(kind[:-2], row, f"{where}[]", is_sent=is_sent) for row in rows]
            return [words for row in found for words in row] + ([] if rows is value else [f"{where} is no list"])
        if kind in REFERENCES:
            return self._collection("EntityRef", value, where, is_sent=is_sent, has_meta=not is_sent)
        if kind.endswith("CollectionDTO"):
            element = kind.removesuffix("CollectionDTO") + "DTO"
            return self._collection(element, value, where, is_sent=is_sent, has_meta=not is_sent)
        return self._document(kind.replace("NullableEntityRef", "EntityRef"), value, where, is_sent=is_sent)

    def _collection(self, element: str, value: Any, where: str, *, is_sent: bool, has_meta: bool) -> list[str]:
        if not isinstance(value, dict) or not isinstance(value.get("data"), list):
            return [f"{where} is no list"]
        meta = {key: part for key, part in value.items() if key != "data"}
        found = self._document(ENVELOPE, meta, where, is_sent=is_sent)
        found += [f"{where}.{key} is missing" for key in ("complete", "links") if has_meta and key not in meta]
        for row in value["data"]:
            found += self._document(element, row, f"{where}[]", is_sent=is_sent)
        return found


def _text_violations(rule: Rule, known: set[str] | None, value: Any, where: str) -> list[str]:
    if not isinstance(value, str):
        return [f"{where} is no text"]
    if rule.longest and len(value) > rule.longest:
        return [f"{where} is longer than {rule.longest}"]
    return [f"{where} is {value}, which is not one of its words"] if known and value not in known else []


def _is(kind: str, value: Any) -> bool:
    if kind.startswith("array<"):
        return isinstance(value, dict)
    if kind == "bool":
        return isinstance(value, bool)
    if kind == "int":
        # The tables say int where live answers hold 15.0: any number will do, and its text will not.
        return isinstance(value, int | float) and not isinstance(value, bool)
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except (TypeError, ValueError):
        return False


def _read(text: str) -> dict[str, Table]:
    tables: dict[str, Table] = {}
    table = Table()
    for line in text.splitlines():
        if line.startswith("## "):
            table = tables.setdefault(line.removeprefix("## ").strip(), Table())
        elif line.startswith("enum constants:"):
            table.words |= _words(table, line)
        elif line.count("|") >= 3:
            name, kind, required, read_only, *more = (part.strip() for part in line.split("|"))
            longest = int(more[0]) if more and more[0].isdecimal() else 0
            table.rules[name] = Rule(kind, required == "REQ", read_only == "ro", longest)
    return tables


def _words(table: Table, line: str) -> dict[str, set[str]]:
    """The words of each field: a constant is named by its field, and then by the word."""
    found: dict[str, set[str]] = {}
    by_length = sorted(table.rules, key=len, reverse=True)
    for constant, word in CONSTANT.findall(line):
        name = next(
            (one for one in by_length if constant.startswith(re.sub(r"(?<!^)([A-Z])", r"_\1", one).upper())), None
        )
        if name is not None:
            found.setdefault(name, set()).add(word)
    return found
