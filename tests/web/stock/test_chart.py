import re
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as some

from integration.queries.stock.item_history import History, Point, Series
from integration.web.stock.chart import HEIGHT, LEFT, TOP, WIDTH, chart_of

NOW = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
SINCE = NOW - timedelta(days=14)
NUMBERS = re.compile(r"[\d.]+")
POINTS = some.lists(
    some.tuples(some.integers(0, 14 * 24 * 60), some.integers(0, 2_000_000)), min_size=2, max_size=30
).map(lambda pairs: tuple(Point(SINCE + timedelta(minutes=at), number) for at, number in sorted(pairs)))


@given(some.lists(POINTS, min_size=1, max_size=4))
def test_every_line_stays_within_the_picture_and_the_table_has_every_extreme(lines: list[tuple[Point, ...]]) -> None:
    history = History(SINCE, NOW, [Series(f"S{index}", points) for index, points in enumerate(lines)], 0)

    chart = chart_of(history)

    assert chart is not None
    for index, points in enumerate(lines):
        xs = [LEFT, *map(float, re.findall(r"H([\d.]+)", chart.lines[index].path))]
        ys = list(map(float, re.findall(r"V([\d.]+)", chart.lines[index].path)))
        assert all(LEFT <= x <= WIDTH for x in xs)
        assert xs[1:] == sorted(xs[1:])
        assert all(TOP <= y <= HEIGHT for y in ys)
        told = {number for row in chart.rows for number in NUMBERS.findall(row.cells[index].replace(",", ""))}
        assert {str(min(point.number for point in points)), str(max(point.number for point in points))} <= told
    assert len(chart.upwards) == 5
    assert max(point.number for points in lines for point in points) <= int(chart.upwards[-1].words.replace(",", ""))


def test_a_single_point_is_no_history() -> None:
    history = History(SINCE, NOW, [Series("ATP", (Point(NOW, 3),))], 0)

    assert chart_of(history) is None
