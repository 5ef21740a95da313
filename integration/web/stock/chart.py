"""The history of an item as a drawing in steps, and the same as a table by day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.utils import timezone
from django.utils.formats import date_format

from integration.queries.stock.item_history import History, Point, Series

WIDTH, HEIGHT = 840, 220
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 12, 28
TICKS: Final = 4
# Steps that read well, times a power of ten.
NICE: Final = (1, 2, 3, 4, 5, 6, 8, 10)


@dataclass(frozen=True)
class Tick:
    """A line of the grid, and the words at its end."""

    at: float
    words: str


@dataclass(frozen=True)
class Line:
    """One series: its number (which gives it colour and dashes), its name, and its path."""

    number: int
    name: str
    path: str
    last: int


@dataclass(frozen=True)
class DayRow:
    """One day of the table: for each series the lowest and the highest number, or a dash."""

    day: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Chart:
    """Everything that the template draws."""

    lines: list[Line]
    rows: list[DayRow]
    across: list[Tick]
    upwards: list[Tick]
    words: str
    left_out: int
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM


def chart_of(history: History) -> Chart | None:
    """The chart; None while there is no history."""
    if not any(len(series.points) > 1 for series in history.series):
        return None
    top = _top(max(point.number for series in history.series for point in series.points))
    lines = [
        Line(index, series.name, _path(series.points, history, top), series.points[-1].number)
        for index, series in enumerate(history.series)
    ]
    upwards = [Tick(_y(top * part // TICKS, top), f"{top * part // TICKS:,}") for part in range(TICKS + 1)]
    days = _days(history)
    across = [Tick(_x(begin, history), date_format(timezone.localtime(begin), "j M")) for _, begin, _ in days[1::2]]
    now = ", ".join(f"{line.name} {line.last:,}" for line in lines)
    return Chart(
        lines=lines,
        rows=[_row(day, begin, end, history.series) for day, begin, end in reversed(days)],
        across=across,
        upwards=upwards,
        words=f"The last {len(days) - 1} days. Now: {now}. The table under it has the figures of each day.",
        left_out=history.left_out,
    )


def _top(highest: int) -> int:
    """The upper end of the scale: a number that four steps divide evenly."""
    power = 1
    while True:
        for step in NICE:
            if step * power * TICKS >= highest:
                return step * power * TICKS
        power *= 10


def _x(at: datetime, history: History) -> float:
    whole = (history.until - history.since).total_seconds()
    share = (at - history.since).total_seconds() / whole
    return round(LEFT + (WIDTH - LEFT - RIGHT) * min(1.0, max(0.0, share)), 1)


def _y(number: int, top: int) -> float:
    return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * number / top, 1)


def _path(points: Sequence[Point], history: History, top: int) -> str:
    first, *rest = points
    parts = [f"M{_x(first.at, history)} {_y(first.number, top)}"]
    parts += [f"H{_x(point.at, history)}V{_y(point.number, top)}" for point in rest]
    return "".join(parts)


def _days(history: History) -> list[tuple[date, datetime, datetime]]:
    """Every day of the history in the reader's zone, with its beginning and its end."""
    first = timezone.localtime(history.since).replace(hour=0, minute=0, second=0, microsecond=0)
    days = []
    begin = first
    while begin <= history.until:
        end = begin + timedelta(days=1)
        days.append((begin.date(), begin, end))
        begin = end
    return days


def _row(day: date, begin: datetime, end: datetime, series: Sequence[Series]) -> DayRow:
    return DayRow(date_format(day, "j M Y"), tuple(_cell(one.points, begin, end) for one in series))


def _cell(points: Sequence[Point], begin: datetime, end: datetime) -> str:
    before = [point.number for point in points if point.at < begin]
    within = [point.number for point in points if begin <= point.at < end]
    numbers = before[-1:] + within
    if not numbers:
        return "-"
    low, high = min(numbers), max(numbers)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
