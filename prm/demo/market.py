"""Customers of the demo, made from a sample of real company names, and how partners misspell them."""

import csv
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from random import Random

from prm.demo.cast import COUNTRIES

_SAMPLE = Path(__file__).with_name("companies.csv")
_CITIES = "North South East West Harbour Airport Central Old Town Riverside Valley".split()
_LETTERS = str.maketrans({"ł": "l", "ß": "ss", "ø": "o", "æ": "ae", "đ": "d"})


@dataclass(frozen=True, slots=True)
class CastCustomer:
    external_id: str
    name: str
    country: str
    domain: str
    tax_id: str


def customers(rng: Random, scale: int) -> list[CastCustomer]:
    """2 000 × scale customers; beyond the sample the names are those of branches."""
    with _SAMPLE.open(newline="") as file:
        sample = [(row["country"], row["name"]) for row in csv.DictReader(file)]
    rng.shuffle(sample)
    made = []
    for number in range(len(sample) * scale):
        country, name = sample[number % len(sample)]
        branch = number // len(sample)
        if branch:
            name = f"{name} {_CITIES[branch % len(_CITIES)]} {branch}"
        has_domain, has_tax_id = rng.random() < 0.85, rng.random() < 0.6
        domain = f"{_slug(name)}-{number:x}.{COUNTRIES[country].tld}" if has_domain else ""
        tax_id = f"{country}{rng.randrange(10**9, 10**10)}" if has_tax_id else ""
        made.append(CastCustomer(f"C-{number + 1:06}", name, country, domain, tax_id))
    return made


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.lower().translate(_LETTERS)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:30] or "company"


def as_typed(name: str, rng: Random) -> str:
    """The name as a partner may type it: exact, without its legal form, in capitals, or with a slip."""
    style = rng.random()
    if style < 0.6:
        return name
    words = name.split()
    if style < 0.75 and len(words) > 1:
        return " ".join(words[:-1])
    if style < 0.9:
        return name.upper()
    place = rng.randrange(len(name))
    return name[:place] + name[place + 1 :] if len(name) > 8 else name
