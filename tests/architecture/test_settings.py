import re
from collections.abc import Iterator

import pytest

from config.env import PROJECT_DIR, REQUIRED_IN_PRODUCTION, Env, EnvironmentInvalidError, load_env, variable_of
from tests.architecture.tracked import tracked_files

VARIABLE = re.compile(r"\bHOLDPOINT_[A-Z_]+\b")
# Named alike, but nothing that a person sets.
NOT_FOR_PEOPLE = {
    "HOLDPOINT_JOBS": "a setting of Django's, made in config/settings.py",
    "HOLDPOINT_GROUP": "given by the launcher to its children, so that the leases of a dead group end at once",
    "HOLDPOINT_TEST_MARK": "given by tests to the processes they start, so that they are found again",
}
COMPLETE = {
    "HOLDPOINT_ENV": "production",
    "HOLDPOINT_SECRET_KEY": "x" * 60,
    "HOLDPOINT_SECRET_KEYS": "key",
    "HOLDPOINT_ALLOWED_HOSTS": "holdpoint.example.com",
    "DATABASE_URL": "postgresql://db.example.com/holdpoint",
}


@pytest.fixture
def fresh_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    for field in Env.model_fields:
        monkeypatch.delenv(variable_of(field), raising=False)
    monkeypatch.setitem(Env.model_config, "env_file", None)
    load_env.cache_clear()
    yield monkeypatch
    load_env.cache_clear()


def test_the_example_names_every_variable_once_and_no_other() -> None:
    lines = (PROJECT_DIR / ".env.example").read_text(encoding="utf-8").splitlines()

    named = [line.split("=")[0] for line in lines if line and not line.startswith("#")]

    assert sorted(named) == sorted(variable_of(field) for field in Env.model_fields)


def test_every_variable_says_what_it_means() -> None:
    silent = [field for field, info in Env.model_fields.items() if not info.description]

    assert silent == []


def test_no_variable_is_read_that_is_not_declared() -> None:
    known = {variable_of(field) for field in Env.model_fields} | NOT_FOR_PEOPLE.keys()

    used = {
        (str(path.relative_to(PROJECT_DIR)), name)
        for path in tracked_files(".py", "Makefile", ".yaml", ".yml", "run", "Dockerfile")
        for name in VARIABLE.findall(path.read_text(encoding="utf-8"))
        if name not in known
    }

    assert used == set()


@pytest.mark.parametrize("missing", sorted(REQUIRED_IN_PRODUCTION))
def test_production_names_what_is_missing(fresh_environment: pytest.MonkeyPatch, missing: str) -> None:
    for name, value in COMPLETE.items():
        if name != missing:
            fresh_environment.setenv(name, value)

    with pytest.raises(EnvironmentInvalidError, match=missing):
        load_env()


def test_production_starts_with_all_that_is_required(fresh_environment: pytest.MonkeyPatch) -> None:
    for name, value in COMPLETE.items():
        fresh_environment.setenv(name, value)

    assert load_env().is_production


def test_production_refuses_to_end_processes_on_purpose(fresh_environment: pytest.MonkeyPatch) -> None:
    for name, value in {**COMPLETE, "HOLDPOINT_CRASHPOINT": "after_send"}.items():
        fresh_environment.setenv(name, value)

    with pytest.raises(EnvironmentInvalidError, match="HOLDPOINT_CRASHPOINT"):
        load_env()
