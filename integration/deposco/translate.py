"""Fills a tenant's order from a canonical one, rule by rule of its profile."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from integration.deposco.profile import FieldRule, Profile

# A template names paths in braces: {ship_to.name}.
PATH = re.compile(r"{([\w.]+)}")
# The names of a target's path; one in brackets has dots of its own.
NAME = re.compile(r"\[([^\]]+)\]|([^.\[\]]+)")


@dataclass(frozen=True)
class TranslationProblem:
    """A rule of the profile that could not be kept."""

    field: str
    rule: str
    value: str
    message: str


@dataclass(frozen=True)
class Translation:
    """The payload, or what stands in its way."""

    payload: dict[str, Any] | None
    problems: tuple[TranslationProblem, ...]


def translate(
    profile: Profile, *, header: Mapping[str, Any], lines: Sequence[Mapping[str, Any]], alpha2: Mapping[str, str]
) -> Translation:
    """The tenant's order from plain nested values, in the generation that its orders are spoken in.

    Empty values are left out; lines go to orderLines.orderLine, or to orderLines.data in V2.

    `alpha2` turns alpha-3 country codes into alpha-2 where a rule asks for iso2.
    """
    problems: list[TranslationProblem] = []
    is_v2 = profile.speaks("orders") == "v2"
    maps = profile.v2 if is_v2 else profile
    payload = _fill(profile, maps.order_map, header, alpha2, problems)
    rows = [_fill(profile, maps.line_map, line, alpha2, problems) for line in lines]
    payload["orderLines"] = {"data" if is_v2 else "orderLine": rows}
    return Translation(payload=None if problems else payload, problems=tuple(problems))


def _fill(
    profile: Profile,
    rules: Sequence[FieldRule],
    source: Mapping[str, Any],
    alpha2: Mapping[str, str],
    problems: list[TranslationProblem],
) -> dict[str, Any]:
    target: dict[str, Any] = {}
    for rule in rules:
        value, problem = _value(profile, rule, source, alpha2)
        if not problem and rule.required and not value:
            problem = f"{rule.target} is empty"
        if not problem and rule.max_length and len(value) > rule.max_length:
            if rule.truncate:
                value = value[: rule.max_length]
            else:
                problem = f"{rule.target} has {len(value)} characters, the warehouse takes {rule.max_length}"
        if problem:
            problems.append(TranslationProblem(rule.source or rule.target, "profile", value, problem))
        elif value or rule.keep_empty:
            _put(target, rule.target, _as_number(value) if rule.kind == "number" else value)
    return target


def _value(profile: Profile, rule: FieldRule, source: Mapping[str, Any], alpha2: Mapping[str, str]) -> tuple[str, str]:
    if rule.constant:
        return rule.constant, ""
    if rule.template:
        found: Any = PATH.sub(lambda path: _worded(_at(source, path[1]), "", profile, alpha2), rule.template)
    else:
        found = _at(source, rule.source)
    value = _worded(found, rule.function, profile, alpha2)
    if rule.table and value:
        table = profile.tables.get(rule.table, {})
        if value not in table and rule.table_default == "problem":
            return value, f"{value} is not in the table {rule.table}"
        value = table.get(value, value)
    return value, ""


def _worded(value: Any, function: str, profile: Profile, alpha2: Mapping[str, str]) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        zone = profile.zone if function == "date" else UTC
        return value.astimezone(zone).isoformat(timespec="seconds")
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    text = str(value)
    if function == "upper":
        return text.upper()
    if function == "iso2":
        return alpha2.get(text, text)
    if function in ("first_name", "last_name"):
        # The last word, and what stands before it: together they are the name again.
        first, _, last = text.rpartition(" ")
        return last if function == "last_name" else first
    return text


def _as_number(text: str) -> int | float:
    number = Decimal(text)
    return int(number) if number == number.to_integral_value() else float(number)


def _at(source: Mapping[str, Any], path: str) -> Any:
    value: Any = source
    for part in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def _put(target: dict[str, Any], path: str, value: str | float) -> None:
    *parents, last = (bracketed or plain for bracketed, plain in NAME.findall(path))
    for parent in parents:
        target = target.setdefault(parent, {})
    target[last] = value
