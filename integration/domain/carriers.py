"""Which carrier of an operator a warehouse's carrier word is, when no person has said so."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Carrier:
    """A carrier as Mirakl's SH21 lists it, or a free name when `code` is empty."""

    code: str
    label: str = ""
    standard_code: str = ""
    tracking_url: str = ""


def match_carrier(word: str, carriers: Iterable[Carrier]) -> Carrier | None:
    """The one carrier whose code, label or standard code is the same word, case and blanks aside; None if none or several."""
    wanted = _plain(word)
    if not wanted:
        return None
    found = [
        carrier
        for carrier in carriers
        if carrier.code and wanted in {_plain(carrier.code), _plain(carrier.label), _plain(carrier.standard_code)}
    ]
    return found[0] if len({carrier.code for carrier in found}) == 1 else None


def match_words(words: Sequence[str], mapped: Mapping[str, Carrier], listed: Sequence[Carrier]) -> Carrier | None:
    """The carrier that a person mapped for the first of the words that has one; else the first word's equal in the list."""
    told = next((mapped[word] for word in words if word in mapped), None)
    if told is not None:
        return told
    return next((found for word in words if (found := match_carrier(word, listed)) is not None), None)


def _plain(word: str) -> str:
    return "".join(word.casefold().split())
