from datetime import UTC, datetime, timedelta

from integration.domain.tenant_clock import WIDEST, TenantClock

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OVERLAP = timedelta(minutes=3)


def test_an_unknown_clock_is_met_with_the_widest_window() -> None:
    clock = TenantClock()

    assert clock.slack(NOW) == WIDEST
    assert clock.zone(NOW).utcoffset(None) == timedelta(0)


def test_the_newest_stamp_teaches_the_offset() -> None:
    stamps = [(NOW - timedelta(days=90), -300), (NOW, -360), (NOW - timedelta(hours=1), None)]

    clock = TenantClock().learn(stamps, NOW)

    assert clock.slack(NOW) == timedelta(0)
    assert clock.zone(NOW).utcoffset(None) == timedelta(hours=-6)
    assert clock.learned_at == NOW


def test_stamps_without_an_offset_teach_nothing() -> None:
    assert TenantClock().learn([(NOW, None)], NOW) == TenantClock()


def test_what_narrow_windows_should_have_shown_makes_the_offset_doubted_for_a_day() -> None:
    clock = TenantClock(offset_minutes=-300, learned_at=NOW)
    later = NOW + timedelta(hours=1)

    doubted = clock.check([NOW + timedelta(minutes=30)], overlap=OVERLAP, now=later)

    assert doubted.slack(later) == WIDEST
    assert doubted.slack(later + timedelta(hours=25)) == timedelta(0)


def test_what_left_before_the_offset_was_learned_or_a_moment_ago_raises_no_doubt() -> None:
    clock = TenantClock(offset_minutes=-300, learned_at=NOW)
    later = NOW + timedelta(hours=1)

    same = clock.check([NOW - timedelta(minutes=1), later - timedelta(minutes=1)], overlap=OVERLAP, now=later)

    assert same == clock
