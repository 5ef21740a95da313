"""ST01: tell Mirakl one parcel, with its carrier, number and lines. Not idempotent there, so it is read before a repeat."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.effects import Claimed, NewEffect, ReadBack, ensure_effects
from core.http import StatusError
from core.outcomes import Outcome, OutcomeClass
from integration.domain.dispatch import match_shipment, st01_shipment
from integration.gateways import mirakl_for
from integration.mirakl.client import MiraklClient
from integration.mirakl.schemas import MiraklShipment
from integration.models import Channel, Parcel
from integration.services.effects.ask_shop import ask_shop
from integration.services.effects.connections import channels_of, sendable
from integration.services.effects.fan_out import outcome_of
from integration.services.effects.record_confirmation import record_confirmation, record_refusal

NOT_FOUND = 404
SHIP_KIND = "mirakl.ship_shipment"
# A shipment of Mirakl that was made and has not left.
UNSHIPPED = "SHIPPING"


class ConfirmParcel:
    """Many parcels per request; the answer holds successes and errors by order."""

    kind = "mirakl.confirm_parcel"
    batch_size = 50
    settle_seconds = 45.0
    lease_seconds = 30

    def limits(self, batch: Sequence[Claimed]) -> Sequence[str]:
        """No published limit: ST01 is called on event."""
        return ()

    def send(self, batch: Sequence[Claimed]) -> Mapping[int, Outcome]:
        """One request per shop; an order's parcels go in several requests, as errors name only the order."""
        channels = channels_of(batch)
        sent, outcomes = sendable(batch, channels, lane="dispatch")
        for connection, channel in channels.items():
            waiting = [effect for effect in sent if effect.connection == connection]
            while waiting:
                taken: dict[str, Claimed] = {}
                for effect in waiting:
                    taken.setdefault(effect.payload["order_id"], effect)
                outcomes |= _send_round(channel, list(taken.values()))
                waiting = [effect for effect in waiting if effect.id not in outcomes]
        return outcomes

    def read_back(self, effect: Claimed) -> ReadBack | Outcome:
        """ST11 by order: is there a shipment with our name, this number and these quantities, and has it been shipped?"""
        shipments = ask_shop(effect, lambda client: _listed(client, effect.payload["order_id"]))
        if isinstance(shipments, Outcome):
            return shipments
        mine = effect.payload["parcels"]
        others = set(
            Parcel.objects.filter(order_id=effect.subject)
            .exclude(mirakl_shipment_id="")
            .exclude(id__in=mine)
            .values_list("mirakl_shipment_id", flat=True)
        )
        found = match_shipment(effect.payload, shipments, others=others)
        if found is None:
            return ReadBack(found=False)
        return ReadBack(
            found=True,
            result={"shipment_ids": {str(mine[0]): found.id}, "to_ship": found.id if found.status == UNSHIPPED else ""},
        )

    def done(self, effect: Claimed, result: Mapping[str, Any]) -> None:
        """The parcel is confirmed; the order too, when nothing is left.

        Where the feature turned out to be off, the shop is switched to whole orders and the parcel planned anew.
        """
        if result.get("no_multi_shipment"):
            Channel.objects.filter(code=effect.connection.removeprefix("mirakl:")).update(multi_shipment=False)
            Parcel.objects.filter(id__in=effect.payload["parcels"], state="sending").update(state="new")
            return
        if result.get("to_ship"):
            ensure_effects([_ship_effect(effect, str(result["to_ship"]))])
        record_confirmation(effect=effect, shipment_ids=result.get("shipment_ids", {}))

    def parked(self, effect: Claimed, outcome: Outcome) -> None:
        """Mirakl refused the parcel."""
        record_refusal(effect=effect, outcome=outcome)


def _send_round(channel: Channel, batch: Sequence[Claimed]) -> dict[int, Outcome]:
    client, recorder = mirakl_for(channel)
    try:
        answer = client.create_shipments([st01_shipment(effect.payload) for effect in batch])
    except Exception as error:  # noqa: BLE001 -- the classifier knows every kind, our own bugs included
        if isinstance(error, StatusError) and error.status == NOT_FOUND:
            outcome = Outcome(OutcomeClass.OK, "mirakl.no_multi_shipment", result={"no_multi_shipment": True})
        else:
            outcome = outcome_of(error)
        return {effect.id: outcome for effect in batch}
    finally:
        recorder.flush(batch[0].id if len(batch) == 1 else None)
    done = {shipment.order_id: shipment for shipment in answer.successes}
    refused = {error.order_id: error.message for error in answer.errors}
    outcomes = {}
    for effect in batch:
        order_id = effect.payload["order_id"]
        if order_id in done:
            made = done[order_id]
            result = {
                "shipment_ids": {str(effect.payload["parcels"][0]): made.id},
                "to_ship": made.id if made.status == UNSHIPPED else "",
            }
            outcomes[effect.id] = Outcome(OutcomeClass.OK, result=result)
        elif order_id in refused:
            # It may be refused because an earlier attempt of ours, or a person, had confirmed it: read before judging.
            outcomes[effect.id] = Outcome(OutcomeClass.ALREADY, "mirakl.shipment_refused", refused[order_id] or "")
        else:
            outcomes[effect.id] = Outcome(
                OutcomeClass.UNKNOWN, "mirakl.no_result", "The answer does not name the order"
            )
    return outcomes


def _listed(client: MiraklClient, order_id: str) -> Sequence[MiraklShipment]:
    """The order's shipments; none where the shop has no such page, as without multi-shipment."""
    try:
        return client.shipments_of_order(order_id)
    except StatusError as error:
        if error.status == NOT_FOUND:
            return ()
        raise


def _ship_effect(effect: Claimed, shipment_id: str) -> NewEffect:
    """The shipment is there and not shipped, as when a person made it by hand: ship it (ST24)."""
    return NewEffect(
        kind=SHIP_KIND,
        connection=effect.connection,
        business_key=f"{effect.payload['order_id']}:{shipment_id}",
        subject_id=effect.subject_id,
        deadline_at=effect.deadline_at,
        payload={"order_id": effect.payload["order_id"], "shipment_id": shipment_id},
    )
