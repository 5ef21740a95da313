"""ISO 3166 country codes: alpha-3 to alpha-2 and back, and the English and local names that marketplaces send instead."""

# alpha-3, alpha-2, and lower-case names seen in place of a code.
_ROWS = """
AUT AT austria,österreich|AUS AU australia|BEL BE belgium,belgique,belgië|BGR BG bulgaria|BRA BR brazil,brasil|CAN CA canada
|CHE CH switzerland,suisse,schweiz|CHL CL chile|CHN CN china|COL CO colombia|CYP CY cyprus|CZE CZ czechia,czech republic
|DEU DE germany,deutschland,allemagne|DNK DK denmark,danmark|ESP ES spain,españa,espagne|EST EE estonia|FIN FI finland,suomi
|FRA FR france|GBR GB united kingdom,great britain,uk,england|GRC GR greece|HKG HK hong kong|HRV HR croatia|HUN HU hungary
|IND IN india|IRL IE ireland|ISL IS iceland|ISR IL israel|ITA IT italy,italia,italie|JPN JP japan|KOR KR south korea
|LIE LI liechtenstein|LTU LT lithuania|LUX LU luxembourg|LVA LV latvia|MCO MC monaco|MEX MX mexico,méxico|MLT MT malta
|MYS MY malaysia|NLD NL netherlands,nederland,pays-bas|NOR NO norway,norge|NZL NZ new zealand|PER PE peru|PHL PH philippines
|POL PL poland,polska|PRT PT portugal|ROU RO romania|SAU SA saudi arabia|SGP SG singapore|SRB RS serbia|SVK SK slovakia
|SVN SI slovenia|SWE SE sweden,sverige|THA TH thailand|TUR TR turkey,türkiye|TWN TW taiwan|UKR UA ukraine
|ARE AE united arab emirates|USA US united states,united states of america,usa|VNM VN vietnam|ZAF ZA south africa
|REU RE réunion,la réunion|GLP GP guadeloupe|MTQ MQ martinique|GUF GF guyane,french guiana|MAR MA morocco,maroc|TUN TN tunisia
"""

ALPHA2: dict[str, str] = {}
_BY_NAME: dict[str, str] = {}
for _row in _ROWS.replace("\n", "").split("|"):
    _alpha3, _alpha2, _names = _row.strip().split(" ", 2)
    ALPHA2[_alpha3] = _alpha2
    _BY_NAME[_alpha2.casefold()] = _alpha3
    _BY_NAME[_alpha3.casefold()] = _alpha3
    for _name in _names.split(","):
        _BY_NAME[_name.strip().casefold()] = _alpha3


def alpha3_of(code: str, name: str = "") -> str:
    """The alpha-3 code from a code (alpha-3 or alpha-2), else from the country's name; empty when neither is known.

    An alpha-3 code that is not in the table is passed on as it is: the marketplace's code is better than none.
    """
    known = _BY_NAME.get(code.strip().casefold())
    if known:
        return known
    if len(code.strip()) == 3 and code.strip().isalpha():  # noqa: PLR2004 -- the length of an alpha-3 code
        return code.strip().upper()
    return _BY_NAME.get(name.strip().casefold(), "")
