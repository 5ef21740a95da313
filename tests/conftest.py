"""What every test stands on: the embedded database, no network, and the contracts' folder."""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from pytest_socket import _remove_restrictions, socket_allow_hosts

from config.postgres import ensure_running

LOOPBACK: Final = ["127.0.0.1", "::1", "localhost"]
SLOTS: Final = 16


def pytest_configure() -> None:
    """Start the database before Django is set up; do nothing where DATABASE_URL names another."""
    ensure_running()


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> Iterator[None]:
    """Give each run its own test database, so that several runs on one machine do not meet."""
    from django.conf import settings

    folder = Path(settings.DATA_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    for slot in range(SLOTS):
        with (folder / f"tests-{slot}.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
            name = f"test_holdpoint_{slot}"
            settings.DATABASES["default"].setdefault("TEST", {})["NAME"] = name
            from django.db import connection

            connection.settings_dict["TEST"]["NAME"] = name
            yield
            return
    pytest.fail(f"{SLOTS} test runs are under way already; wait for one to end")


LEFT_CONNECTED: Final[list[str]] = []


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """End what is still connected to the test database before it is dropped, and say at the end what it was."""
    yield
    from django.db import connection

    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            """SELECT format('%s, %s: %s', pid, state, left(query, 200)), pg_terminate_backend(pid, 5000)
               FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"""
        )
        LEFT_CONNECTED.extend(row[0] for row in cursor.fetchall())


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """A test that leaves a connection behind is found by the last thing it asked."""
    for words in LEFT_CONNECTED:
        terminalreporter.write_line(f"Left connected to the test database: {words}")


@pytest.fixture(autouse=True)
def only_loopback() -> Iterator[None]:
    """Refuse every socket but loopback and Unix ones; tests/architecture shows that it does."""
    socket_allow_hosts(LOOPBACK, allow_unix_socket=True)
    yield
    _remove_restrictions()


@pytest.fixture(scope="session")
def contracts() -> Path:
    """Return the folder of the vendors' published contracts, which may not be copied into this repository."""
    named = os.environ.get("HOLDPOINT_CONTRACTS")
    if not named:
        pytest.skip("HOLDPOINT_CONTRACTS is not set: the vendors' contracts are not part of this repository")
    folder = Path(named)
    if not folder.is_dir():
        pytest.fail(f"HOLDPOINT_CONTRACTS names {folder}, which is not a folder")
    return folder


@pytest.fixture(scope="session", autouse=True)
def quick_passwords(django_test_environment: Any) -> None:
    """Hash passwords cheaply: the tests sign in hundreds of times."""
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
