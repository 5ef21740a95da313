"""Rules as a CSV file that people keep in a spreadsheet: read with every problem and its line, written the same way."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, TypeVar

from integration.domain.buffers import Aspect, StockRule
from integration.domain.buffers_problems import USES, rule_problems

COLUMNS: Final = (
    "aspect",
    "offer_sku",
    "item",
    "tag",
    "channel",
    "facility",
    "units",
    "percent",
    "value",
    "first_date",
    "last_date",
    "note",
)
SCOPE: Final = ("offer_sku", "item", "tag", "channel", "facility")
TEXTS: Final = (*SCOPE, "note")
# How `value` is written for a rule that includes or excludes a facility.
INCLUSION: Final = {"include": True, "exclude": False}
WHOLE: Final = re.compile(r"-?[0-9]{1,12}")
FRACTION: Final = re.compile(r"-?[0-9]{1,6}(?:[.,][0-9]{1,6})?")
# What a spreadsheet would run as a formula gets an apostrophe before it; what has one already gets another.
FORMULA: Final = re.compile(r"'*[=+@-]")
GUARDED: Final = re.compile(r"'+[=+@-]")
DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
T = TypeVar("T")


@dataclass(frozen=True)
class LineProblem:
    """What is wrong in one line of a file, which column it is about ("" for the line as a whole), and what to do."""

    line: int
    column: str
    words: str


@dataclass(frozen=True)
class RulesFile:
    """The rules of a file with the line of each, and every problem. A line with a problem gives no rule."""

    rules: tuple[tuple[int, StockRule], ...]
    problems: tuple[LineProblem, ...]


def read_rules(text: str) -> RulesFile:
    """Read a whole file, separated by commas or semicolons. Columns may stand in any order, and all but aspect be left out.

    Empty lines are passed over. A column that nobody knows is a problem: it may be a scope misspelt, and the rule would
    count for everything.
    """
    rules: list[tuple[int, StockRule]] = []
    problems: list[LineProblem] = []
    first_lines: dict[tuple[object, ...], int] = {}
    for line, row in _lines(text, problems):
        rule, found = _rule(line, row)
        if rule is not None and not found:
            known = first_lines.setdefault(_scope_of(rule), line)
            if known != line:
                found = [LineProblem(line, "", f"Line {known} sets the same for the same scope and dates: keep one.")]
            else:
                rules.append((line, rule))
        problems.extend(found)
    return RulesFile(tuple(rules), tuple(problems))


def write_rules(rules: Iterable[StockRule]) -> str:
    """The file that reads as these rules. Whether a rule is switched off stands nowhere in it: give those that count."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for rule in rules:
        writer.writerow(_cell(rule, column) for column in COLUMNS)
    return out.getvalue()


def _lines(text: str, problems: list[LineProblem]) -> Iterator[tuple[int, Mapping[str, str]]]:
    body = text.removeprefix("\ufeff")
    header = body.split("\n", 1)[0]
    delimiter = ";" if header.count(";") > header.count(",") else ","
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        names = [name.strip().lower() for name in next(reader, [])]
        problems.extend(LineProblem(1, "", words) for words in _header_problems(names))
        if problems:
            return
        line = reader.line_num + 1
        for cells in reader:
            row = {name: cell.strip() for name, cell in zip(names, cells, strict=False)}
            if any(cell.strip() for cell in cells[len(names) :]):
                problems.append(LineProblem(line, "", "The line has more cells than the first line names."))
            elif any(row.values()):
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        problems.append(LineProblem(line, "", f"From here on the file cannot be read: {error}."))


def _header_problems(names: list[str]) -> Iterator[str]:
    named = [name for name in names if name]
    if "aspect" not in named:
        yield f"The first line must name the columns, aspect among them: {', '.join(COLUMNS)}."
        return
    unknown = [name for name in named if name not in COLUMNS]
    if unknown:
        yield f"No such column: {', '.join(unknown)}. There are {', '.join(COLUMNS)}."
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        yield f"These columns stand twice: {', '.join(twice)}."


def _rule(line: int, row: Mapping[str, str]) -> tuple[StockRule | None, list[LineProblem]]:
    cells = _Cells(line, row)
    try:
        aspect = Aspect(row["aspect"].lower())
    except ValueError:
        return None, [LineProblem(line, "aspect", f"Write one of {', '.join(Aspect)}.")]
    is_facility = aspect is Aspect.FACILITY
    rule = StockRule(
        id=None,
        aspect=aspect,
        channel=cells.text("channel"),
        offer_sku=cells.text("offer_sku"),
        item=cells.text("item"),
        tag=cells.text("tag"),
        facility=cells.text("facility"),
        units=cells.read("units", _whole, "Write a whole number."),
        percent=cells.read("percent", _fraction, "Write a number such as 12.5."),
        value=None if is_facility else cells.read("value", _whole, "Write a whole number."),
        includes=cells.read("value", _inclusion, "Write include or exclude.") if is_facility else None,
        first_date=cells.read("first_date", _day, "Write a day as 2026-11-27."),
        last_date=cells.read("last_date", _day, "Write a day as 2026-11-27."),
        note=cells.text("note"),
    )
    return rule, cells.problems + list(_checked(line, rule, {problem.column for problem in cells.problems}))


class _Cells:
    """One line, which keeps what could not be read of it."""

    def __init__(self, line: int, row: Mapping[str, str]) -> None:
        self._line, self._row = line, row
        self.problems: list[LineProblem] = []

    def text(self, column: str) -> str:
        cell = self._row.get(column, "")
        return cell[1:] if GUARDED.match(cell) else cell

    def read(self, column: str, reading: Callable[[str], T | None], words: str) -> T | None:
        cell = self._row.get(column, "")
        found = reading(cell) if cell else None
        if cell and found is None:
            self.problems.append(LineProblem(self._line, column, words))
        return found


def _checked(line: int, rule: StockRule, unread: set[str]) -> Iterator[LineProblem]:
    """What is wrong with the rule itself. A value that could not be read is not missing as well."""
    has_unread = any(_column(field) in unread for field in USES[rule.aspect])
    for problem in rule_problems(rule):
        if not has_unread or getattr(rule, problem.field) is not None:
            yield LineProblem(line, _column(problem.field), problem.words)


def _column(field: str) -> str:
    return "value" if field == "includes" else field


def _scope_of(rule: StockRule) -> tuple[object, ...]:
    return (rule.aspect, *(getattr(rule, field) for field in SCOPE), rule.first_date, rule.last_date)


def _whole(cell: str) -> int | None:
    return int(cell) if WHOLE.fullmatch(cell) else None


def _fraction(cell: str) -> Decimal | None:
    return Decimal(cell.replace(",", ".")) if FRACTION.fullmatch(cell) else None


def _inclusion(cell: str) -> bool | None:
    return INCLUSION.get(cell.lower())


def _day(cell: str) -> date | None:
    try:
        return date.fromisoformat(cell) if DAY.fullmatch(cell) else None
    except ValueError:
        return None


def _cell(rule: StockRule, column: str) -> str:
    if column == "value" and rule.includes is not None:
        return "include" if rule.includes else "exclude"
    content = getattr(rule, column)
    if content is None:
        return ""
    text = f"{content:f}" if isinstance(content, Decimal) else str(content)
    return f"'{text}" if column in TEXTS and FORMULA.match(text) else text
