"""Reading a list page by page, onward and back, shows each row once and in order, wherever values are missing."""

from datetime import UTC, datetime, timedelta

import pytest

from core.web.keyset import Order, read_page
from exceptions.models import Case

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def cases() -> None:
    deadlines = [None if number % 4 == 0 else NOON + timedelta(hours=number // 3) for number in range(23)]
    Case.objects.bulk_create(
        Case(
            kind="k",
            cause_key=str(number),
            summary="s",
            team="warehouse",
            opened_at=NOON,
            touched_at=NOON,
            deadline_at=deadline,
            value=number % 5,
        )
        for number, deadline in enumerate(deadlines)
    )


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("field", ["deadline_at", "value"])
def test_the_pages_onward_and_back_are_the_list(cases: None, field: str, descending: bool) -> None:
    order = Order(field, descending=descending, nullable=field == "deadline_at")
    whole = read_page(Case.objects.all(), order, size=100).rows

    onward, pages, after = [], [], ""
    while True:
        page = read_page(Case.objects.all(), order, after=after, size=5)
        onward += page.rows
        pages.append(page)
        if page.after is None:
            break
        after = page.after
    back, before = list(pages[-1].rows), pages[-1].before
    while before is not None:
        page = read_page(Case.objects.all(), order, before=before, size=5)
        back = page.rows + back
        before = page.before

    assert onward == whole
    assert back == whole
    assert pages[0].before is None


def test_a_value_that_is_missing_stands_last_in_both_directions(cases: None) -> None:
    for descending in (False, True):
        rows = read_page(Case.objects.all(), Order("deadline_at", descending=descending, nullable=True), size=100).rows
        missing = [row.deadline_at is None for row in rows]
        assert missing == sorted(missing)


@pytest.mark.parametrize("cursor", ["", "rubbish", "=2026~x", "=not a moment~4", "~", "-~"])
def test_a_cursor_that_cannot_be_read_shows_the_first_page(cases: None, cursor: str) -> None:
    first = read_page(Case.objects.all(), Order("deadline_at", nullable=True), size=3)

    page = read_page(Case.objects.all(), Order("deadline_at", nullable=True), after=cursor, size=3)

    assert page.rows == first.rows


def test_text_with_the_separator_in_it_is_a_cursor_like_any_other() -> None:
    for words in ("a~b", "a~c", "b"):
        Case.objects.create(kind="k", cause_key=words, summary="s", team="t", opened_at=NOON, touched_at=NOON)
    first = read_page(Case.objects.all(), Order("cause_key"), size=1)

    second = read_page(Case.objects.all(), Order("cause_key"), after=first.after or "", size=1)

    assert [row.cause_key for row in second.rows] == ["a~c"]
