"""`make screenshots`: signs in to a running `make run` as each team and writes the pictures of the README."""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import Browser, Page, sync_playwright

from config.env import PROJECT_DIR, load_env
from scripts.ensure_chromium import ensure_chromium

FOLDER: Final = PROJECT_DIR / "docs" / "screenshots"
README: Final = PROJECT_DIR / "README.md"
SIZES: Final = {"desktop": (1280, 800), "tablet": (820, 1180)}


@dataclass(frozen=True)
class Picture:
    """One page as one person sees it. `follow` names the first link to go on to: the start of its address."""

    name: str
    path: str
    by: str
    words: str
    size: str = "desktop"
    scheme: Literal["light", "dark"] = "light"
    follow: str = ""


PICTURES: Final = (
    Picture("today", "/", "warehouse", "Today: what to do next, for the warehouse"),
    Picture("exceptions", "/exceptions/", "ecommerce", "Exceptions: one row for each root cause"),
    Picture(
        "case", "/exceptions/", "ecommerce", "A case: what happened, the fix, and what it frees", follow="/exceptions/"
    ),
    Picture("orders", "/orders/", "warehouse", "Orders, with their stages and clocks"),
    Picture("passport", "/orders/", "warehouse", "The passport of one order", follow="/orders/"),
    Picture("stock", "/stock/", "ecommerce", "Stock: each item's number on each channel"),
    Picture("waterfall", "/stock/?words=ITEM-02", "ecommerce", "Why an offer shows its number", follow="/stock/items/"),
    Picture("connections", "/connections/", "admin", "Connections, with their lanes", scheme="dark"),
    Picture("tablet", "/exceptions/", "warehouse", "The same on a tablet, dark", size="tablet", scheme="dark"),
)


def main() -> int:
    """Take every picture; returns 1 when nothing runs or no browser is there."""
    parser = argparse.ArgumentParser(prog="make screenshots", description=__doc__)
    parser.add_argument("--only", nargs="*", default=[], help="names of pictures")
    only = parser.parse_args().only
    data_dir = load_env().data_dir
    address = _running_at(data_dir)
    chromium = ensure_chromium()
    if not address or chromium is None:
        print("Nothing runs here: start make run first." if not address else "No browser.", file=sys.stderr)
        return 1
    people = json.loads((data_dir / "demo-sign-ins.json").read_text(encoding="utf-8"))
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for picture in PICTURES:
            if not only or picture.name in only:
                take(browser, address, picture, people[picture.by]["password"])
        browser.close()
    write_readme()
    return 0


def take(browser: Browser, address: str, picture: Picture, password: str) -> None:
    """Sign in, go to the page, and write the picture."""
    with _signed_in(browser, address, picture, password) as page:
        page.goto(f"{address}{picture.path}")
        if picture.follow:
            page.locator(f"main table a[href^='{picture.follow}']").first.click()
        page.wait_for_load_state("networkidle")
        raw = page.screenshot(animations="disabled")
        path = FOLDER / f"{picture.name}.png"
        path.write_bytes(raw)
        print(f"{path.relative_to(PROJECT_DIR)} {len(raw) // 1000} kB")


@contextmanager
def _signed_in(browser: Browser, address: str, picture: Picture, password: str) -> Iterator[Page]:
    width, height = SIZES[picture.size]
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=picture.scheme)
    page = context.new_page()
    page.goto(f"{address}/accounts/login/")
    page.fill("input[name=login]", picture.by)
    page.fill("input[name=password]", password)
    page.locator("main button[type=submit], form button[type=submit]").first.click()
    page.wait_for_url(lambda url: "/accounts/login/" not in url)
    yield page
    context.close()


def write_readme() -> None:
    """Put the pictures that exist where the README shows them."""
    taken = [picture for picture in PICTURES if (FOLDER / f"{picture.name}.png").exists()]
    lines = [f"![{picture.words}](docs/screenshots/{picture.name}.png)" for picture in taken]
    block = "<!-- screenshots -->\n\n" + "\n\n".join(lines) + "\n\n<!-- end of screenshots -->"
    text = README.read_text(encoding="utf-8")
    pattern = re.compile(r"<!-- screenshots -->(?:.*<!-- end of screenshots -->)?", re.DOTALL)
    README.write_text(pattern.sub(lambda _: block, text), encoding="utf-8")


def _running_at(data_dir: Path) -> str:
    lock = data_dir / "run.lock"
    return lock.read_text(encoding="utf-8").strip() if lock.exists() else ""


if __name__ == "__main__":
    sys.exit(main())
