import re
from pathlib import Path

import pytest

from integration.domain.countries import ALPHA2, alpha3_of


@pytest.mark.parametrize(
    ("code", "name", "found"),
    [
        ("FRA", "", "FRA"),
        ("fr", "", "FRA"),
        ("", "Österreich", "AUT"),
        (" de ", "France", "DEU"),
        ("XXX", "", ""),
        ("", "Atlantis", ""),
        ("ZZ", "Italy", "ITA"),
    ],
)
def test_a_country_is_known_by_either_code_or_by_its_name(code: str, name: str, found: str) -> None:
    assert alpha3_of(code, name) == found


def test_codes_are_of_two_and_three_letters_and_stand_once() -> None:
    assert all(re.fullmatch(r"[A-Z]{3}", code) for code in ALPHA2)
    assert all(re.fullmatch(r"[A-Z]{2}", code) for code in ALPHA2.values())
    assert len(set(ALPHA2.values())) == len(ALPHA2)


def test_every_country_that_mirakl_may_send_has_two_letters_for_the_warehouse(contracts: Path) -> None:
    document = (contracts / "mirakl" / "mirakl-mmp-seller-openapi.json").read_text(encoding="utf-8")
    lists = re.findall(r'Enum: ((?:`\\"[A-Z]{3}\\"`,? ?)+)', document)

    sent = {code for text in lists if '"AFG' in text for code in re.findall(r"[A-Z]{3}", text)}

    assert len(sent) > 200
    assert sent - set(ALPHA2) == set()
