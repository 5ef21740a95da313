"""The look at a shop before an effect is repeated: one question, whose failure is an outcome and never an exception."""

from collections.abc import Callable
from typing import TypeVar

from core.effects import Claimed
from core.outcomes import Outcome
from integration.gateways import mirakl_for
from integration.mirakl.client import MiraklClient
from integration.mirakl.schemas import Order
from integration.services.effects.connections import channels_of, is_paused, paused
from integration.services.effects.fan_out import outcome_of

Answer = TypeVar("Answer")


def ask_shop(effect: Claimed, question: Callable[[MiraklClient], Answer]) -> Answer | Outcome:
    """What the effect's shop answers; an Outcome when it is paused or the look failed. The call is kept with the effect."""
    channel = channels_of([effect]).get(effect.connection)
    if channel is None or is_paused(channel):
        return paused()
    client, recorder = mirakl_for(channel)
    try:
        return question(client)
    except Exception as error:  # noqa: BLE001 -- the classifier knows every kind, our own bugs included
        return outcome_of(error)
    finally:
        recorder.flush(effect.id)


def ask_for_order(effect: Claimed) -> Order | Outcome | None:
    """The effect's order as the shop has it now (OR11 by id); None when it is not listed."""
    order_id = effect.payload["order_id"]
    page = ask_shop(effect, lambda client: client.orders(order_ids=[order_id], max=10))
    if isinstance(page, Outcome):
        return page
    return next((order for order in page.orders if order.order_id == order_id), None)
