"""Bearer tokens: got once, kept until shortly before their end, got anew when one is refused, and written nowhere."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit, urlunsplit

import httpx

from core.http import AuthError, Call, HttpClient, HttpError, NotSentError, StatusError, ThrottledError
from integration.deposco.v2.settings import OAuth

OPERATION = "v2.token"
PATH = "/oauth2/token"
# A token that has less left than this is not begun with.
SPARE_SECONDS = 60.0
UNTOLD_SECONDS = 600.0
CLIENT_ERROR = range(400, 500)


@dataclass(frozen=True)
class Client:
    """Who asks for tokens. A refresh token comes with an application that a user of Deposco installed."""

    id: str
    secret: str
    refresh_token: str = ""

    def __repr__(self) -> str:
        """The id alone."""
        return f"Client({self.id!r})"


def client_of(identity: str, secret: str) -> Client:
    """The client of a stored pair; behind the secret, after a blank or a line end, may stand its refresh token."""
    parts = secret.split(maxsplit=1)
    own, refresh = (parts[0], parts[1:]) if parts else ("", [])
    return Client(identity, own, refresh[0].strip() if refresh else "")


def token_address(url: str, told: str = "") -> str:
    """Where tokens are given: as told; else beside the API's host (api.example.com, auth.example.com); else below it."""
    if told:
        return told
    parts = urlsplit(url)
    if parts.netloc.startswith("api."):
        return urlunsplit((parts.scheme, f"auth.{parts.netloc.removeprefix('api.')}", PATH, "", ""))
    return f"{url.rstrip('/')}{PATH}"


class Tokens:
    """The token of one client in this process. Safe to use from several threads."""

    def __init__(
        self,
        url: str,
        client: Client,
        oauth: OAuth,
        *,
        company: str,
        transport: httpx.BaseTransport | None,
        deadline: float,
        on_call: Callable[[Call], None] | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client, self._oauth, self._company, self._clock = client, oauth, company, clock
        parts = urlsplit(token_address(url, oauth.token_url))
        self._path = parts.path
        self._http = HttpClient(
            f"{parts.scheme}://{parts.netloc}",
            headers={"Accept": "application/json"},
            transport=transport,
            deadline=deadline,
            # Of these calls nothing is kept but that they were made: both bodies open the door.
            on_call=None if on_call is None else lambda call: on_call(_bare(call)),
        )
        self._lock = threading.Lock()
        self._token, self._until = "", 0.0

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def current(self) -> str:
        """A token that is good for a while.

        Raises AuthError when the client is refused, ThrottledError, and NotSentError for whatever else went wrong: the
        call that the token was wanted for was not made.
        """
        with self._lock:
            if not self._token or self._clock() >= self._until:
                self._fetch()
            return self._token

    def instead_of(self, refused: str) -> str:
        """Another token than one that was refused; only the first of several threads that were refused asks for it."""
        with self._lock:
            if self._token == refused:
                self._fetch()
            return self._token

    def _fetch(self) -> None:
        self._token, self._until = "", 0.0
        try:
            body = self._http.request(OPERATION, "POST", self._path, form=self._form(), headers=self._basic()).json()
        except (AuthError, ThrottledError, NotSentError):
            raise
        except StatusError as error:
            if error.status in CLIENT_ERROR:
                # OAuth refuses a client by 400 as well.
                raise AuthError(error.status, error.body, error.headers) from error
            message = f"not sent: no token was given (HTTP {error.status})"
            raise NotSentError(message) from error
        except HttpError as error:
            message = "not sent: no token was given, its answer was lost or unreadable"
            raise NotSentError(message) from error
        token = body.get("access_token") if isinstance(body, dict) else None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
            message = "not sent: the answer holds no token"
            raise NotSentError(message)
        life = _seconds(body.get("expires_in"))
        self._token, self._until = token, self._clock() + life - min(SPARE_SECONDS, life / 2)

    @property
    def _grant(self) -> str:
        return self._oauth.grant or ("refresh_token" if self._client.refresh_token else "client_credentials")

    def _is_basic(self) -> bool:
        told = self._oauth.credentials_in
        return told == "basic" if told else self._grant == "client_credentials"

    def _form(self) -> dict[str, str]:
        form = {"grant_type": self._grant}
        if self._grant == "refresh_token":
            form["refresh_token"] = self._client.refresh_token
        else:
            form |= {"scope": " ".join(self._oauth.scopes), "env": self._oauth.env}
            form["company"] = self._oauth.company or self._company
        if not self._is_basic():
            form |= {"client_id": self._client.id, "client_secret": self._client.secret}
        return {name: value for name, value in form.items() if value}

    def _basic(self) -> dict[str, str]:
        if not self._is_basic():
            return {}
        request = httpx.Request("POST", "https://localhost")
        flow = httpx.BasicAuth(self._client.id, self._client.secret).auth_flow(request)
        return {"Authorization": next(flow).headers["Authorization"]}


def _bare(call: Call) -> Call:
    error = None if call.error is None else call.error.partition(":")[0]
    return replace(call, request_excerpt="", response_excerpt="", error=error)


def _seconds(told: object) -> float:
    try:
        life = float(str(told))
    except ValueError:
        return UNTOLD_SECONDS
    return life if 0 < life < float("inf") else UNTOLD_SECONDS
