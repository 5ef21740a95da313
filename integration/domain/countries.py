"""ISO 3166 country codes: alpha-3 to alpha-2 and back, and the English and local names that marketplaces send instead."""

# alpha-3 alpha-2, as the standard lists them; XKX is used by agreement.
_CODES = """
ABW AW AFG AF AGO AO AIA AI ALA AX ALB AL AND AD ARE AE ARG AR ARM AM ASM AS ATA AQ ATF TF ATG AG AUS AU AUT AT AZE AZ BDI BI
BEL BE BEN BJ BES BQ BFA BF BGD BD BGR BG BHR BH BHS BS BIH BA BLM BL BLR BY BLZ BZ BMU BM BOL BO BRA BR BRB BB BRN BN BTN BT
BVT BV BWA BW CAF CF CAN CA CCK CC CHE CH CHL CL CHN CN CIV CI CMR CM COD CD COG CG COK CK COL CO COM KM CPV CV CRI CR CUB CU
CUW CW CXR CX CYM KY CYP CY CZE CZ DEU DE DJI DJ DMA DM DNK DK DOM DO DZA DZ ECU EC EGY EG ERI ER ESH EH ESP ES EST EE ETH ET
FIN FI FJI FJ FLK FK FRA FR FRO FO FSM FM GAB GA GBR GB GEO GE GGY GG GHA GH GIB GI GIN GN GLP GP GMB GM GNB GW GNQ GQ GRC GR
GRD GD GRL GL GTM GT GUF GF GUM GU GUY GY HKG HK HMD HM HND HN HRV HR HTI HT HUN HU IDN ID IMN IM IND IN IOT IO IRL IE IRN IR
IRQ IQ ISL IS ISR IL ITA IT JAM JM JEY JE JOR JO JPN JP KAZ KZ KEN KE KGZ KG KHM KH KIR KI KNA KN KOR KR KWT KW LAO LA LBN LB
LBR LR LBY LY LCA LC LIE LI LKA LK LSO LS LTU LT LUX LU LVA LV MAC MO MAF MF MAR MA MCO MC MDA MD MDG MG MDV MV MEX MX MHL MH
MKD MK MLI ML MLT MT MMR MM MNE ME MNG MN MNP MP MOZ MZ MRT MR MSR MS MTQ MQ MUS MU MWI MW MYS MY MYT YT NAM NA NCL NC NER NE
NFK NF NGA NG NIC NI NIU NU NLD NL NOR NO NPL NP NRU NR NZL NZ OMN OM PAK PK PAN PA PCN PN PER PE PHL PH PLW PW PNG PG POL PL
PRI PR PRK KP PRT PT PRY PY PSE PS PYF PF QAT QA REU RE ROU RO RUS RU RWA RW SAU SA SDN SD SEN SN SGP SG SGS GS SHN SH SJM SJ
SLB SB SLE SL SLV SV SMR SM SOM SO SPM PM SRB RS SSD SS STP ST SUR SR SVK SK SVN SI SWE SE SWZ SZ SXM SX SYC SC SYR SY TCA TC
TCD TD TGO TG THA TH TJK TJ TKL TK TKM TM TLS TL TON TO TTO TT TUN TN TUR TR TUV TV TWN TW TZA TZ UGA UG UKR UA UMI UM URY UY
USA US UZB UZ VAT VA VCT VC VEN VE VGB VG VIR VI VNM VN VUT VU WLF WF WSM WS YEM YE ZAF ZA ZMB ZM ZWE ZW XKX XK
"""

# Names seen in place of a code, lower case.
_NAMES = """
AUT austria,österreich,autriche|AUS australia|BEL belgium,belgique,belgië,belgien|BGR bulgaria|BRA brazil,brasil|CAN canada
|CHE switzerland,suisse,schweiz,svizzera|CHL chile|CHN china|COL colombia|CYP cyprus|CZE czechia,czech republic,česko
|DEU germany,deutschland,allemagne|DNK denmark,danmark|ESP spain,españa,espagne|EST estonia|FIN finland,suomi
|FRA france,france métropolitaine|GBR united kingdom,great britain,uk,england,scotland,wales,northern ireland|GRC greece
|HKG hong kong|HRV croatia,hrvatska|HUN hungary,magyarország|IND india|IRL ireland|ISL iceland|ISR israel
|ITA italy,italia,italie|JPN japan|KOR south korea,korea|LIE liechtenstein|LTU lithuania|LUX luxembourg|LVA latvia
|MCO monaco|MEX mexico,méxico|MLT malta|MYS malaysia|NLD netherlands,the netherlands,nederland,pays-bas|NOR norway,norge
|NZL new zealand|PER peru|PHL philippines|POL poland,polska|PRT portugal|ROU romania,românia|SAU saudi arabia
|SGP singapore|SRB serbia|SVK slovakia|SVN slovenia|SWE sweden,sverige|THA thailand|TUR turkey,türkiye|TWN taiwan
|UKR ukraine|ARE united arab emirates|USA united states,united states of america|VNM vietnam|ZAF south africa
|REU réunion,la réunion|GLP guadeloupe|MTQ martinique|GUF guyane,french guiana|MAR morocco,maroc|TUN tunisia
|ARG argentina|AND andorra,andorre|GGY guernsey|JEY jersey|IMN isle of man|PRI puerto rico
"""

_words = _CODES.split()
ALPHA2: dict[str, str] = dict(zip(_words[::2], _words[1::2], strict=True))
_BY_NAME: dict[str, str] = {}
for _alpha3, _alpha2 in ALPHA2.items():
    _BY_NAME[_alpha3.casefold()] = _alpha3
    _BY_NAME[_alpha2.casefold()] = _alpha3
for _row in _NAMES.replace("\n", "").split("|"):
    _alpha3, _names = _row.strip().split(" ", 1)
    for _name in _names.split(","):
        _BY_NAME[_name.strip().casefold()] = _alpha3


def alpha3_of(code: str, name: str = "") -> str:
    """The alpha-3 code from a code (alpha-3 or alpha-2), else from the country's name; empty when neither is known.

    A code that stands in no standard is not passed on: a parcel would go nowhere.
    """
    return _BY_NAME.get(code.strip().casefold()) or _BY_NAME.get(name.strip().casefold(), "")
