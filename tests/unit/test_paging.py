from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from integration.domain.paging import OffsetWalk

PAGE = 3
MAX_STEPS = 400


@dataclass
class FarList:
    """A list that may gain or lose rows before each page is read."""

    rows: list[str]
    gains: list[int] = field(default_factory=list)
    losses: list[int] = field(default_factory=list)
    made: int = 0

    def page(self, offset: int) -> list[str]:
        if self.gains:
            self.rows.insert(self.gains.pop(0) % (len(self.rows) + 1), f"new-{self.made}")
            self.made += 1
        if self.losses and self.rows:
            self.rows.pop(self.losses.pop(0) % len(self.rows))
        return self.rows[offset : offset + PAGE]


def walk_all(far: FarList, *, tells_total: bool = True) -> tuple[OffsetWalk, set[str]]:
    walk, got = OffsetWalk(), set[str]()
    for _ in range(MAX_STEPS):
        page = far.page(walk.offset)
        got |= set(page)
        total = len(far.rows) if tells_total else None
        if walk.take(page, rows=len(page), total=total, names_next=False) == "end":
            return walk, got
    raise AssertionError("the walk does not end")


@given(count=st.integers(0, 20), gains=st.lists(st.integers(0, 50), max_size=8), tells_total=st.booleans())
def test_no_row_that_was_there_at_the_beginning_is_skipped_while_others_come(
    count: int, gains: list[int], tells_total: bool
) -> None:
    far = FarList([f"row-{n}" for n in range(count)], gains=gains)

    _, got = walk_all(far, tells_total=tells_total)

    assert {f"row-{n}" for n in range(count)} <= got


@given(count=st.integers(0, 20), losses=st.lists(st.integers(0, 50), max_size=8))
def test_a_walk_is_only_trusted_when_every_row_that_stayed_was_read(count: int, losses: list[int]) -> None:
    far = FarList([f"row-{n}" for n in range(count)], losses=losses)

    walk, got = walk_all(far)

    assert not walk.is_sure or set(far.rows) <= got


def test_a_page_that_is_sent_again_is_asked_for_once_more_before_the_walk_goes_on() -> None:
    walk = OffsetWalk()
    walk.take(["a", "b", "c"], rows=3, total=6, names_next=True)

    step = walk.take(["a", "b", "c"], rows=3, total=6, names_next=True)
    offset = walk.offset
    last = walk.take(["d", "e", "f"], rows=3, total=6, names_next=False)

    assert (step, offset, last, walk.is_sure) == ("again", 3, "end", True)


def test_a_far_side_that_knows_no_offset_ends_the_walk_and_the_walk_is_not_trusted() -> None:
    far = FarList(["a", "b", "c"])
    walk = OffsetWalk()

    steps = [walk.take(far.page(0), rows=3, total=None, names_next=True) for _ in range(6)]

    assert steps[0] == "more"
    assert steps[-1] == "end"
    assert not walk.is_sure


def test_an_empty_page_before_the_promised_end_is_asked_for_again_and_then_believed() -> None:
    walk = OffsetWalk()
    walk.take(["a", "b", "c"], rows=3, total=5, names_next=True)

    steps = [walk.take([], rows=0, total=5, names_next=False) for _ in range(2)]

    assert steps == ["again", "end"]
    assert walk.is_sure
