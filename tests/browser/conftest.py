import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from scripts.ensure_chromium import find_chromium
from tests.browser.installation import PASSWORD, Installation, connect_everything, installed

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MAPPED = [f"SKU-{number:03d}" for number in range(1, 41)]
OpenAs = Callable[[str], Page]


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One installation for the whole run of browser tests, connected to its sandbox."""
    folder = tmp_path_factory.mktemp("installation")
    with installed(folder) as made:
        connect_everything(made, mapped=MAPPED)
        yield made


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium, headless, asking nobody for anything."""
    path = find_chromium()
    assert path, "Chromium is missing: apt-get install chromium, or set HOLDPOINT_CHROMIUM"
    # Playwright's loop must not make Django believe that its own calls run in one.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=path, args=FLAGS)
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def open_as(browser: Browser, installation: Installation) -> Iterator[OpenAs]:
    """Return a function that signs a person in and gives their page. Any error in the console fails the test."""
    with opened(browser, installation) as sign_in:
        yield sign_in


@contextmanager
def opened(browser: Browser, installation: Installation) -> Iterator[OpenAs]:
    """The same for any installation."""
    contexts: list[Any] = []
    problems: list[str] = []

    def sign_in(username: str) -> Page:
        context = browser.new_context(base_url=installation.web, viewport={"width": 1440, "height": 900})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto("/accounts/login/")
        page.get_by_label("Username or email").or_(page.get_by_label("Login")).fill(username)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", level=1).wait_for()
        return page

    yield sign_in
    for context in contexts:
        context.close()
    assert not problems, problems
