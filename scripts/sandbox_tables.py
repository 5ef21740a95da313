"""The tables of docs/sandbox.md: what the sandbox answers, how it can fail, and what the hand on it may do."""

from collections.abc import Callable, Sequence
from typing import Final

from sandbox.control import ROUTES as HAND
from sandbox.deposco.routes import ROUTES as DEPOSCO
from sandbox.deposco.v2.routes import ROUTES as DEPOSCO_V2
from sandbox.deposco.v2.routes import TOKEN
from sandbox.faults import KINDS
from sandbox.floor import SCRIPTS
from sandbox.mirakl.routes import ROUTES as MIRAKL

Rows = tuple[Sequence[str], Sequence[Sequence[str]]]


def calls() -> Rows:
    """Every call of both sides, by the name that faults and the ledger use."""
    rows = [
        (side, f"`{name}`", f"`{method} {path}`")
        for side, routes in (("Mirakl", MIRAKL), ("Deposco V1", DEPOSCO))
        for name, method, path, _ in routes
    ]
    rows += [("Deposco V2", f"`{name}`", f"`{method} /latest{path}`") for name, method, path, _, _ in DEPOSCO_V2]
    rows.append(("Deposco V2", f"`{TOKEN}`", "`POST /oauth2/token`"))
    return ("Side", "Name", "Call"), rows


def faults() -> Rows:
    """Every fault."""
    return ("Fault", "What the caller sees"), [(f"`{name}`", words) for name, words in KINDS.items()]


def scripts() -> Rows:
    """Every script of the floor."""
    return ("Script", "What the floor does, once the order is packed"), [
        (f"`{name}`", words) for name, words in SCRIPTS.items()
    ]


def hand() -> Rows:
    """Every call of the hand."""
    rows = [(f"`{method} {path}`", (action.__doc__ or "").split("\n\n")[0].strip()) for method, path, action in HAND]
    return ("Call", "What it does, and what it takes"), rows


SANDBOX_TABLES: Final[dict[str, Callable[[], Rows]]] = {
    "sandbox-calls": calls,
    "sandbox-faults": faults,
    "sandbox-scripts": scripts,
    "sandbox-hand": hand,
}
