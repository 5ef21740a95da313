"""The one table that says what an error of an outward call means for what comes next."""

from core.http import AuthError, HttpError, NoTimeError, NotSentError, StatusError, ThrottledError, UnknownOutcomeError
from core.outcomes import Outcome, OutcomeClass
from core.redaction import excerpt

# Statuses after which the request may have taken effect, so that only a look at the far side tells.
# A redirect is a page of somebody in between: it says nothing about the request.
UNSURE = frozenset({*range(300, 400), 408, 409, 423, 425})
# Codes by which later steps know these outcomes.
NO_TIME, NO_TOKEN, THROTTLED, MAYBE_THROTTLED = "no_time", "no_token", "throttled", "throttled.maybe"


def classify(error: BaseException) -> Outcome:
    """The outcome of something that was raised while a call was made."""
    match error:
        case ThrottledError():
            # A 503 may come from something in between, after the far side took the request.
            code = THROTTLED if error.status == 429 else MAYBE_THROTTLED  # noqa: PLR2004 -- RFC 6585
            return Outcome(OutcomeClass.THROTTLED, code, str(error)[:500], retry_after=error.retry_after)
        case AuthError():
            return Outcome(OutcomeClass.AUTH, f"http.{error.status}", str(error)[:500])
        case StatusError() if error.status in UNSURE or error.status >= 500:  # noqa: PLR2004 -- server errors
            return Outcome(OutcomeClass.UNKNOWN, f"http.{error.status}", str(error)[:500])
        case StatusError():
            return Outcome(OutcomeClass.PERMANENT, f"http.{error.status}", excerpt(error.body)[:500] or str(error))
        case NoTimeError():
            return Outcome(OutcomeClass.NOT_SENT, NO_TIME, str(error)[:500])
        case NotSentError():
            return Outcome(OutcomeClass.NOT_SENT, "not_sent", str(error)[:500])
        case UnknownOutcomeError() | HttpError():
            return Outcome(OutcomeClass.UNKNOWN, "no_answer", str(error)[:500])
        case _:
            return Outcome(OutcomeClass.BUG, type(error).__name__, str(error)[:500])
