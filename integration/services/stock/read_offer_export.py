"""Asks a shop for an export of its offers (OF52), looks how far it is (OF53) and sets its files aside (OF54)."""

from collections.abc import Callable, Generator
from contextlib import closing
from datetime import datetime, timedelta
from typing import Final

from core.clock import db_now
from core.http import UnknownOutcomeError
from core.limits import ensure_bucket, take
from integration.mirakl.client import MiraklClient
from integration.models import Channel, FeedCursor
from integration.services.keep_unreadable import Unreadable
from integration.services.read_patiently import read_patiently
from integration.services.stock.read_offer_pages import Listing, keep_what_is_unreadable
from integration.services.stock.stage_offers import StagedOffer, count_staged, drop_staged, from_export, stage_offers

CHANGES_PERIOD, FULL_PERIOD, LOOK_PERIOD = 60.5, 86_400.0, 10.2
# Two clocks may differ, and an export may be cut a moment before it was asked for.
OVERLAP: Final = timedelta(minutes=10)
# An export that is not there by then never comes.
PATIENCE: Final = timedelta(hours=2)
MOST_KEPT: Final = 20
# What is fetched anew when a file breaks off, and stored in one statement.
CHUNK = 100_000


def ask_for_export(*, channel: Channel, client: MiraklClient, cursor: FeedCursor, is_full: bool) -> bool:
    """Ask for all offers, or those that changed since the last reading; False when it is not time to ask.

    The cursor knows the export from then on. Mirakl answers a repeated question with the export there is.
    """
    name = f"{channel.connection}:offers_{'full' if is_full else 'changes'}"
    ensure_bucket(name, capacity=1, rate_per_second=1 / (FULL_PERIOD if is_full else CHANGES_PERIOD))
    ensure_bucket(f"{channel.connection}:offers_look", capacity=1, rate_per_second=1 / LOOK_PERIOD)
    if take(name) > 0:
        return False
    began = db_now()
    since = None if is_full or cursor.watermark is None else cursor.watermark - OVERLAP
    tracking = client.request_offer_export(
        last_request_date=since, include_inactive=since is None, items_per_chunk=CHUNK
    )
    _keep(
        cursor,
        {"tracking": tracking, "began": began.isoformat(), "is_full": since is None, "next": 0, "rows": 0, "staged": 0},
    )
    return True


def fetch_export(
    *, channel: Channel, client: MiraklClient, cursor: FeedCursor, heartbeat: Callable[[], None]
) -> Listing | None:
    """Go on with the export of the cursor; the listing when all of it is set aside, else None.

    Files that were set aside are not fetched again after a break. Raises the errors of core.http, and
    UnknownOutcomeError when the export failed at Mirakl or never came: the cursor has forgotten it then.
    """
    export = cursor.memory["export"]
    began = datetime.fromisoformat(export["began"])
    if "urls" not in export:
        urls = _look(channel, client, cursor, began)
        if urls is None:
            return None
        drop_staged(channel=channel)
        export = {**export, "urls": urls}
        _keep(cursor, export)
    for part in range(export["next"], len(export["urls"])):
        rows, staged = _stage_file(channel, client, export["urls"][part], part, export, heartbeat)
        export = {**export, "next": part + 1, "rows": export["rows"] + rows, "staged": export["staged"] + staged}
        _keep(cursor, export)
    if count_staged(channel=channel) != export["staged"]:
        # What was set aside is not written for ever: after a crash of the database it is fetched again.
        _keep(cursor, {**export, "next": 0, "rows": 0, "staged": 0})
        return None
    unreadable = export.get("unreadable", 0)
    if not unreadable:
        keep_what_is_unreadable(channel=channel, records=[])
    return Listing(
        began=began,
        rows=export["rows"],
        unreadable=unreadable,
        names_all=export["is_full"],
        is_whole=export["is_full"] and not unreadable,
    )


def _look(channel: Channel, client: MiraklClient, cursor: FeedCursor, began: datetime) -> list[str] | None:
    if take(f"{channel.connection}:offers_look") > 0:
        return None
    tracking = cursor.memory["export"]["tracking"]
    state = read_patiently(lambda: client.offer_export_status(tracking), may_repeat=False)
    if state.is_complete:
        return list(state.urls)
    if state.is_failed or db_now() - began > PATIENCE:
        _keep(cursor, None)
        message = f"The export of offers did not come: {state.error or state.status}"
        raise UnknownOutcomeError(message)
    return None


def _stage_file(
    channel: Channel,
    client: MiraklClient,
    url: str,
    part: int,
    export: dict[str, object],
    heartbeat: Callable[[], None],
) -> tuple[int, int]:
    """Set one file aside; how many offers it tells, and how many of them are ours.

    A file that breaks off half-way is set aside anew, from its beginning.
    """
    drop_staged(channel=channel, part=part)
    bad: list[Unreadable] = []
    count = 0

    def readable() -> Generator[StagedOffer]:
        nonlocal count
        for row in client.offer_export_chunk(url):
            if row.problem:
                bad.append(Unreadable("", {"file": part, "problem": row.problem}, row.problem))
                continue
            count += 1
            if offer := from_export(row):
                yield offer

    # Closed whatever happens: a file that is not read to its end holds its connection.
    with closing(readable()) as rows:
        staged = stage_offers(channel=channel, part=part, offers=rows, heartbeat=heartbeat)
    if bad:
        keep_what_is_unreadable(channel=channel, records=bad[:MOST_KEPT])
        export["unreadable"] = int(str(export.get("unreadable", 0))) + len(bad)
    return count, staged


def _keep(cursor: FeedCursor, export: dict[str, object] | None) -> None:
    cursor.memory = {key: value for key, value in {**cursor.memory, "export": export}.items() if value is not None}
    cursor.save(update_fields=["memory"])
