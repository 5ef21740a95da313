"""A far side of V2 that answers as a script says, and the documents it answers with."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx

from integration.deposco.profile import Profile, Transport, default_v1_profile
from integration.deposco.v2.client import DeposcoV2Client
from integration.deposco.v2.tokens import Client

PROFILE = default_v1_profile().model_copy(update={"transport": Transport(api="v2")})
START = datetime(2026, 11, 1, 12, tzinfo=UTC)
Json = dict[str, Any]


class Script(httpx.BaseTransport):
    """Answers calls one after another, as they stand in the script."""

    def __init__(self, answers: Sequence[Json | httpx.Response]) -> None:
        self.answers, self.asked = list(answers), list[httpx.URL]()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/oauth2/token"):
            return httpx.Response(200, json={"access_token": "t", "expires_in": 3600})
        self.asked.append(request.url)
        answer = self.answers.pop(0)
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)


def client(*answers: Json | httpx.Response, profile: Profile = PROFILE) -> tuple[DeposcoV2Client, Script]:
    script = Script(answers)
    made = DeposcoV2Client(
        "https://wms.example.com", "ACME", "MAIN", Client("i", "s"), profile=profile, transport=script
    )
    return made, script


def page(*rows: Json, key: str = "", complete: bool | None = None) -> Json:
    links = (
        [{"rel": "next", "href": f"https://elsewhere.example.com/other/path?searchId={key}&pageSize=9"}] if key else []
    )
    return {"data": list(rows), "links": links, "complete": not key if complete is None else complete, "pages": 1}


def order(number: str, **more: Any) -> Json:
    unit = {"businessKey": {"code": "MAIN"}}
    return {
        "self": {"id": 5},
        "number": number,
        "businessUnit": unit,
        "orderStatus": "New",
        "orderLines": page(),
    } | more


def shipment(number: str, **more: Any) -> Json:
    row: Json = {"self": {"id": 9}, "number": number, "status": "Shipped", "trackingUrl": "https://c.example.com/?n="}
    row |= {
        "shipmentDates": {"actualShipDate": "2026-11-01T06:30:00-06:00"},
        "updatedDate": "2026-11-01T06:31:00-06:00",
    }
    return (
        row
        | {"orderHeaders": page({"id": 5}), "shipmentLines": page(line("I1", 1)), "shippedContainers": page()}
        | more
    )


def line(item: str, units: float, customer: str | None = "N-1-1", **more: Any) -> Json:
    details = {"customerLineNumber": customer}
    head: Json = {"number": "9--1", "orderLine": {"id": 501}, "orderLineDetails": details}
    return head | {"item": {"businessKey": {"number": item}}, "shippedPackQuantity": units} | more


def box(lpn: str, tracking: str | None, *items: tuple[str, float], **more: Any) -> Json:
    rows = [{"item": {"businessKey": {"number": item}}, "shippedPackQuantity": units} for item, units in items]
    return {"lpnNumber": lpn, "trackingNumber": tracking, "status": "Shipped", "shippedContainerLines": rows} | more
