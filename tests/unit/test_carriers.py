import pytest

from integration.domain.carriers import Carrier, match_carrier, match_words

LISTED = (
    Carrier("DHL", "DHL Express", "dhl"),
    Carrier("FDX", "FedEx Ground", "fedex"),
    Carrier("FDX-2", "FedEx 2Day", "fedex"),
)


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("DHL", "DHL"),
        ("dhl express", "DHL"),
        ("Fedex  GROUND", "FDX"),
        ("fedex", None),
        ("FEDEX2", None),
        ("", None),
        ("  ", None),
    ],
)
def test_a_word_is_a_carrier_only_when_it_equals_exactly_one(word: str, code: str | None) -> None:
    found = match_carrier(word, LISTED)

    assert (found.code if found else None) == code


def test_the_service_tells_the_carrier_when_the_vendor_is_a_word_of_the_tenant() -> None:
    found = match_words(("FEDEX2", "FedEx Ground"), {}, LISTED)

    assert found is not None
    assert found.code == "FDX"


def test_what_a_person_mapped_goes_before_what_is_equal() -> None:
    mapped = {"FedEx Ground": Carrier("DHL")}

    assert match_words(("DHL", "FedEx Ground"), mapped, LISTED) == Carrier("DHL")
    assert match_words(("FDX", ""), mapped, LISTED) == LISTED[1]


def test_nothing_is_guessed() -> None:
    assert match_words(("Ship Outside System", ""), {}, LISTED) is None
