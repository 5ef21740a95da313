from core.models import CallLog, Effect
from tests.db.house import House


def test_each_call_of_a_batch_is_kept_with_the_order_it_was_made_for(north: House) -> None:
    placed = [north.place() for _ in range(3)]
    north.poll()

    north.accept()

    effects = Effect.objects.filter(kind="mirakl.accept")
    calls = {call.effect_id: call.path.split("?")[0] for call in CallLog.objects.filter(operation="OR21")}
    assert calls == {effect.pk: f"/mirakl/north/api/orders/{effect.business_key}/accept" for effect in effects}
    assert len(calls) == len(placed)


def test_a_call_that_no_effect_asked_for_belongs_to_none(north: House) -> None:
    north.place()

    north.poll()

    assert set(CallLog.objects.filter(operation="OR11").values_list("effect_id", flat=True)) == {None}
