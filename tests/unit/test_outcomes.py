from core.backoff import backoff_seconds
from core.outcomes import Outcome, OutcomeClass


def test_an_outcome_is_no_sign_of_a_well_connection_unless_it_says_so() -> None:
    assert not Outcome(OutcomeClass.UNKNOWN).answered


def test_the_wait_between_tries_never_shrinks_to_nothing() -> None:
    assert all(backoff_seconds(failures) > 0 for failures in range(1, 40))
