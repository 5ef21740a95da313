"""The one table that says what an error of an outward call means for what comes next."""

from core.http import AuthError, HttpError, NotSentError, StatusError, ThrottledError, UnknownOutcomeError
from core.outcomes import Outcome, OutcomeClass

# Statuses after which the request may have taken effect, so that only a look at the far side tells.
UNSURE = frozenset({408, 409, 425, 500, 502, 503, 504, 507, 508, 520, 521, 522, 523, 524})


def classify(error: BaseException) -> Outcome:
    """The outcome of something that was raised while a call was made."""
    match error:
        case ThrottledError():
            return Outcome(OutcomeClass.THROTTLED, "throttled", str(error)[:500], retry_after=error.retry_after)
        case AuthError():
            return Outcome(OutcomeClass.AUTH, f"http.{error.status}", str(error)[:500])
        case StatusError() if error.status in UNSURE or error.status >= 500:  # noqa: PLR2004 -- server errors
            return Outcome(OutcomeClass.UNKNOWN, f"http.{error.status}", str(error)[:500])
        case StatusError():
            return Outcome(OutcomeClass.PERMANENT, f"http.{error.status}", error.body[:500] or str(error))
        case NotSentError():
            return Outcome(OutcomeClass.NOT_SENT, "not_sent", str(error)[:500])
        case UnknownOutcomeError() | HttpError():
            return Outcome(OutcomeClass.UNKNOWN, "no_answer", str(error)[:500])
        case _:
            return Outcome(OutcomeClass.BUG, type(error).__name__, str(error)[:500])
