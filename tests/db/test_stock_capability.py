"""What facilities can keep and channels promise: checked, audited, and followed by the numbers."""

from dataclasses import replace
from datetime import date, time

import pytest

from core.models import AuditEntry
from integration.errors import InvalidInputError
from integration.models import Channel, ChannelFacility, ChannelStock, Facility
from integration.services.stock.set_capability import (
    Capability,
    ChannelTerms,
    set_channel_terms,
    set_facility_capability,
    set_warehouse_code,
)
from tests.factories.lanes import ChannelFactory

GOOD = Capability("Europe/Paris", time(14, 0), 4, (5, 1, 1), (date(2026, 12, 25),), True)
TERMS = ChannelTerms(24, True, "Europe/Paris", 30, 60, 50_000, ",")


@pytest.fixture
def channel() -> Channel:
    row: Channel = ChannelFactory.create(code="EU")
    return row


@pytest.fixture
def facility(channel: Channel) -> Facility:
    assert channel.warehouse is not None
    return Facility.objects.create(warehouse=channel.warehouse, number="LVL", name="Level Street")


def is_asked(channel: Channel) -> bool:
    return ChannelStock.objects.get(channel=channel).recompute_asked_at is not None


@pytest.mark.django_db
def test_what_a_facility_can_keep_is_stored_and_its_channels_follow(channel: Channel, facility: Facility) -> None:
    set_facility_capability(facility=facility, capability=GOOD, by=None)

    facility.refresh_from_db()
    assert (facility.cut_off, facility.working_days, facility.holidays) == (time(14, 0), [1, 5], [date(2026, 12, 25)])
    assert is_asked(channel)
    assert AuditEntry.objects.filter(action="facility.capability", after__cut_off="14:00").count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("bad", "field"),
    [
        (replace(GOOD, time_zone="Mars/Base"), "time_zone"),
        (replace(GOOD, handling_hours=-1), "handling_hours"),
        (replace(GOOD, working_days=(0, 8)), "working_days"),
    ],
)
def test_what_no_facility_can_keep_is_refused(
    channel: Channel, facility: Facility, bad: Capability, field: str
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        set_facility_capability(facility=facility, capability=bad, by=None)

    assert list(refused.value.problems) == [field]
    assert not is_asked(channel)


@pytest.mark.django_db
def test_what_a_channel_promises_is_stored_and_its_numbers_follow(channel: Channel) -> None:
    row = set_channel_terms(channel=channel, terms=TERMS, by=None)

    assert (row.promise_hours, row.delimiter) == (24, ",")
    assert is_asked(channel)
    assert AuditEntry.objects.filter(action="channel.stock_terms", before__promise_hours=None).count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("bad", "field"),
    [
        (replace(TERMS, promise_hours=0), "promise_hours"),
        (replace(TERMS, push_seconds=59), "push_seconds"),
        (replace(TERMS, delimiter="|"), "delimiter"),
        (replace(TERMS, file_lines=0), "file_lines"),
    ],
)
def test_what_no_channel_can_promise_is_refused(channel: Channel, bad: ChannelTerms, field: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        set_channel_terms(channel=channel, terms=bad, by=None)

    assert list(refused.value.problems) == [field]


@pytest.mark.django_db
def test_an_operators_code_for_a_facility_is_set_once(channel: Channel, facility: Facility) -> None:
    set_warehouse_code(channel=channel, facility=facility, code=" WHC1 ", by=None)
    set_warehouse_code(channel=channel, facility=facility, code="WHC1", by=None)

    assert ChannelFacility.objects.get().warehouse_code == "WHC1"
    assert AuditEntry.objects.filter(action="channel.warehouse_code").count() == 1
