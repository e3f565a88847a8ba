"""How much a word tells of a company: the rarer among names, the more.

The weight of a word is 100 · (ln(1/p) / ln(20 000))², where p is the share of names that hold it, between one in
20 000 and all. p is counted among the installation's own customers, to which 20 000 names of general knowledge
(`crm.rules.vocabulary`) are always added, so that "Holding" says little from the first day on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import log

from crm.rules.vocabulary import PER_MILLION

GENERAL_NAMES = 20_000
RAREST = 20_000  # held by one name in as many: rarer words do not tell more
LEAST = 3
MOST = 100
NUMBER = 60  # at least, however common: "Fund 1" is not "Fund 2"


@dataclass(frozen=True, slots=True)
class Rarity:
    """How many names are known, and how many of them hold each word; an absent word is held by none."""

    names: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)

    def weight(self, word: str) -> int:
        """From 3 for a word that nearly every name holds to 100 for one in hardly any."""
        return _weight(word, self.counts.get(word, 0), self.names)


GENERAL = Rarity()


@lru_cache(maxsize=16384)
def _weight(word: str, count: int, names: int) -> int:
    general = PER_MILLION.get(word, 0) * GENERAL_NAMES / 1_000_000
    share = min(1, (general + count) / (GENERAL_NAMES + names))
    if share * RAREST <= 1:
        return MOST
    weight = max(LEAST, round(MOST * (log(1 / share) / log(RAREST)) ** 2))
    return max(weight, NUMBER) if word.isdigit() else weight
