"""Every address of the site with what it asks for: for the test that walks them, and the table in docs/security.md."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from django.urls import URLPattern, URLResolver, get_resolver

from core.permissions import PUBLIC, ROLES, SIGNED_IN

# Addresses of the sign-in library: it guards them itself.
LIBRARY: Final = "accounts/"


@dataclass(frozen=True)
class Address:
    """One address: its pattern, its name, and the permission its view declares (None when it declares none)."""

    route: str
    name: str
    permission: str | None

    @property
    def is_library(self) -> bool:
        """Whether the sign-in library answers it."""
        return self.route.startswith(LIBRARY)


def addresses() -> list[Address]:
    """All of them, in the order in which they are tried."""
    return list(_walk(get_resolver().url_patterns, ""))


def roles_table() -> str:
    """The table of addresses and roles as Markdown."""
    head = ["Address", "Asks for", *ROLES]
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    for address in addresses():
        if address.is_library:
            continue
        asks = address.permission or ""
        marks = ["yes" if _allows(asks, granted) else "" for granted in ROLES.values()]
        words = asks.removeprefix("core.").replace("_", " ")
        lines.append(f"| `/{address.route}` | {words} | {' | '.join(marks)} |")
    return "\n".join(lines)


def _allows(permission: str, granted: Sequence[str]) -> bool:
    return permission in (PUBLIC, SIGNED_IN) or permission in granted


def _walk(patterns: Sequence[URLPattern | URLResolver], before: str) -> Iterator[Address]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, route)
        else:
            yield Address(
                route=route, name=pattern.name or "", permission=getattr(pattern.callback, "permission", None)
            )
