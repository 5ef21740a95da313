import os
from pathlib import Path

import pytest

from scripts import ensure_chromium


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A path with nothing on it, and nobody who may install."""
    monkeypatch.delenv("HOLDPOINT_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    return tmp_path


def put(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


def test_a_browser_on_the_path_is_found(bare_machine: Path) -> None:
    put(bare_machine, "chromium-browser", "exit 0")

    assert ensure_chromium.ensure_chromium() == str(bare_machine / "chromium-browser")


def test_a_named_browser_goes_before_one_on_the_path(bare_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(bare_machine, "chromium", "exit 0")
    monkeypatch.setenv("HOLDPOINT_CHROMIUM", "/opt/browser")

    assert ensure_chromium.find_chromium() == "/opt/browser"


def test_an_ordinary_user_installs_through_sudo_without_a_question(bare_machine: Path) -> None:
    put(bare_machine, "apt-get", "exit 0")
    browser = bare_machine / "chromium"
    script = f'/bin/echo asked: "$@" >> {bare_machine}/asked; /usr/bin/touch {browser}; /bin/chmod 755 {browser}'
    put(bare_machine, "sudo", script)

    found = ensure_chromium.ensure_chromium()

    assert found == str(bare_machine / "chromium")
    asked = (bare_machine / "asked").read_text(encoding="utf-8").splitlines()
    assert [line.split()[1:4] for line in asked] == [["-n", "apt-get", "update"], ["-n", "apt-get", "install"]]


@pytest.mark.parametrize(
    ("programs", "why"),
    [
        ((), "there is no apt-get"),
        (("apt-get",), "there is no sudo"),
        (("apt-get", "sudo"), "apt-get update failed (a password is required)"),
    ],
)
def test_where_it_cannot_be_installed_the_reason_and_the_way_out_are_said(
    bare_machine: Path, capsys: pytest.CaptureFixture[str], programs: tuple[str, ...], why: str
) -> None:
    for name in programs:
        put(bare_machine, name, "/bin/echo a password is required >&2; exit 1")

    found = ensure_chromium.ensure_chromium()

    said = capsys.readouterr().err
    assert found is None
    assert why in said
    assert "HOLDPOINT_CHROMIUM" in said
