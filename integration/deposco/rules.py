"""How one field of a tenant's document is filled: data that an integrator writes."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """The base of every part of a profile: unknown keys are mistakes and are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FieldRule(Part):
    """One target field: where its value comes from, and what is done to it.

    `target` is a dotted path; a name that has a dot of its own stands in brackets: item.businessKey.[businessUnit.code].
    `source` is a dotted path into the canonical order, `constant` a fixed value, `template` a text with {paths}.
    `table` looks the value up in `tables`; a value that is not there is a problem unless `table_default` says "same".
    `keep_empty` sends an empty value where others are left out: some elements must be there, if only empty.
    `kind` says how the value is written: as text, or as a JSON number.
    """

    target: str
    source: str = ""
    constant: str = ""
    template: str = ""
    table: str = ""
    table_default: Literal["problem", "same"] = "problem"
    function: Literal["", "upper", "iso2", "date", "number", "first_name", "last_name"] = ""
    kind: Literal["text", "number"] = "text"
    required: bool = False
    max_length: int = 0
    truncate: bool = False
    keep_empty: bool = False


def rule(target: str, source: str = "", **more: Any) -> FieldRule:
    """A rule in one line."""
    return FieldRule(target=target, source=source, **more)
