"""The life of an effect: who gets it, what each outcome leads to, and that a lost lease changes nothing."""

import pytest

from core.effects import cancel_effect, rearm, run_effects
from core.effects.claim import Claimed, Group, claim
from core.effects.record import Next, mark_intent, record
from core.effects.runner import MAX_BUGS, MAX_CRASHES
from core.limits import ensure_bucket, open_breaker
from core.limits.breakers import PROBE_SECONDS
from core.models import Breaker, Bucket, Effect, EffectAttempt
from core.outcomes import Outcome, OutcomeClass
from tests.core.conftest import DbClock
from tests.core.far_side import KIND, FarSide, FarSideHandler, wanted

pytestmark = pytest.mark.django_db


def _claim(limit: int = 10, *, group: Group = Group.SOUND, owner: str = "me") -> list[Claimed]:
    return claim(kind=KIND, connection=None, limit=limit, lease_seconds=30, owner=owner, group=group)


def _run(handler: FarSideHandler, *, limit: int = 200) -> dict[str, int]:
    return run_effects(handler, owner="me", limit=limit).as_dict()


def _state(key: str) -> str:
    return Effect.objects.get(business_key=key).state


def test_asking_twice_for_the_same_effect_is_asking_once() -> None:
    first, second = wanted("A"), wanted("A")

    assert first.id == second.id
    assert Effect.objects.count() == 1


def test_a_good_answer_makes_it_done_once(handler: FarSideHandler, far_side: FarSide) -> None:
    wanted("A")

    assert _run(handler) == {"done": 1}
    assert _run(handler) == {}
    assert far_side.written == ["A"]
    assert len(handler.done_ids) == 1


def test_connections_take_turns_whatever_their_backlog(clock: DbClock) -> None:
    for number in range(8):
        wanted(f"big-{number}", connection="far:BIG")
    wanted("small", connection="far:SMALL")

    keys = {effect.business_key for effect in _claim(2)}

    assert keys == {"big-0", "small"}


def test_the_earliest_deadline_goes_first_and_priority_before_it(clock: DbClock) -> None:
    now = wanted("plain").created_at
    wanted("late", deadline_at=now.replace(year=now.year + 2))
    wanted("soon", deadline_at=now.replace(year=now.year + 1))
    wanted("urgent", priority=0)

    order = [_claim(1)[0].business_key for _ in range(4)]

    assert order == ["urgent", "soon", "late", "plain"]


def test_a_claimed_effect_is_nobody_elses_until_its_lease_is_over(clock: DbClock) -> None:
    wanted("A")
    assert len(_claim()) == 1

    assert _claim(owner="other") == []
    clock.advance(31)

    assert [effect.crash_attempts for effect in _claim(owner="other", group=Group.FELL_ONCE)] == [2]


def test_an_attempt_whose_lease_passed_on_neither_sends_nor_records(clock: DbClock, handler: FarSideHandler) -> None:
    wanted("A")
    (mine,) = _claim()
    clock.advance(31)
    (theirs,) = _claim(owner="other", group=Group.FELL_ONCE)

    assert mark_intent([mine]) == set()
    assert record(handler, mine, Outcome(OutcomeClass.OK), Next("done"), phase="send", elapsed_ms=1) is False
    assert mark_intent([theirs]) == {theirs.id}
    assert handler.done_ids == []
    assert EffectAttempt.objects.count() == 0
    assert _state("A") == "in_flight"


@pytest.mark.parametrize("reply", ["lost before", "server error", "maybe throttled"])
def test_after_an_unknown_outcome_it_is_looked_for_until_the_settle_time_is_over(
    reply: str, clock: DbClock, handler: FarSideHandler, far_side: FarSide
) -> None:
    wanted("A")
    far_side.replies = [reply]
    _run(handler)

    for _ in range(19):
        clock.advance(1)
        _run(handler)
    assert far_side.written == []
    assert len(far_side.sent) == 1
    for _ in range(40):
        clock.advance(1)
        _run(handler)

    assert far_side.written == ["A"]
    assert _state("A") == "done"


def test_a_write_that_was_lost_on_the_way_back_is_found_and_never_repeated(
    clock: DbClock, handler: FarSideHandler, far_side: FarSide
) -> None:
    wanted("A")
    far_side.replies = ["lost after"]
    _run(handler)

    clock.advance(2)
    _run(handler)

    assert far_side.written == ["A"]
    assert _state("A") == "done"


def test_a_commit_that_comes_late_is_waited_for(clock: DbClock, handler: FarSideHandler, far_side: FarSide) -> None:
    wanted("A")
    far_side.replies = ["late"]
    _run(handler)
    for _ in range(10):
        clock.advance(1)
        _run(handler)
    far_side.commit_late()
    for _ in range(20):
        clock.advance(1)
        _run(handler)

    assert far_side.written == ["A"]
    assert _state("A") == "done"


def test_what_was_not_sent_is_sent_again_without_a_look(
    clock: DbClock, handler: FarSideHandler, far_side: FarSide
) -> None:
    wanted("A")
    far_side.replies = ["not sent"]
    _run(handler)
    assert Effect.objects.get().first_sent_at is None

    clock.advance(10)
    _run(handler)

    assert far_side.looked == []
    assert _state("A") == "done"


def test_throttling_stops_everybody_for_as_long_as_was_said_and_counts_for_nothing(
    clock: DbClock, handler: FarSideHandler, far_side: FarSide
) -> None:
    for key in ("A", "B", "C"):
        wanted(key)
    far_side.replies = ["throttled"]
    _run(handler, limit=1)
    assert Effect.objects.get(business_key="A").attempts == 0

    assert _run(handler) == {}
    clock.advance(29)
    assert _run(handler) == {}
    clock.advance(2)

    assert _run(handler) == {"done": 3}
    assert Breaker.objects.filter(state="open").count() == 0


def test_throttling_blocks_the_bucket_that_the_handler_names(clock: DbClock, far_side: FarSide) -> None:
    ensure_bucket("calls", capacity=10, rate_per_second=10)
    handler = FarSideHandler(far_side, buckets=["calls"])
    wanted("A")
    far_side.replies = ["throttled"]

    _run(handler)

    assert Bucket.objects.get(name="calls").blocked_until is not None


def test_a_refused_key_stops_the_connection_and_one_call_tries_it_again(
    clock: DbClock, handler: FarSideHandler, far_side: FarSide
) -> None:
    for number in range(12):
        wanted(f"A{number}")
    wanted("B", connection="far:TWO")
    far_side.replies = ["auth"]
    _run(handler, limit=1)

    assert _run(handler) == {"done": 1}
    clock.advance(61)
    far_side.replies = ["auth"]
    _run(handler)
    calls_while_refused = len(far_side.sent)
    clock.advance(121)
    _run(handler)

    assert calls_while_refused == 3
    assert Effect.objects.filter(state="done").count() == 13
    assert not Breaker.objects.filter(state="open").exists()


def test_a_breaker_that_has_been_open_long_enough_lets_one_effect_try(clock: DbClock) -> None:
    for number in range(5):
        wanted(f"A{number}")
    open_breaker("conn:far:ONE", 30, "it failed")
    assert _claim() == []
    clock.advance(31)

    assert len(_claim()) == 1
    assert _claim() == []
    clock.advance(PROBE_SECONDS + 1)
    assert len(_claim()) == 1


def test_what_is_there_already_and_equal_is_done_and_what_differs_waits_for_a_person(
    handler: FarSideHandler, far_side: FarSide
) -> None:
    wanted("A")
    far_side.written, far_side.replies = ["A"], ["already"]
    _run(handler)
    wanted("B")
    far_side.written, far_side.replies, far_side.differs = ["A", "B"], ["already"], True
    _run(handler)

    assert (_state("A"), _state("B")) == ("done", "parked")
    assert Effect.objects.get(business_key="B").parked_code == "differs"


def test_a_plain_refusal_waits_for_a_person_and_goes_on_when_one_rearms_it(
    clock: DbClock, handler: FarSideHandler, far_side: FarSide
) -> None:
    effect = wanted("A")
    far_side.replies = ["refused"]
    _run(handler)
    assert _state("A") == "parked"

    assert rearm(effect_ids=[effect.id], by=None, note="mended") == 1
    clock.advance(30)
    _run(handler)

    assert _state("A") == "done"
    assert handler.parked_codes == ["http.422"]


def test_a_batch_that_is_refused_as_a_whole_is_halved_until_the_bad_row_is_alone(
    handler: FarSideHandler, far_side: FarSide
) -> None:
    for number in range(8):
        wanted(f"A{number}")
    far_side.spoilt = frozenset({"A5"})

    counts = _run(handler)

    assert counts == {"done": 7, "parked": 1}
    assert sorted(far_side.written) == sorted(f"A{n}" for n in range(8) if n != 5)
    assert _state("A5") == "parked"


def test_a_bug_is_tried_alone_and_waits_for_a_person_after_five_times(
    clock: DbClock, handler: FarSideHandler, far_side: FarSide
) -> None:
    wanted("A")
    wanted("B")
    far_side.replies, far_side.looks = ["bug"], ["bug"] * 10
    _run(handler)
    wanted("C")
    for _ in range(60):
        clock.advance(30)
        _run(handler)

    assert _state("C") == "done"
    assert EffectAttempt.objects.filter(effect__business_key="A", outcome_class="bug").count() == MAX_BUGS
    assert _state("A") == _state("B") == "parked"
    assert "PoisonError" in Effect.objects.get(business_key="A").last_error


def test_what_kills_its_worker_three_times_is_parked_and_takes_no_other_along(
    clock: DbClock, handler: FarSideHandler, far_side: FarSide
) -> None:
    for number in range(10):
        wanted(f"A{number}")
    assert len(_claim()) == 10
    clock.advance(31)
    wanted("sound")
    assert [one.business_key for one in _claim()] == ["sound"]
    assert len(_claim(group=Group.FELL_ONCE)) == 8
    clock.advance(31)

    for _ in range(MAX_CRASHES - 2):
        assert [one.business_key for one in _claim(group=Group.SUSPECT)] == ["A0"]
        clock.advance(31)
    _run(handler)

    assert _state("A0") == "parked"
    assert Effect.objects.get(business_key="A0").parked_code == "crashed"
    assert Effect.objects.filter(state="done").count() == 10


def test_without_a_token_it_waits_and_the_attempt_does_not_count(clock: DbClock, far_side: FarSide) -> None:
    ensure_bucket("calls", capacity=1, rate_per_second=0.1)
    handler = FarSideHandler(far_side, buckets=["calls"])
    handler.batch_size = 1
    wanted("A")
    wanted("B")

    counts = _run(handler)

    assert counts == {"done": 1, "ready": 1}
    assert Effect.objects.get(business_key="B").attempts == 0
    clock.advance(11)
    assert _run(handler) == {"done": 1}


def test_what_was_looked_up_and_is_not_there_is_sent_although_the_look_took_the_last_token(
    clock: DbClock, far_side: FarSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.effects.sending.time.sleep", clock.advance)
    ensure_bucket("calls", capacity=1, rate_per_second=0.6)
    handler = FarSideHandler(far_side, buckets=["calls"])
    for key in "ABCD":
        wanted(key)
    far_side.replies = ["lost before"]
    _run(handler)
    clock.advance(handler.settle_seconds + 1)

    for _ in range(12):
        clock.advance(2)
        _run(handler)

    assert sorted(far_side.written) == ["A", "B", "C", "D"]


def test_consequences_that_cannot_be_written_leave_it_unknown_and_then_to_a_person(
    clock: DbClock, handler: FarSideHandler, far_side: FarSide
) -> None:
    wanted("A")
    handler.breaks_on_done = True
    _run(handler)
    assert _state("A") == "unknown"

    for _ in range(30):
        clock.advance(60)
        _run(handler)

    assert far_side.written == ["A"]
    assert _state("A") == "parked"


def test_words_that_a_database_cannot_hold_do_not_stop_an_effect(handler: FarSideHandler) -> None:
    wanted("A")
    (effect,) = _claim()
    outcome = Outcome(OutcomeClass.PERMANENT, "bad\x00", "nul \x00 and half \ud800", result={"x": "\x00"})

    assert record(handler, effect, outcome, Next("parked"), phase="send", elapsed_ms=1)

    assert "\x00" not in Effect.objects.get().last_error


def test_only_what_was_never_sent_can_be_withdrawn(handler: FarSideHandler, far_side: FarSide) -> None:
    unsent, sent = wanted("A"), wanted("B")
    Effect.objects.filter(id=sent.id).update(first_sent_at=sent.created_at)

    assert cancel_effect(effect_id=unsent.id, note="not needed")
    assert not cancel_effect(effect_id=sent.id, note="too late")
    _run(handler)

    assert far_side.written == ["B"]


def test_a_run_ends_with_its_limit(handler: FarSideHandler) -> None:
    for number in range(25):
        wanted(f"A{number:02d}")

    assert _run(handler, limit=15) == {"done": 15}
    assert Effect.objects.filter(state="ready").count() == 10


def test_one_failed_call_counts_once_against_its_connection_however_many_effects_it_carried(
    handler: FarSideHandler, far_side: FarSide
) -> None:
    for number in range(10):
        wanted(f"A{number}")
    far_side.replies = ["lost before"]

    _run(handler, limit=10)

    assert Breaker.objects.get().failures == 1
