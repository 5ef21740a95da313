from datetime import timedelta

import pytest

from core.models import EffectAttempt
from integration.queries.order_passport import stages_of
from integration.queries.order_timeline import EFFECTS, SHOWN, timeline_of
from integration.services.effects import HANDLERS
from tests.web.conftest import SignIn
from tests.web.orders.passports import NOW, make_call, make_effect, make_event, make_order, passport_of

pytestmark = pytest.mark.django_db


def test_the_timeline_holds_events_tries_and_calls_the_newest_first(sign_in: SignIn) -> None:
    order = make_order()
    make_event(order, "It was received", lane="acceptance", at=NOW - timedelta(minutes=2))
    effect = make_effect(order, "mirakl.accept", payload={"lines": ["L1"]})
    EffectAttempt.objects.create(
        effect=effect,
        attempt=1,
        phase="send",
        at=NOW + timedelta(seconds=1),
        outcome_class="permanent",
        code="HTTP 400",
    )
    make_call(effect, status=400, error="StatusError: HTTP 400", response_excerpt='{"message": "<b>no</b>"}')
    make_call(make_effect(make_order(), "mirakl.accept"), error="of another order")

    entries = timeline_of(order).entries
    page = passport_of(sign_in("Warehouse"), order)

    assert [entry.summary for entry in entries] == [
        "Accept at the marketplace, try 1: refused (HTTP 400)",
        "Call OR21 to mirakl:SHOP: StatusError: HTTP 400 after 34 ms",
        "It was received",
    ]
    assert "&quot;message&quot;: &quot;&lt;b&gt;no&lt;/b&gt;&quot;" in page
    assert "PUT /api/orders/1/accept" in page


def test_the_timeline_is_narrowed_by_lane(sign_in: SignIn) -> None:
    order = make_order()
    make_event(order, "Accepted it", lane="acceptance")
    make_event(order, "Imported it", lane="import")
    make_call(make_effect(order, "mirakl.accept"), error="accept call")
    make_call(make_effect(order, "deposco.create_order"), error="create call")
    client = sign_in("Warehouse")

    pages = {lane: passport_of(client, order, f"?lane={lane}") for lane in ("acceptance", "import", "nonsense")}

    told = {
        lane: [words for words in ("Accepted it", "Imported it", "accept call", "create call") if words in page]
        for lane, page in pages.items()
    }
    assert told == {
        "acceptance": ["Accepted it", "accept call"],
        "import": ["Imported it", "create call"],
        "nonsense": ["Accepted it", "Imported it", "accept call", "create call"],
    }


def test_a_long_timeline_says_that_it_is_cut(sign_in: SignIn) -> None:
    order = make_order()
    for n in range(SHOWN + 1):
        make_event(order, f"Event {n}", at=NOW + timedelta(seconds=n))

    page = passport_of(sign_in("Warehouse"), order)

    assert f"Only the newest {SHOWN} are shown" in page
    assert "Event 200" in page
    assert "Event 0<" not in page


def test_every_outward_write_about_an_order_has_its_words_and_its_lane() -> None:
    about_stock = {"mirakl.push_stock"}

    kinds = {handler.kind for handler in HANDLERS}

    assert kinds - about_stock == set(EFFECTS)


def test_stages_say_when_they_were_reached_how_long_they_lasted_and_which_were_late() -> None:
    order = make_order(
        stage="shipped",
        first_seen_at=NOW - timedelta(hours=9),
        acceptance_deadline_at=NOW - timedelta(hours=5),
        accepted_at=NOW - timedelta(hours=8),
        ready_at=NOW - timedelta(hours=6),
        in_wms_at=NOW - timedelta(hours=5),
        shipped_at=NOW - timedelta(hours=2),
        stage_since=NOW - timedelta(hours=2),
        shipping_deadline_at=NOW - timedelta(hours=3),
    )
    make_event(order, "Picking", kind="stage.picking", at=NOW - timedelta(hours=4))

    steps = {step.name: step for step in stages_of(order, NOW)}

    assert list(steps) == [
        "received", "accepted", "ready", "in_wms", "picking", "shipped", "confirmed", "delivered", "settled",
    ]  # fmt: skip
    lasted = {name: step.lasted for name, step in steps.items() if step.lasted is not None}
    assert lasted == {
        "received": timedelta(hours=1),
        "accepted": timedelta(hours=2),
        "ready": timedelta(hours=1),
        "in_wms": timedelta(hours=1),
        "picking": timedelta(hours=2),
        "shipped": timedelta(hours=2),
    }
    assert [name for name, step in steps.items() if step.is_late] == ["shipped"]
    assert [name for name, step in steps.items() if step.is_current] == ["shipped"]
    assert steps["confirmed"].reached_at is None


def test_an_order_that_ended_shows_its_exit_and_no_stage_behind_it() -> None:
    order = make_order(stage="cancelled", ready_at=NOW - timedelta(hours=1), stage_since=NOW, shipping_deadline_at=NOW)

    steps = stages_of(order, NOW + timedelta(hours=5))

    assert [step.name for step in steps] == ["received", "ready", "cancelled"]
    assert [step.is_current for step in steps] == [False, False, True]
    assert not any(step.is_late for step in steps)


@pytest.mark.parametrize(
    ("stage", "deadline", "is_late"),
    [("ready", -1, True), ("ready", 1, False), ("confirmed", -1, False), ("received", -1, False)],
)
def test_a_stage_is_late_while_the_order_stands_in_it_past_the_deadline(
    stage: str, deadline: int, is_late: bool
) -> None:
    order = make_order(stage=stage, stage_since=NOW - timedelta(days=1), shipping_deadline_at=NOW + timedelta(deadline))
    order.confirmed_at = NOW - timedelta(days=2) if stage == "confirmed" else None

    current = next(step for step in stages_of(order, NOW) if step.is_current)

    assert current.is_late is is_late
