"""Keeps a failing connection from being hammered: what a failed or good read means for its breaker and its buckets."""

from core.classify import classify
from core.http import AuthError, HttpError, NoTimeError, StatusError, ThrottledError
from core.limits import allows, block, record_failure, record_success, refuse
from core.outcomes import OutcomeClass

DEFAULT_WAIT_SECONDS = 5.0
NOT_GRANTED = 403


def connection_allows(connection: str) -> bool:
    """Whether calls may be made: not while the breaker of the connection is open, but for one now and then as a test."""
    return allows(f"conn:{connection}")


def note_failure(connection: str, error: HttpError) -> None:
    """A refused key stops the whole connection until a call succeeds; throttling stops every call for as long as asked.

    Who answers that this one request is wrong is well: the connection goes on for everything else.
    """
    if isinstance(error, AuthError):
        refuse(f"conn:{connection}", "The key or password was refused")
    elif isinstance(error, ThrottledError):
        block(f"{connection}:calls", error.retry_after if error.retry_after is not None else DEFAULT_WAIT_SECONDS)
    elif is_refusal(error):
        record_success(f"conn:{connection}")
    elif not isinstance(error, NoTimeError):
        record_failure(f"conn:{connection}")


def is_refusal(error: HttpError) -> bool:
    """Whether the far side read the request and will not have it, as with a field that its search does not know."""
    return isinstance(error, StatusError) and classify(error).cls is OutcomeClass.PERMANENT


def note_stock_failure(*, connection: str, error: HttpError) -> None:
    """As every failed call, but for an endpoint that was not granted: it says nothing about the key or the password.

    The orders of the connection must not stop for it.
    """
    if not is_not_granted(error):
        note_failure(connection, error)


def is_not_granted(error: HttpError) -> bool:
    """Whether the user was let in, and this endpoint is not his."""
    return isinstance(error, AuthError) and error.status == NOT_GRANTED


def is_endpoint_refused(error: HttpError) -> bool:
    """Whether only this call is refused, for what it asks or for want of a grant: others may be made."""
    return is_refusal(error) or is_not_granted(error)


def note_success(connection: str) -> None:
    """A good answer closes the breaker and forgets the failures."""
    record_success(f"conn:{connection}")
