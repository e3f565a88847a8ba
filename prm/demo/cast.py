"""Who and what appears in the demo: partners, people, products. Customers come from `companies.csv`."""

from dataclasses import dataclass
from decimal import Decimal
from random import Random

PASSWORD = "channel-demo-2026"
LARGE = 1_000  # the weight from which a partner's people can sign in; those of the first distributor can, too
VENDOR_DOMAIN = "northwind-systems.example"


@dataclass(frozen=True, slots=True)
class Country:
    code: str
    currency: str
    territory: str
    rate: Decimal  # euros for one unit, about
    tld: str


COUNTRIES = {
    "PL": Country("PL", "PLN", "Central Europe", Decimal("0.234"), "pl"),
    "HU": Country("HU", "HUF", "Central Europe", Decimal("0.00255"), "hu"),
    "DE": Country("DE", "EUR", "DACH", Decimal(1), "de"),
    "AT": Country("AT", "EUR", "DACH", Decimal(1), "at"),
    "GB": Country("GB", "GBP", "UK and Ireland", Decimal("1.17"), "co.uk"),
    "SE": Country("SE", "SEK", "Nordics", Decimal("0.088"), "se"),
    "FR": Country("FR", "EUR", "France", Decimal(1), "fr"),
}

_STEMS = {
    "PL": "Bałtyk Wisła Tatry Sokół Mazury Karpaty Odra Jantar Warta Narew Giewont Zubr Polana Rubin Horyzont "
    "Kompas Orlik Sudety Bursztyn Wawel",
    "HU": "Duna Tisza Balaton Mátra Bakony Turul Gellért Zemplén Kőrös Hortobágy Alföld Badacsony",
    "DE": "Rhein Elbe Spree Hansa Isar Neckar Alster Harz Eifel Allgäu Nordlicht Brocken Havel Weser Ruhr Taunus",
    "GB": "Thames Severn Pennine Cheviot Mersey Avon Cotswold Solent Tyne Malvern Trent Lomond",
}
_FORMS = {"PL": "sp. z o.o.", "HU": "Kft.", "DE": "GmbH", "GB": "Ltd"}
_WORDS = {
    "var": "IT",
    "integrator": "Integration",
    "distributor": "Distribution",
    "alliance": "Consulting",
    "oem": "Devices",
    "msp": "Managed Services",
    "isv": "Software",
    "affiliate": "Media",
    "broker": "Advisory",
}
_TYPES = ["var"] * 9 + ["integrator"] * 6 + ["msp"] * 5 + ["distributor"] * 3 + ["isv"] * 3
_TYPES += ["alliance", "oem", "affiliate", "broker"]
ASCII = str.maketrans("ąćęłńóśźżáéíöőüűäßŁŻŚ", "acelnoszzaeioouuasLZS")


@dataclass(frozen=True, slots=True)
class CastPartner:
    """A partner to be, with how much of the channel's business it does."""

    name: str
    legal_name: str
    country: str
    types: tuple[str, ...]
    domain: str
    weight: int
    signs_in: bool


def partners(seed: int, scale: int) -> list[CastPartner]:
    """60 × scale partners of all types; the weights follow a Zipf-like curve, the largest does some 8 %."""
    rng = Random(seed)
    names = [(country, stem) for country, stems in _STEMS.items() for stem in stems.split()]
    rng.shuffle(names)
    cast = []
    for number in range(60 * scale):
        country, stem = names[number % len(names)]
        kind = _TYPES[number % len(_TYPES)]
        round_number = number // len(names)
        name = f"{stem} {_WORDS[kind]}" + (f" {round_number + 1}" if round_number else "")
        second = ("integrator",) if kind == "var" and number % 4 == 0 else ()
        domain = f"{name.lower().translate(ASCII).replace(' ', '-')}.example"
        weight = 10_000 // (number % 60 + 6)
        legal_name = f"{name} {_FORMS[country]}"
        signs_in = weight >= LARGE or number == _TYPES.index("distributor")
        cast.append(CastPartner(name, legal_name, country, (kind, *second), domain, weight, signs_in))
    return cast


FAMILIES = {"platform": "Platform", "security": "Security", "analytics": "Analytics", "services": "Services"}


@dataclass(frozen=True, slots=True)
class CastProduct:
    sku: str
    name: str
    kind: str
    family: str
    price: int  # euros, list price of one


PRODUCTS = (
    CastProduct("PLT-100", "Platform Standard", "product", "platform", 4_200),
    CastProduct("PLT-300", "Platform Enterprise", "product", "platform", 14_500),
    CastProduct("PLT-900", "Platform Cloud", "subscription", "platform", 1_150),
    CastProduct("SEC-100", "Security Gateway", "product", "security", 6_800),
    CastProduct("SEC-200", "Endpoint Protection", "subscription", "security", 480),
    CastProduct("SEC-400", "Security Operations", "subscription", "security", 2_300),
    CastProduct("ANA-100", "Analytics Workbench", "product", "analytics", 3_900),
    CastProduct("ANA-500", "Analytics Cloud", "subscription", "analytics", 890),
    CastProduct("SRV-010", "Implementation day", "service", "services", 1_100),
    CastProduct("SRV-020", "Training day", "service", "services", 950),
    CastProduct("SRV-100", "Premium support year", "service", "services", 5_400),
)

# (e-mail name, full name, roles): the vendor's own people
STAFF = (
    ("ceo", "Katarzyna Lewandowska", ("ceo",)),
    ("chief", "Gábor Szalai", ("channel_chief",)),
    ("manager", "Anna Wójcik", ("channel_manager",)),
    ("manager2", "Jonas Brandt", ("channel_manager",)),
    ("finance", "Olivia Bennett", ("finance",)),
    ("direct", "Piotr Mazur", ("direct_sales",)),
    ("admin", "Eszter Kovács", ("admin", "channel_chief")),
)

# (who keeps it, page, name, selection): views of lists; colleagues see those that are not their owner's alone
VIEWS = (
    ("manager", "deals.queue", "Mine", "assigned=me"),
    ("manager", "deals.queue", "Nobody's yet", "assigned=nobody&sort=due"),
    ("manager", "deals.queue", "Large deals", "least=100000&sort=-value"),
    ("manager", "deals.queue", "Late", "late=on"),
    ("chief", "deals.queue", "Appeals", "kind=appeal"),
    ("manager", "deals.list", "Protected, by close", "status=approved&sort=closes"),
    ("manager", "deals.list", "Appealed", "status=appealed"),
)
OWN_VIEWS = frozenset({"Mine"})

FIRST_NAMES = "Marta Tomasz Zsófia Bence Lukas Hannah James Emily Paweł Ewa Máté Lilla Felix Clara Oliver Grace".split()
LAST_NAMES = (
    "Nowak Kowalska Nagy Tóth Schneider Fischer Taylor Hughes Zieliński Wrona Varga Kiss Weber Wolf Moss Reid".split()
)
WHY_NOW = (
    "Their maintenance contract with the present supplier ends this quarter.",
    "New compliance rules force them to act before the end of the year.",
    "They are opening a second site and want one platform for both.",
    "The board approved the budget last month; three suppliers are invited.",
    "An audit found gaps that our product closes.",
    "They know us from a workshop and asked for an offer.",
)
REVIEW_WORDS = (
    "Partner has an active contact and a documented need.",
    "Confirmed with the customer: the partner brought us in.",
    "Sound plan, realistic closing date.",
)
REJECT_WORDS = (
    "The customer told us that no project is planned this year.",
    "The same project is already served under a framework contract.",
    "We could not confirm the contact that was named.",
)
