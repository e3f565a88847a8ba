"""Names for very many customers: varied from a list of real ones, and the ways in which people misspell them."""

import csv
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from random import Random

import bulk_data

from crm.rules.vocabulary import MEANINGS, PER_MILLION

COUNTRIES = ("PL", "DE", "HU", "CZ", "FR", "IT", "ES", "GB", "NL", "SE", "AT", "RO", "US", "CH")
FORMS = ("GmbH", "Sp. z o.o.", "S.A.", "Ltd", "Inc", "AG", "Kft.", "Corp", "PLC", "SRL", "B.V.", "AB")
KEPT = 0.2  # of the telling words of a name stay in a varied one: first names, places
SHORTEST_TELLING = 4

_SHORT = {meaning: short for short, meaning in reversed(MEANINGS.items()) if len(short) < len(meaning)}


def real_names(path: str) -> list[str]:
    """The distinct names of a list of companies (column `full_name`); without one, invented ones."""
    if path:
        with Path(path).open(encoding="utf-8") as lines:
            return sorted({row["full_name"] for row in csv.DictReader(lines)})
    common = sorted(PER_MILLION)
    rng = Random(1)
    return [f"{bulk_data.word(n)} {rng.choice(common).title()} {rng.choice(FORMS)}" for n in range(1, 3000)]


def varied(names: list[str], count: int) -> Iterator[str]:
    """The names themselves, then names made like them: telling words are put together from halves of others."""
    rng = Random(2)
    telling = sorted({word for name in names for word in name.split() if is_telling(word)})
    yield from names[:count]
    for _ in range(count - len(names)):
        name = rng.choice(names)
        found = " ".join(
            _halves(rng, telling) if is_telling(word) and rng.random() > KEPT else word for word in name.split()
        )
        yield found if found != name else f"{_halves(rng, telling)} {name}"


def is_telling(word: str) -> bool:
    small = word.lower()
    return small.isalpha() and len(small) >= SHORTEST_TELLING and MEANINGS.get(small, small) not in PER_MILLION


def _halves(rng: Random, telling: list[str]) -> str:
    one, other = rng.choice(telling), rng.choice(telling)
    return one[: (len(one) + 1) // 2] + other[len(other) // 2 :].lower()


# How somebody else writes it


def misspelled(name: str, rng: Random) -> str:
    """The name as somebody else writes it: one or two of the ways below that change it."""
    ways = list(_WAYS)
    rng.shuffle(ways)
    changed = name
    differing = (way(changed, rng) for way in ways)
    for found in islice((found for found in differing if found not in (name, "")), rng.choice((1, 1, 2))):
        changed = found
    return changed


def _wrong_letter(name: str, rng: Random) -> str:
    words = name.split()
    long = [place for place, word in enumerate(words) if is_telling(word)]
    if not long:
        return name
    place = rng.choice(long)
    word = words[place]
    at = rng.randrange(1, len(word) - 1)
    words[place] = rng.choice(
        (
            word[:at] + word[at + 1 :],
            word[:at] + rng.choice("aeinorst") + word[at:],
            word[:at] + rng.choice("aeinorst") + word[at + 1 :],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        )
    )
    return " ".join(words)


def _other_form(name: str, rng: Random) -> str:
    words = name.split()
    return " ".join([*words[:-1], rng.choice(FORMS)]) if len(words) > 1 and not is_telling(words[-1]) else name


def _no_form(name: str, _: Random) -> str:
    words = name.split()
    return " ".join(words[:-1]) if len(words) > 1 and not is_telling(words[-1]) else name


def _other_order(name: str, _: Random) -> str:
    words = name.split()
    return " ".join([words[1], words[0], *words[2:]]) if len(words) > 2 and is_telling(words[1]) else name


def _abbreviated(name: str, _: Random) -> str:
    return " ".join(_SHORT.get(word.lower(), word) for word in name.split())


def _glued(name: str, _: Random) -> str:
    words = name.split()
    if len(words) < 3 or not (is_telling(words[0]) and is_telling(words[1])):
        return name
    return " ".join([words[0] + words[1].lower(), *words[2:]])


def _one_more_word(name: str, rng: Random) -> str:
    words = name.split()
    place = len(words) if is_telling(words[-1]) else len(words) - 1
    more = rng.choice(("Group", "Holding", "International", "Services"))
    return " ".join([*words[:place], more, *words[place:]]) if place else name


def _loud(name: str, _: Random) -> str:
    return name.upper()


_WAYS: tuple[Callable[[str, Random], str], ...] = (
    *(_wrong_letter, _other_form, _no_form, _other_order, _abbreviated, _glued, _one_more_word, _loud),
)
