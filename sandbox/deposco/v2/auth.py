"""Tokens of V2: given for a client id with its secret, good for a while and for what was asked for."""

import base64
import binascii
from typing import TYPE_CHECKING

from sandbox.deposco.state import Tenant
from sandbox.wire import Request, Response, json_response

if TYPE_CHECKING:
    from sandbox.world import World

REFUSED = 401


def give_token(world: "World", request: Request) -> tuple[Tenant | None, Response]:
    """POST /oauth2/token, by client credentials or by a refresh token; the client in the body or as Basic."""
    form = dict(request.form())
    client = _client(request, form)
    tenant = next((one for one in world.tenants.values() if one.client == client), None)
    if tenant is None:
        return None, _problem("invalid_client", REFUSED)
    if "businessUnitId" in form:
        return tenant, json_response({"errors": [{"errorMessage": "Invalid business unit id"}]}, 400)
    if form.get("company") not in (None, tenant.code):
        return tenant, _problem("invalid_request", 400)
    match form.get("grant_type"):
        case "client_credentials":
            pass
        case "refresh_token":
            if not tenant.refresh_token or form.get("refresh_token") != tenant.refresh_token:
                return tenant, _problem("invalid_grant", 400)
        case _:
            return tenant, _problem("unsupported_grant_type", 400)
    token = f"sandbox-token-{tenant.code}-{next(tenant.token_numbers)}"
    scopes = frozenset(form["scope"].split()) if form.get("scope") else None
    tenant.tokens[token] = (world.clock.seconds() + tenant.token_seconds, scopes)
    return tenant, json_response({"access_token": token, "token_type": "Bearer", "expires_in": tenant.token_seconds})


def bearer(world: "World", request: Request) -> tuple[Tenant, frozenset[str] | None] | None:
    """The tenant of the token that a call carries, and what the token is good for; None when it is no good."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    for tenant in world.tenants.values():
        until, scopes = tenant.tokens.get(token, (0.0, None))
        if scheme.lower() == "bearer" and until > world.clock.seconds():
            return tenant, scopes
    return None


def _client(request: Request, form: dict[str, str]) -> tuple[str, str]:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _, secret = base64.b64decode(value).decode().partition(":")
        except (binascii.Error, ValueError):
            return "", ""
        return name, secret
    return form.get("client_id", ""), form.get("client_secret", "")


def _problem(word: str, status: int) -> Response:
    return json_response({"error": word}, status)
