"""`make run`: database, sandbox, demo data, workers and web server under one supervisor that leaves nothing behind."""

import argparse
import errno
import fcntl
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import httpx
import psycopg

from config.env import PROJECT_DIR, EnvironmentInvalidError, load_env
from config.postgres import EmbeddedPostgresError, ensure_running
from core.queue.parentage import die_with_parent
from scripts.children import Child, GivenUpError, manage, stop_all

READY_SECONDS = 90.0
LOOK_SECONDS = 0.3
PORTS_TO_TRY = 200
EPOCH = (
    1_735_689_600  # 2025-01-01: a second has a number of its own, and the demo places fewer orders than one a second
)


class RunError(Exception):
    """The demo cannot start or go on; the message says why and what to do."""


def main() -> int:
    """Run until told to stop. The exit code is 0 after Ctrl-C or SIGTERM, 1 when something could not be kept running."""
    options = _options()
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # a shell's background job ignores SIGINT otherwise
        signal.signal(signum, signal.default_int_handler)
    try:
        data_dir = _data_dir()
        with only_one(data_dir) as lock, _database_keeper():
            Demo(options, data_dir, lock).run()
    except KeyboardInterrupt:
        print("\nStopped.", flush=True)
        return 0
    except (RunError, GivenUpError, EnvironmentInvalidError, EmbeddedPostgresError) as error:
        print(f"\n{error}\nStopped.", file=sys.stderr, flush=True)
        return 1
    return 0


def _data_dir() -> Path:
    env = load_env()
    if env.is_production:
        message = "make run is the demo and is refused in production. How to install: docs/runbooks/installing.md"
        raise RunError(message)
    env.data_dir.mkdir(parents=True, exist_ok=True)
    return env.data_dir


class Demo:
    """The processes of one run, from the first start to the last stop."""

    def __init__(self, options: argparse.Namespace, data_dir: Path, lock: IO[str]) -> None:
        self.options, self.data_dir, self.lock = options, data_dir, lock
        self.logs = data_dir / "logs"
        self.children: list[Child] = []
        self.parent = os.getppid() if options.follow_parent else None

    def run(self) -> None:
        """Start everything, say where it is, then watch until a signal ends it."""
        try:
            self._start()
            self._watch()
        finally:
            _ignore_signals()
            print("\nStopping ...", flush=True)
            stop_all(self.children)

    def _start(self) -> None:
        self.logs.mkdir(exist_ok=True)
        for old in self.logs.glob("*.log"):
            old.unlink()
        port = free_port(self.options.port)
        self.sandbox_port = free_port(self.options.sandbox_port, besides=port)
        sandbox_url = f"http://127.0.0.1:{self.sandbox_port}"
        sandbox = self._child("sandbox", _sandbox_command(self.sandbox_port, self.options.orders_per_minute))
        sandbox.start()
        print("Starting the database ...", flush=True)
        self.database = ensure_running()
        self._step("Migrating", "migrate", "--verbosity", "0")
        web_command = [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py"]
        web = self._child("web", [*web_command, "--bind", f"127.0.0.1:{port}"])
        web.start()
        self._wait_for(f"{sandbox_url}/sandbox/api/state", sandbox)
        self._step("Connecting the shops and the warehouse", "seed_demo", "--sandbox", sandbox_url)
        workers = self._child("workers", manage("workers"))
        workers.start()
        url = f"http://127.0.0.1:{port}"
        self._wait_for(f"{url}/readyz", web)
        self.lock.seek(0)
        self.lock.write(url)
        self.lock.flush()
        self._wait_for_orders(workers)
        self._introduce(url, sandbox_url)

    def _child(self, name: str, command: list[str]) -> Child:
        child = Child(name, command, self.logs / f"{name}.log")
        self.children.append(child)
        return child

    def _step(self, words: str, *arguments: str) -> None:
        print(f"{words} ...", flush=True)
        parent = os.getpid()
        done = subprocess.run(
            manage(*arguments),
            check=False,
            capture_output=True,
            text=True,
            preexec_fn=lambda: die_with_parent(parent),
        )
        if done.returncode:
            message = f"manage.py {arguments[0]} failed:\n{done.stdout}{done.stderr}"
            raise RunError(message)

    def _wait_for(self, url: str, child: Child) -> None:
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until:
            self._look()
            try:
                if httpx.get(url, timeout=5).is_success:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(LOOK_SECONDS / 3)
        message = f"{url} did not answer within {READY_SECONDS:.0f} s. The end of {child.log}:\n{child.log_end()}"
        raise RunError(message)

    def _wait_for_orders(self, workers: Child) -> None:
        print("Waiting for the first orders ...", flush=True)
        until = time.monotonic() + READY_SECONDS
        with psycopg.connect(self.database, autocommit=True) as database:
            while time.monotonic() < until:
                self._look()
                row = database.execute(
                    "SELECT 1 FROM integration_order WHERE accepted_at IS NOT NULL LIMIT 1"
                ).fetchone()
                if row:
                    return
                time.sleep(LOOK_SECONDS)
        message = f"No order was accepted in {READY_SECONDS:.0f} s. The end of {workers.log}:\n{workers.log_end()}"
        raise RunError(message)

    def _introduce(self, url: str, sandbox_url: str) -> None:
        started = self.options.started or time.time()
        people: dict[str, dict[str, Any]] = json.loads(
            (self.data_dir / "demo-sign-ins.json").read_text(encoding="utf-8")
        )
        rows = [
            f"    {name:<11} {'(changed since)' if who['is_changed'] else who['password']:<21} {who['role']}"
            for name, who in people.items()
        ]
        lines = [
            "",
            f"Holdpoint is ready at  {url}/",
            f"The sandbox, to play marketplace and warehouse by hand:  {sandbox_url}/sandbox/",
            "",
            "    Sign in as  with password         role",
            *rows,
            "",
            f"The first orders are there, {time.time() - started:.0f} s after the start. Logs: {self.logs}",
            "Ctrl-C stops everything and keeps the data; make reset deletes it.",
        ]
        print("\n".join(lines), flush=True)

    def _watch(self) -> None:
        while True:
            self._look()
            time.sleep(LOOK_SECONDS)

    def _look(self) -> None:
        """Restart what died; stop when the process that wanted us is gone."""
        if self.parent is not None and os.getppid() != self.parent:
            raise KeyboardInterrupt
        for child in self.children:
            if child.revive():
                print(f"{child.name} died and is started again; its log: {child.log}", file=sys.stderr, flush=True)
                if child.name == "sandbox":
                    child.command = _sandbox_command(self.sandbox_port, self.options.orders_per_minute)


def free_port(first: int, *, besides: int = 0) -> int:
    """The first port of this machine from `first` on that nobody listens on. Raises RunError when there is none."""
    for port in range(first, first + PORTS_TO_TRY):
        if port == besides:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                    raise
                continue
            return port
    message = f"No port from {first} to {first + PORTS_TO_TRY - 1} is free. Name another: make run PORT=9000"
    raise RunError(message)


def _sandbox_command(port: int, orders_per_minute: float) -> list[str]:
    """The sandbox forgets everything when it ends, so each start counts orders from a number never reached before."""
    now = int(time.time())
    command = [
        sys.executable,
        "-m",
        "sandbox",
        "--port",
        str(port),
        "--demo",
        "--seed",
        str(secrets.randbelow(100_000)),
    ]
    return [*command, "--first-number", str(now - EPOCH), "--orders-per-minute", str(orders_per_minute)]


@contextmanager
def only_one(data_dir: Path) -> Iterator[IO[str]]:
    """Hold the lock of this installation. Two demos on one database would turn its connections back and forth."""
    with (data_dir / "run.lock").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            message = f"It runs already, at {file.read() or 'an address not known yet'}. Stop that one first."
            raise RunError(message) from error
        file.truncate(0)
        yield file
        file.truncate(0)


@contextmanager
def _database_keeper() -> Iterator[None]:
    """Stop the embedded server after this process, however it ends: the keeper waits for the pipe to close."""
    reading, writing = os.pipe()
    keeper = subprocess.Popen(
        [sys.executable, "-m", "scripts.stop_database", str(reading)], pass_fds=[reading], start_new_session=True
    )
    os.close(reading)
    try:
        yield
    finally:
        os.close(writing)
        keeper.wait()


def _ignore_signals() -> None:
    """A second Ctrl-C must not interrupt the clearing up."""
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument("--port", type=int, default=8000, help="where to begin looking for a free port")
    parser.add_argument("--sandbox-port", type=int, default=8901)
    parser.add_argument("--orders-per-minute", type=float, default=12.0)
    parser.add_argument("--started", type=float, default=0.0, help="when the command was given, seconds since 1970")
    parser.add_argument("--follow-parent", action="store_true", help="stop when the calling process is gone")
    return parser.parse_args()


if __name__ == "__main__":
    os.chdir(PROJECT_DIR)
    sys.exit(main())
