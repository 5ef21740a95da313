"""The order as Holdpoint understands it, between marketplace and warehouse, and the rules it must keep."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from integration.domain.countries import alpha3_of

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
CURRENCY = re.compile(r"[A-Z]{3}")
PHONE = re.compile(r"\d")


@dataclass(frozen=True)
class Address:
    """Where something goes. `country` is ISO 3166 alpha-3."""

    name: str = ""
    line1: str = ""
    line2: str = ""
    line3: str = ""
    line4: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True)
class CanonicalLine:
    """One line for the warehouse: an item and how many. `order_line_id` is the marketplace's."""

    line_number: str
    order_line_id: str
    item_number: str
    quantity: Decimal
    unit_price: Decimal


@dataclass(frozen=True)
class CanonicalOrder:
    """One order for the warehouse."""

    number: str
    marketplace_id: str
    channel_code: str
    currency: str
    total: Decimal
    ordered_at: datetime
    ship_by: datetime | None
    ship_via: str
    ship_vendor: str
    ship_to: Address
    bill_to: Address
    lines: Sequence[CanonicalLine] = field(default=())


@dataclass(frozen=True)
class Problem:
    """One rule that is not kept: where, which, by which value, and what to do, in words for staff."""

    field: str
    rule: str
    value: str
    message: str


@dataclass(frozen=True)
class Rules:
    """Lengths and demands of one warehouse. Names above 30 characters are refused though documented as 50."""

    name: int = 30
    address_line: int = 64
    city: int = 30
    postal_code: int = 20
    email: int = 50
    phone: int = 30
    require_phone: bool = False
    require_email: bool = False


def address_of(raw: Mapping[str, object] | None, *, email: str = "") -> Address:
    """Mirakl's address in our terms. A missing country code falls back on the country's name."""
    part = {key: _one_line(value) for key, value in (raw or {}).items() if value is not None}
    company = " ".join(filter(None, (part.get("company"), part.get("company_2"))))
    person = " ".join(filter(None, (part.get("firstname"), part.get("lastname"))))
    # What helps to find the door is never dropped: it moves up to the first free line.
    more = [part.get("street_2", ""), part.get("additional_info", ""), company if person else ""]
    lines = [part.get("street_1", ""), *filter(None, more), "", "", ""]
    return Address(
        name=person or company,
        line1=lines[0],
        line2=lines[1],
        line3=lines[2],
        line4=lines[3],
        city=part.get("city", ""),
        state=part.get("state", ""),
        postal_code=part.get("zip_code", ""),
        country=alpha3_of(part.get("country_iso_code", ""), part.get("country", "")),
        phone=part.get("phone", "") or part.get("phone_secondary", ""),
        email=email,
    )


def validate_order(order: CanonicalOrder, rules: Rules) -> list[Problem]:
    """Everything about the order that the warehouse would refuse, or that would send it to nowhere."""
    return [
        *_address_problems("ship_to", order.ship_to, rules),
        # The same address twice has the same problem once.
        *(_address_problems("bill_to", order.bill_to, rules) if order.bill_to != order.ship_to else []),
        *_line_problems(order),
        *(
            []
            if CURRENCY.fullmatch(order.currency)
            else [_problem("currency", "format", order.currency, "The currency is not a three-letter code")]
        ),
    ]


def _address_problems(where: str, address: Address, rules: Rules) -> list[Problem]:
    label = "ship-to" if where == "ship_to" else "bill-to"
    problems = [
        _problem(f"{where}.{part}", "required", "", f"{label} {words} is missing")
        for part, words in (("name", "name"), ("line1", "street"), ("city", "city"), ("country", "country"))
        if not getattr(address, part)
    ]
    limits = {
        "name": rules.name,
        "line1": rules.address_line,
        "line2": rules.address_line,
        "line3": rules.address_line,
        "line4": rules.address_line,
        "city": rules.city,
        "postal_code": rules.postal_code,
        "email": rules.email,
        "phone": rules.phone,
    }
    for part, limit in limits.items():
        value = getattr(address, part)
        if len(value) > limit:
            words = f"{label} {part.replace('_', ' ')} has {len(value)} characters, the warehouse takes {limit}"
            problems.append(_problem(f"{where}.{part}", "length", value, words))
    if address.phone and not PHONE.search(address.phone):
        problems.append(_problem(f"{where}.phone", "format", address.phone, f"{label} phone has no digits"))
    if address.email and not EMAIL.fullmatch(address.email):
        problems.append(_problem(f"{where}.email", "format", address.email, f"{label} e-mail is not an address"))
    for part, needed in (("phone", rules.require_phone), ("email", rules.require_email)):
        if needed and where == "ship_to" and not getattr(address, part):
            problems.append(_problem(f"{where}.{part}", "required", "", f"{label} {part} is missing"))
    return problems


def _line_problems(order: CanonicalOrder) -> list[Problem]:
    problems = [
        _problem(f"line.{line.line_number}.quantity", "positive", str(line.quantity), "a line has no quantity")
        for line in order.lines
        if line.quantity <= 0
    ]
    if not order.lines:
        problems.append(_problem("lines", "required", "", "the order has no line left to ship"))
    twice = [
        key
        for key, count in Counter((line.order_line_id, line.item_number) for line in order.lines).items()
        if count > 1
    ]
    problems += [_problem(f"line.{line_id}", "duplicate", item, "the same line came twice") for line_id, item in twice]
    return problems


def _one_line(value: object) -> str:
    """Line breaks and doubled blanks come from forms that people fill in; a label has neither."""
    return " ".join(str(value).split())


def _problem(where: str, rule: str, value: str, message: str) -> Problem:
    return Problem(field=where, rule=rule, value=value, message=message)
