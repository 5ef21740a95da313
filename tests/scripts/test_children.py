import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts import children
from scripts.children import Child, GivenUpError, stop_all

PATIENCE_SECONDS = 20.0


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that is dead and only waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_child_that_died_is_started_again_after_a_pause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "RESTART_WAIT_SECONDS", 0.0)
    child = Child("one", python("import time; time.sleep(60)"), tmp_path / "one.log")
    child.start()
    assert child.process is not None
    first = child.process.pid
    child.process.kill()
    child.process.wait()

    noticed = child.revive()
    child.revive()

    assert noticed
    assert child.process is not None
    assert child.process.pid != first
    stop_all([child])


def test_a_child_that_keeps_dying_ends_the_run_with_the_end_of_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "RESTART_WAIT_SECONDS", 0.0)
    child = Child("one", python("print('the reason'); raise SystemExit(3)"), tmp_path / "one.log")
    child.start()

    def die() -> None:
        while True:
            if child.process is not None:
                child.process.wait()
            child.revive()

    with pytest.raises(GivenUpError, match="the reason"):
        die()


def test_stopping_ends_children_and_what_they_started(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    stubborn = (
        "import os, signal, subprocess, sys, time\n"
        "grandchild = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(pids)!r} + '.new', 'w').write(f'{{os.getpid()}} {{grandchild.pid}}')\n"
        f"os.rename({str(pids)!r} + '.new', {str(pids)!r})\n"
        "time.sleep(60)\n"
    )
    child = Child("one", python(stubborn), tmp_path / "one.log")
    child.start()
    wait_until(pids.exists)
    started = [int(word) for word in pids.read_text(encoding="utf-8").split()]

    stop_all([child])

    wait_until(lambda: not any(is_alive(pid) for pid in started))
    assert child.process is None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ties a child to its parent")
def test_a_child_dies_when_its_supervisor_is_killed(tmp_path: Path) -> None:
    supervisor = (
        "import sys, time; from pathlib import Path; from scripts.children import Child\n"
        f"child = Child('one', [sys.executable, '-c', 'import time; time.sleep(60)'], Path({str(tmp_path / 'log')!r}))\n"
        "child.start(); print(child.process.pid, flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen(python(supervisor), stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        alive_before = is_alive(pid)

        process.kill()
        process.wait()

    assert alive_before
    wait_until(lambda: not is_alive(pid))
