"""Keeps a failing connection from being hammered: what a failed or good read means for the connection's breaker."""

from core.http import AuthError, HttpError, ThrottledError
from core.limits import allows, record_failure, record_success, refuse


def connection_allows(connection: str) -> bool:
    """Whether calls may be made: not while the breaker of the connection is open, but for one now and then as a test."""
    return allows(f"conn:{connection}")


def note_failure(connection: str, error: HttpError) -> None:
    """A refused key stops the whole connection until a test call succeeds; throttling is no failure."""
    if isinstance(error, AuthError):
        refuse(f"conn:{connection}", "The key or password was refused")
    elif not isinstance(error, ThrottledError):
        record_failure(f"conn:{connection}")


def note_success(connection: str) -> None:
    """A good answer closes the breaker and forgets the failures."""
    record_success(f"conn:{connection}")
