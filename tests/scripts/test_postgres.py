import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from config import postgres_place
from config.env import PROJECT_DIR
from config.postgres_place import LONGEST_SOCKET_PATH, EmbeddedPostgresError, Owner, Place, find_place

Act = Callable[[str], "subprocess.CompletedProcess[str]"]
SYSTEM = Owner("holdpoint-pg", 4001, 4001)


@pytest.fixture
def act(tmp_path: Path) -> Iterator[Act]:
    """`python -m config.postgres ACTION` for an installation of its own, which is deleted afterwards."""
    environment = {**os.environ, "HOLDPOINT_DATA_DIR": str(tmp_path / "a data folder"), "DATABASE_URL": ""}

    def run(action: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "config.postgres", action]
        return subprocess.run(command, cwd=PROJECT_DIR, env=environment, check=False, capture_output=True, text=True)

    yield run
    assert run("reset").returncode == 0


def kept_rows(url: str) -> int:
    with psycopg.connect(url) as database:
        row = database.execute("SELECT count(*) FROM kept").fetchone()
    assert row is not None
    return int(row[0])


def test_two_that_start_at_once_get_one_server_and_the_data_outlives_it(act: Act) -> None:
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(act, ["start", "start"])
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert first.stdout == second.stdout
    url = first.stdout.strip()
    with psycopg.connect(url) as database:
        database.execute("CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)")

    stopped, status = act("stop"), act("status")
    act("start")

    assert stopped.stdout == "stopped\n"
    assert (status.stdout, status.returncode) == ("not running\n", 3)
    assert kept_rows(url) == 1


def test_a_reset_deletes_the_data_and_its_folders(act: Act) -> None:
    url = act("start").stdout.strip()
    with psycopg.connect(url) as database:
        database.execute("CREATE TABLE kept (id int)")

    act("reset")

    assert not Path(url.split("host=")[1]).exists()
    with psycopg.connect(act("start").stdout.strip()) as database:
        row = database.execute("SELECT to_regclass('kept')").fetchone()
    assert row == (None,)


def test_the_first_command_of_an_operator_starts_the_server_by_itself(act: Act, tmp_path: Path) -> None:
    environment = {**os.environ, "HOLDPOINT_DATA_DIR": str(tmp_path / "a data folder"), "DATABASE_URL": ""}
    command = [sys.executable, "manage.py", "showmigrations", "integration"]

    done = subprocess.run(command, cwd=PROJECT_DIR, env=environment, check=False, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert act("status").stdout == "running\n"


def test_an_ordinary_user_keeps_the_data_in_the_project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    place = find_place(tmp_path)

    assert (place.base, place.owner) == (tmp_path / "postgres", None)


def test_root_hands_the_data_to_a_system_user_outside_anybodys_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(postgres_place, "SYSTEM_DIR", tmp_path / "system")
    monkeypatch.setattr(postgres_place, "_system_user", lambda: SYSTEM)

    one, other = find_place(tmp_path / "one"), find_place(tmp_path / "other")

    assert one.owner == SYSTEM
    assert one.base.parent == tmp_path / "system"
    assert one.base != other.base


def test_the_socket_stays_short_however_long_the_path_of_the_project_is(tmp_path: Path) -> None:
    place = find_place(tmp_path / ("long" * 50))

    assert len(str(place.sockets)) < LONGEST_SOCKET_PATH


def test_a_socket_folder_that_others_can_open_is_refused(tmp_path: Path) -> None:
    sockets = tmp_path / "sockets"
    sockets.mkdir(mode=0o755)
    place = Place(base=tmp_path / "base", sockets=sockets, lock=tmp_path / "lock", owner=None)

    with pytest.raises(EmbeddedPostgresError, match="open to others"):
        place.prepare()
