"""Oversold and withheld offers of each day under both rules: a drawing, and the table with the same figures."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.utils.formats import date_format

from integration.domain.replay import Replay, ReplayedDay

WIDTH, HEIGHT = 840, 260
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 14, 30
# A day that has one shows it, however small it is beside the highest.
LEAST: Final = 2.0
# The height of a line of words.
LINE: Final = 14
FILLED: Final = 0.72
WEEK: Final = 7
TODAY, CANDIDATE = "in force today", "candidate"


@dataclass(frozen=True)
class Bar:
    """One figure of a day. `look` is the class that tells the rule, `is_up` oversold from withheld."""

    x: float
    y: float
    width: float
    height: float
    look: str
    words: str


@dataclass(frozen=True)
class Mark:
    """A word beside the drawing."""

    at: float
    words: str


@dataclass(frozen=True)
class DayRow:
    """One line of the table."""

    name: str
    day: ReplayedDay


@dataclass(frozen=True)
class SimulatorChart:
    """Everything that the template draws."""

    bars: list[Bar]
    across: list[Mark]
    upwards: list[Mark]
    rows: list[DayRow]
    total: ReplayedDay
    middle: float
    words: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM


def simulator_chart(replay: Replay) -> SimulatorChart:
    """Oversold stands above the line, withheld below it, on one scale; of each pair the rule of today is the left one."""
    up = max((max(day.today.oversold, day.candidate.oversold) for day in replay.days), default=0)
    down = max((max(day.today.withheld, day.candidate.withheld) for day in replay.days), default=0)
    scale = (HEIGHT - TOP - BOTTOM) / max(1, up + down)
    middle = round(TOP + up * scale if up + down else (TOP + HEIGHT - BOTTOM) / 2, 1)
    step = (WIDTH - LEFT - RIGHT) / len(replay.days)
    bars = [
        bar for index, day in enumerate(replay.days) for bar in _bars(day, LEFT + index * step, step, middle, scale)
    ]
    every = max(1, -(-len(replay.days) // 12))
    across = [
        Mark(round(LEFT + (index + 0.5) * step, 1), date_format(day.day, "j M"))
        for index, day in enumerate(replay.days)
        if index % every == 0
    ]
    # Words that would stand on each other: the highest figure says more than the nought.
    has_room = min(middle - TOP if up else HEIGHT, HEIGHT - BOTTOM - middle if down else HEIGHT) >= LINE
    ends = [Mark(middle, "0" if has_room else "")]
    ends += [Mark(float(TOP), f"{up:,}")] if up else []
    ends += [Mark(float(HEIGHT - BOTTOM), f"{down:,}")] if down else []
    total = replay.total
    return SimulatorChart(
        bars=bars,
        across=across,
        upwards=ends,
        rows=[DayRow(date_format(day.day, "j M Y"), day) for day in replay.days],
        total=total,
        middle=middle,
        words=(
            f"Oversold and withheld offers of {len(replay.days)} days. "
            f"Oversold: {total.today.oversold:,} {TODAY}, {total.candidate.oversold:,} {CANDIDATE}. "
            f"Withheld: {total.today.withheld:,} {TODAY}, {total.candidate.withheld:,} {CANDIDATE}. "
            "The table under it has the figures of each day."
        ),
    )


def _bars(day: ReplayedDay, left: float, step: float, middle: float, scale: float) -> Iterator[Bar]:
    width = step * FILLED / 2
    first = left + step * (1 - FILLED) / 2
    name = date_format(day.day, "j M Y")
    for index, (rule, outcome) in enumerate(((TODAY, day.today), (CANDIDATE, day.candidate))):
        for what, number in (("oversold", outcome.oversold), ("withheld", outcome.withheld)):
            if number:
                height = max(LEAST, number * scale)
                yield Bar(
                    x=round(first + index * width, 1),
                    y=round(middle - height if what == "oversold" else middle, 1),
                    width=round(width, 1),
                    height=round(height, 1),
                    look=f"is-{what} {'is-candidate' if index else 'is-today'}",
                    words=f"{name}, {what}, {rule}: {number:,}",
                )


def week_words(replay: Replay) -> list[str]:
    """What the candidate does, in a week of such days, as people say it."""
    total, days = replay.total, len(replay.days)
    saved = total.today.oversold - total.candidate.oversold
    lost = total.candidate.withheld - total.today.withheld
    return [
        _change(saved, days, "oversold", good="fewer", bad="more"),
        _change(-lost, days, "withheld though they were free", good="fewer", bad="more"),
    ]


def _change(better: int, days: int, what: str, *, good: str, bad: str) -> str:
    if better == 0:
        return f"As many offers {what} as today."
    a_week = abs(better) * WEEK / days
    return f"{_decimal(a_week)} {good if better > 0 else bad} offers a week {what}."


def _decimal(number: float) -> str:
    return f"{number:,.0f}" if number >= 10 or number == int(number) else f"{number:,.1f}"  # noqa: PLR2004 -- digits
