"""Turns a channel or warehouse row into a configured client, and keeps the record of what it said on the wire."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

import httpx

from core.http import Call
from core.models import CallLog
from integration.deposco.client import DeposcoClient
from integration.deposco.port import WmsPort
from integration.deposco.profile import CAPABILITIES, Profile, default_v1_profile
from integration.deposco.tenant import TenantClient
from integration.deposco.v2.client import DeposcoV2Client
from integration.deposco.v2.tokens import client_of
from integration.mirakl.client import MiraklClient
from integration.models import Channel, Warehouse
from integration.pace import Pace, away_from_database

TransportFactory = Callable[[str], httpx.BaseTransport | None]


def _no_transport(_connection: str) -> httpx.BaseTransport | None:
    return None


_served: ContextVar[int | None] = ContextVar("served_effect", default=None)


@contextmanager
def serving(effect_id: int) -> Iterator[None]:
    """Say that the calls made inside, on this thread, serve this effect: its order's passport shows them.

    Such a thread may be one of many, so nothing in here touches the database.
    """
    token, away = _served.set(effect_id), away_from_database.set(True)
    try:
        yield
    finally:
        away_from_database.reset(away)
        _served.reset(token)


@dataclass
class CallRecorder:
    """Collects the redacted calls of one client, from any thread, until `flush` writes them in one statement."""

    connection: str
    calls: list[tuple[Call, int | None]] = field(default_factory=list)

    def __call__(self, call: Call) -> None:
        """Keep the call, and the effect it serves, until the next flush."""
        self.calls.append((call, _served.get()))

    def flush(self, effect_id: int | None = None) -> None:
        """Write what was collected; `effect_id` is for calls that were not made while `serving` one.

        Must run on the thread that owns the database connection.
        """
        waiting, self.calls = self.calls, []
        CallLog.objects.bulk_create(
            CallLog(
                connection=self.connection,
                operation=call.operation,
                method=call.method,
                path=call.path,
                status=call.status,
                started_at=call.started_at,
                elapsed_ms=call.elapsed_ms,
                request_excerpt=call.request_excerpt,
                response_excerpt=call.response_excerpt,
                error=call.error or "",
                effect_id=served or effect_id,
            )
            for call, served in waiting
        )


@dataclass
class _Cache:
    """One client per connection and process, made on first use (so never before a fork)."""

    factory: TransportFactory = _no_transport
    mirakl: dict[str, tuple[MiraklClient, CallRecorder]] = field(default_factory=dict)
    deposco: dict[str, tuple[WmsPort, CallRecorder]] = field(default_factory=dict)

    def clear(self) -> None:
        """Forget every client; the next use makes new ones."""
        for mirakl, _ in self.mirakl.values():
            mirakl.close()
        for deposco, _ in self.deposco.values():
            deposco.close()
        self.mirakl.clear()
        self.deposco.clear()


_cache = _Cache()


@contextmanager
def transports(factory: TransportFactory) -> Iterator[None]:
    """Give every client made inside the block the transport that `factory(connection)` returns. For tests."""
    before = _cache.factory
    _cache.clear()
    _cache.factory = factory
    try:
        yield
    finally:
        _cache.clear()
        _cache.factory = before


def _key(*parts: object) -> str:
    return hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).hexdigest()


def mirakl_for(channel: Channel) -> tuple[MiraklClient, CallRecorder]:
    """The client of the channel's shop, and its recorder. A changed key or address makes a new client."""
    key = _key(channel.code, channel.url, channel.api_key, channel.shop_id)
    if key not in _cache.mirakl:
        recorder = CallRecorder(channel.connection)
        client = MiraklClient(
            channel.url,
            channel.api_key,
            shop_id=channel.shop_id,
            transport=_cache.factory(channel.connection),
            on_call=recorder,
        )
        _cache.mirakl[key] = (client, recorder)
    return _cache.mirakl[key]


def deposco_for(warehouse: Warehouse) -> tuple[WmsPort, CallRecorder]:
    """The client of the tenant, with its profile, and its recorder."""
    key = _key(
        warehouse.code,
        warehouse.url,
        warehouse.tenant_code,
        warehouse.business_unit,
        warehouse.username,
        warehouse.password,
        warehouse.client_id,
        warehouse.client_secret,
        warehouse.profile,
    )
    if key not in _cache.deposco:
        profile = profile_of(warehouse)
        recorder = CallRecorder(warehouse.connection)
        spoken = {profile.speaks(name) for name in CAPABILITIES}
        v1 = _v1_client(warehouse, profile, recorder) if "v1" in spoken else None
        v2 = _v2_client(warehouse, profile, recorder, is_alone=v1 is None) if "v2" in spoken else None
        _cache.deposco[key] = (TenantClient(profile, v1=v1, v2=v2), recorder)
    return _cache.deposco[key]


def _v1_client(warehouse: Warehouse, profile: Profile, recorder: CallRecorder) -> DeposcoClient:
    return DeposcoClient(
        warehouse.url,
        warehouse.tenant_code,
        warehouse.business_unit,
        warehouse.username,
        warehouse.password,
        profile=profile,
        transport=_cache.factory(warehouse.connection),
        on_call=recorder,
    )


def _v2_client(warehouse: Warehouse, profile: Profile, recorder: CallRecorder, *, is_alone: bool) -> DeposcoV2Client:
    """V2 alone has its client in the user's place; beside V1 it may have one of its own."""
    own = (warehouse.client_id, warehouse.client_secret)
    shared = (warehouse.username, warehouse.password)
    return DeposcoV2Client(
        warehouse.url,
        warehouse.tenant_code,
        warehouse.business_unit,
        client_of(*(shared if is_alone or not all(own) else own)),
        profile=profile,
        transport=_cache.factory(warehouse.connection),
        on_call=recorder,
        pace=Pace(f"{warehouse.connection}:calls", profile.transport.rate_per_second),
    )


def profile_of(warehouse: Warehouse) -> Profile:
    """The tenant profile as stored, or the plain one where none was stored yet."""
    return Profile.model_validate(warehouse.profile) if warehouse.profile else default_v1_profile()
