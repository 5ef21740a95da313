"""The buffer simulator: what a rule would have oversold and withheld on past days, beside the rules of today."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from core.clock import db_now
from core.permissions import EDIT_STOCK_RULES, VIEW_OPERATIONS, page
from integration.domain.stock import NumberRules
from integration.errors import InvalidInputError
from integration.services.stock.simulate_rule import SimulatedOffer, Simulation, simulate_rule
from integration.web.maps.words import add_problems
from integration.web.stock.simulator_chart import simulator_chart, week_words
from integration.web.stock.simulator_form import SimulatorForm

# With more scopes than so many, people are better off with a tag.
LINKS_SHOWN: Final = 12
OFFERS_SHOWN: Final = 25
SINGLE: Final = ("floor", "cap", "share", "pack")


@dataclass(frozen=True)
class ApplyLink:
    """The way to one rule of the candidate, filled in."""

    address: str
    words: str


@page(VIEW_OPERATIONS)
@require_safe
def simulator(request: HttpRequest) -> HttpResponse:
    """The form, and once it is filled in the result."""
    # An address may fill in a part of the form: that asks nothing yet.
    is_asked = "days" in request.GET
    form = SimulatorForm(request.GET) if is_asked else SimulatorForm(initial=request.GET.dict())
    simulation = None
    if form.is_bound and form.is_valid():
        try:
            simulation = simulate_rule(
                channel=form.cleaned_data["channel"],
                chosen=form.chosen,
                candidate=form.candidate,
                days=form.cleaned_data["days"],
                lag=form.lag_time,
                now=db_now(),
            )
        except InvalidInputError as error:
            add_problems(form, error, otherwise=None)
    context: dict[str, Any] = {"tab": "simulator", "form": form}
    context["has_channels"] = form.fields["channel"].queryset.exists()  # type: ignore[attr-defined]
    if simulation is not None:
        links = list(_links(form.cleaned_data, simulation))
        context |= {
            "simulation": simulation,
            "chart": simulator_chart(simulation.replay),
            "weeks": week_words(simulation.replay),
            "offers": sorted(simulation.offers, key=_weight, reverse=True)[:OFFERS_SHOWN],
            "today_words": _rules_words({offer.today for offer in simulation.offers}),
            "candidate_words": _rules_words({offer.candidate for offer in simulation.offers}),
            "links": links[:LINKS_SHOWN],
            "links_hidden": max(0, len(links) - LINKS_SHOWN),
            "may_edit": request.user.has_perm(EDIT_STOCK_RULES),
        }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "integration/stock/simulator.html", context, status=status)


def _weight(offer: SimulatedOffer) -> tuple[int, int]:
    total = offer.replay.total
    moved = abs(total.today.oversold - total.candidate.oversold) + abs(total.today.withheld - total.candidate.withheld)
    return moved, total.demand


def _links(data: Mapping[str, Any], simulation: Simulation) -> Iterator[ApplyLink]:
    """One for each aspect and scope: a rule sets one aspect, for one item, SKU or tag."""
    scopes = [("item", item) for item in data["items"]] + [("offer_sku", sku) for sku in data["offer_skus"]]
    scopes = [("tag", data["tag"].strip())] * bool(data["tag"].strip()) + scopes
    known = {offer.offer_sku for offer in simulation.offers}
    for field, value in scopes:
        if field == "offer_sku" and value not in known:
            continue
        for aspect, values, words in _aspects(data):
            query = {"aspect": aspect, "channel": data["channel"].code, field: value, **values}
            scope = {"item": "item", "offer_sku": "offer", "tag": "tag"}[field]
            yield ApplyLink(f"{reverse('buffer_new')}?{urlencode(query)}", f"{words} for {scope} {value}")


def _aspects(data: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, str], str]]:
    buffer = {name: f"{data[name]}" for name in ("units", "percent") if data[name] is not None}
    if buffer:
        words = {"units": "{} units", "percent": "{} %"}
        yield "buffer", buffer, "Buffer " + " or ".join(words[name].format(value) for name, value in buffer.items())
    for name in SINGLE:
        if data[name] is not None:
            yield name, {"value": str(data[name])}, f"{name.capitalize()} {data[name]}{' %' * (name == 'share')}"


def _rules_words(rules: set[NumberRules]) -> str:
    """What shapes the numbers, where it is the same for all of the offers."""
    if len(rules) > 1:
        return f"{len(rules)} different sets of rules, as each offer has them"
    (one,) = rules
    parts = [f"buffer {one.buffer_units} units" if one.buffer_units else ""]
    parts += [f"buffer {one.buffer_percent.normalize():f} %" if one.buffer_percent else ""]
    parts += [f"floor {one.floor}" if one.floor else "", f"cap {one.cap}" if one.cap is not None else ""]
    parts += [f"share {one.share_percent.normalize():f} %" if one.share_percent != 100 else ""]  # noqa: PLR2004 -- all
    parts += [f"packs of {one.pack_size}" if one.pack_size > 1 else ""]
    return ", ".join(filter(None, parts)) or "nothing is kept back"
