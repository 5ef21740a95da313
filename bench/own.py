"""A database and a sandbox of one's own for a run that kills processes: made for it, and gone after it."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from config.postgres import ensure_running

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
START_SECONDS = 30.0


@contextmanager
def own_database(name: str, *, template: str | None = None) -> Iterator[str]:
    """The address of a new database, migrated or copied from `template`; dropped with whoever is still connected."""
    server = ensure_running()
    parts = urlsplit(server)
    url = urlunsplit(parts._replace(path=f"/{name}"))
    with psycopg.connect(server, autocommit=True) as admin:
        _drop(admin, name)
        copied = sql.SQL(" TEMPLATE {}").format(sql.Identifier(template)) if template else sql.SQL("")
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)) + copied)
    try:
        if template is None:
            manage("migrate", "--verbosity", "0", environment=environment(url))
        yield url
    finally:
        with psycopg.connect(server, autocommit=True) as admin:
            _drop(admin, name)


def _drop(admin: psycopg.Connection[tuple[object, ...]], name: str) -> None:
    admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def environment(url: str, **more: str) -> dict[str, str]:
    """What a process of the project is started with to work on that database, quietly."""
    values = {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings", "HOLDPOINT_LOG_LEVEL": "ERROR"}
    return {**os.environ, **values, **more}


def manage(*arguments: str, environment: Mapping[str, str], text: str | None = None) -> str:
    """Run a command of the project to its end; what it printed. Raises CalledProcessError with its words."""
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    done = subprocess.run(command, env=dict(environment), input=text, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        message = f"manage.py {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        raise RuntimeError(message)
    return done.stdout


@contextmanager
def own_sandbox(*, seed: int = 7) -> Iterator[int]:
    """The port of a sandbox process that serves until the block ends."""
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = int(free.getsockname()[1])
    command = [sys.executable, "-m", "sandbox", "--port", str(port), "--seed", str(seed)]
    # It complains of every connection that it is told to drop: that is not for the reader of a table.
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
        process.kill()
        process.wait()


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            message = f"the sandbox ended with {process.returncode}"
            raise RuntimeError(message)
        with suppress(OSError), socket.create_connection((HOST, port), 1):
            return
        time.sleep(0.05)
    message = "the sandbox did not start in time"
    raise RuntimeError(message)


def database_name(url: str) -> str:
    """The name of the database in an address."""
    return re.sub(r"^/", "", urlsplit(url).path)
