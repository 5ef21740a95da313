"""Every setting that would lose or double work is refused: each broken once."""

import copy
from typing import Any

import pytest
from django.conf import settings
from django.core.checks import run_checks
from pytest_django import Settings


def _ids() -> set[str]:
    return {str(problem.id) for problem in run_checks() if str(problem.id).startswith("holdpoint.")}


def test_the_settings_of_the_project_are_safe() -> None:
    assert _ids() == set()


@pytest.mark.parametrize(
    ("values", "identity"),
    [
        ({"retry": 100}, "holdpoint.E001"),
        ({"queue_limit": 50}, "holdpoint.E001"),
        ({"ack_failures": False}, "holdpoint.E002"),
        ({"max_attempts": 0}, "holdpoint.E002"),
        ({"broker_class": "django_q.brokers.orm.ORM"}, "holdpoint.E006"),
        ({"orm": "other"}, "holdpoint.E007"),
        ({"catch_up": True}, "holdpoint.E008"),
        ({"timeout": None}, "holdpoint.E010"),
        ({"timeout": 1.5}, "holdpoint.E010"),
        ({"queue_limit": 0}, "holdpoint.E011"),
        ({"ALT_CLUSTERS": {}}, "holdpoint.E012"),
    ],
)
def test_an_unsafe_queue_is_refused(values: dict[str, Any], identity: str, settings: Settings) -> None:
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, **values}

    assert identity in _ids()


@pytest.mark.parametrize(
    ("values", "identity"),
    [
        ({"pool": True}, "holdpoint.E003"),
        ({"options": "-c synchronous_commit=off"}, "holdpoint.E013"),
        ({"options": ""}, "holdpoint.E013"),
    ],
)
def test_an_unsafe_database_is_refused(values: dict[str, Any], identity: str, monkeypatch: pytest.MonkeyPatch) -> None:
    databases = copy.deepcopy(settings.DATABASES)
    databases["default"]["OPTIONS"] |= values
    monkeypatch.setattr(settings, "DATABASES", databases)

    assert identity in _ids()


def test_connections_that_are_not_kept_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    databases = copy.deepcopy(settings.DATABASES)
    databases["default"]["CONN_MAX_AGE"] = 0
    monkeypatch.setattr(settings, "DATABASES", databases)

    assert "holdpoint.E004" in _ids()


def test_a_start_without_keys_for_credentials_is_refused(settings: Settings) -> None:
    settings.HOLDPOINT_SECRET_KEYS = ()

    assert "holdpoint.E005" in _ids()


def test_another_release_of_the_queue_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.checks.version", lambda _name: "1.12.0")

    assert "holdpoint.E009" in _ids()


def test_a_crash_point_is_refused_in_production(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDPOINT_CRASHPOINT", "after_send")
    assert "holdpoint.E014" not in _ids()

    settings.IS_PRODUCTION = True

    assert "holdpoint.E014" in _ids()
