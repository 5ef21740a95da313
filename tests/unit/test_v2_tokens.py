import base64
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from core.http import AuthError, Call, NotSentError, ThrottledError
from integration.deposco.v2.settings import OAuth, V2Settings
from integration.deposco.v2.tokens import Client, Tokens, client_of, token_address

URL = "https://api.wms.example.com"


class Server(httpx.BaseTransport):
    """Gives tokens, numbered, and keeps what was asked."""

    def __init__(self, answer: Callable[[int], httpx.Response] | None = None) -> None:
        self.requests: list[httpx.Request] = []
        self._answer = answer or (lambda at: httpx.Response(200, json={"access_token": f"t{at}", "expires_in": 3600}))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        return self._answer(len(self.requests))

    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.requests[-1].content.decode()).items()}


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def tokens(server: Server, client: Client | None = None, calls: list[Call] | None = None, **oauth: Any) -> Tokens:
    clock = Clock()
    made = Tokens(
        URL,
        client or Client("id", "secret"),
        OAuth(**oauth),
        company="ACME",
        transport=server,
        deadline=5,
        on_call=None if calls is None else calls.append,
        clock=clock,
    )
    made.clock = clock  # type: ignore[attr-defined]
    return made


def test_a_token_is_kept_until_shortly_before_its_end() -> None:
    server = Server()
    made = tokens(server)
    clock: Clock = made.clock  # type: ignore[attr-defined]

    early = made.current()
    clock.now = 3539
    kept = made.current()
    clock.now = 3541
    late = made.current()

    assert (early, kept, late) == ("t1", "t1", "t2")


@pytest.mark.parametrize("told", [None, "soon", -5, 0])
def test_a_life_that_is_not_told_is_taken_to_be_short(told: Any) -> None:
    server = Server(lambda at: httpx.Response(200, json={"access_token": f"t{at}", "expires_in": told}))
    made = tokens(server)
    clock: Clock = made.clock  # type: ignore[attr-defined]

    made.current()
    clock.now = 500
    kept = made.current()
    clock.now = 600

    assert (kept, made.current()) == ("t1", "t2")


def test_a_refused_token_is_replaced_once_however_many_threads_were_refused() -> None:
    server = Server()
    made = tokens(server)
    refused = made.current()
    found: list[str] = []

    threads = [threading.Thread(target=lambda: found.append(made.instead_of(refused))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == ["t2"] * 8
    assert len(server.requests) == 2


def test_client_credentials_go_as_basic_with_scopes_and_company() -> None:
    server = Server()

    tokens(server, env="prod").current()

    head = server.requests[0].headers["authorization"]
    assert base64.b64decode(head.removeprefix("Basic ")).decode() == "id:secret"
    form = server.form()
    assert (form["grant_type"], form["company"], form["env"]) == ("client_credentials", "ACME", "prod")
    assert {"salesOrders/read", "salesOrders/write", "outboundShipments/read"} <= set(form["scope"].split())
    # A business unit breaks the grant.
    assert "businessUnitId" not in form
    assert "secret" not in server.requests[0].content.decode()


def test_a_refresh_token_behind_the_secret_is_used_with_the_client_in_the_body() -> None:
    server = Server()

    tokens(server, client_of("id", "secret\n refresh ")).current()

    assert server.form() == {
        "grant_type": "refresh_token",
        "refresh_token": "refresh",
        "client_id": "id",
        "client_secret": "secret",
    }
    assert "authorization" not in server.requests[0].headers


def test_where_a_client_is_named_may_be_said_by_the_profile() -> None:
    server = Server()

    tokens(server, client_of("id", "secret refresh"), credentials_in="basic").current()

    assert set(server.form()) == {"grant_type", "refresh_token"}
    assert server.requests[0].headers["authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    ("url", "told", "address"),
    [
        ("https://api.wms.example.com", "", "https://auth.wms.example.com/oauth2/token"),
        ("https://wms.example.com/", "", "https://wms.example.com/oauth2/token"),
        ("http://127.0.0.1:1/deposco", "", "http://127.0.0.1:1/deposco/oauth2/token"),
        (URL, "https://login.example.com/token", "https://login.example.com/token"),
    ],
)
def test_where_tokens_are_given_follows_from_the_address_unless_it_is_told(url: str, told: str, address: str) -> None:
    assert token_address(url, told) == address


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_client_that_is_refused_is_a_refused_key_whatever_the_status(status: int) -> None:
    made = tokens(Server(lambda _at: httpx.Response(status, json={"error": "invalid_client"})))

    with pytest.raises(AuthError):
        made.current()


def test_throttling_is_told_as_it_is() -> None:
    made = tokens(Server(lambda _at: httpx.Response(429, headers={"retry-after": "7"})))

    with pytest.raises(ThrottledError) as caught:
        made.current()

    assert caught.value.retry_after == 7


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(302),
        httpx.Response(200, text="<html>"),
        httpx.Response(200),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"access_token": ""}),
        httpx.Response(200, json={"access_token": "two\nlines"}),
        httpx.Response(200, json={"access_token": 5}),
    ],
)
def test_whatever_else_goes_wrong_the_call_it_was_for_was_not_sent(answer: httpx.Response) -> None:
    made = tokens(Server(lambda _at: answer))

    with pytest.raises(NotSentError):
        made.current()


@pytest.mark.parametrize("status", [200, 400, 500])
def test_nothing_of_either_body_is_kept(status: int) -> None:
    calls: list[Call] = []
    body = {"access_token": "very-secret-token", "error": "for secret refresh", "expires_in": 60}
    made = tokens(Server(lambda _at: httpx.Response(status, json=body)), client_of("id", "secret refresh"), calls)

    said = ""
    try:
        made.current()
    except (AuthError, NotSentError) as error:
        said = str(error)

    (call,) = calls
    assert "very-secret-token" not in said
    assert (call.operation, call.request_excerpt, call.response_excerpt) == ("v2.token", "", "")
    assert "secret" not in repr(call)
    assert "secret" not in repr(client_of("id", "secret refresh"))


def test_the_beta_server_is_refused_by_the_profile() -> None:
    with pytest.raises(ValueError, match="beta"):
        V2Settings(base="/beta")
