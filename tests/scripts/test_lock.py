from scripts.lock import needed_to_run

LOCK = """\
asked==1.0 \\
    --hash=sha256:aa
    # via holdpoint (pyproject.toml)
below==1.0 \\
    --hash=sha256:bb
    # via
    #   asked
    #   tester
further==1.0 \\
    --hash=sha256:cc
    # via below
only-tests==1.0 \\
    --hash=sha256:dd
    # via tester
tester==1.0 \\
    --hash=sha256:ee
    # via holdpoint (pyproject.toml:dev)
"""


def test_the_lock_for_running_has_what_the_project_asks_for_and_what_that_asks_for() -> None:
    names = [line.split("==")[0] for line in needed_to_run(LOCK).splitlines() if "==" in line]

    assert names == ["asked", "below", "further"]


def test_an_entry_is_taken_over_whole() -> None:
    assert "    --hash=sha256:bb\n    # via\n    #   asked\n    #   tester\n" in needed_to_run(LOCK)
