"""How well names alone tell which companies are one: on a list of companies that come in several spellings.

    bench/matching.py companies.csv

The file has the columns `company` and `full_name`; rows of one company are one. A true pair is two different names of a
company; it is found when a person would at least be asked (class "similar name" or better). A company is flagged when
the name nearest to one of its own that is another company's would be held against it. Words weigh as they would in an
installation that has these customers. The bound is plain Jaro-Winkler from 0.92 of the same normalised names.

Halves: the companies by lot; what was chosen while looking at one half is judged by the other.
"""

import argparse
import csv
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from random import Random

import harness
from rapidfuzz import process
from rapidfuzz.distance import JaroWinkler

from crm.rules import search
from crm.rules.likeness import SHORTEST_STEM, WHOLE, likeness, words_of
from crm.rules.matching import SAME_NAME, SIMILAR_NAME
from crm.rules.names import normalised_name
from crm.rules.rarity import GENERAL, Rarity

JARO_WINKLER = 0.92
Compare = Callable[[str, str], float]
Pair = tuple[str, str]


@dataclass(frozen=True)
class Companies:
    """Normalised names of each company; the pairs of its spellings, by company; the companies of each name."""

    names: dict[str, list[str]]
    true_pairs: dict[str, list[Pair]]
    owners: dict[str, set[str]]

    def halves(self) -> list[set[str]]:
        drawn = sorted(self.names)
        Random(7).shuffle(drawn)
        return [set(drawn[: len(drawn) // 2]), set(drawn[len(drawn) // 2 :])]


@dataclass(frozen=True)
class Judged:
    """What each true pair scored, and the best score of each company with another."""

    pairs: dict[str, list[float]]
    nearest: dict[str, float]

    def recall(self, from_score: float, companies: Iterable[str] | None = None) -> float:
        chosen = self.pairs.keys() if companies is None else self.pairs.keys() & set(companies)
        scores = [score for company in chosen for score in self.pairs[company]]
        return sum(score >= from_score for score in scores) / max(1, len(scores))

    def flagged(self, from_score: float, companies: Iterable[str] | None = None) -> float:
        chosen = list(self.nearest if companies is None else companies)
        return sum(self.nearest[company] >= from_score for company in chosen) / max(1, len(chosen))


def read(path: Path) -> Companies:
    spellings: dict[str, set[str]] = defaultdict(set)
    with path.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            spellings[row["company"]].add(row["full_name"])
    normal = {name: normalised_name(name) for names in spellings.values() for name in names}
    owners: dict[str, set[str]] = defaultdict(set)
    for company, names in spellings.items():
        for name in names:
            owners[normal[name]].add(company)
    pairs = {
        company: [(normal[one], normal[other]) for one, other in combinations(sorted(names), 2)]
        for company, names in spellings.items()
    }
    return Companies({key: sorted({normal[name] for name in names}) for key, names in spellings.items()}, pairs, owners)


def rarity_of(companies: Companies) -> Rarity:
    """What words would weigh if these were an installation's customers."""
    names = [name for spellings in companies.names.values() for name in spellings]
    counts = Counter(word for name in names for word in search.counted_words(search.index_words(name)))
    return Rarity(len(names), counts)


def judge(companies: Companies, near: Iterable[Pair], compare: Compare) -> Judged:
    """Score the true pairs, and every pair of names that may be near; names that two companies share are nearest."""
    nearest = dict.fromkeys(companies.names, 0.0)
    for owners in companies.owners.values():
        if len(owners) > 1:
            nearest.update(dict.fromkeys(owners, compare("same", "same")))
    for one, other in near:
        ours, theirs = companies.owners[one], companies.owners[other]
        score = compare(one, other)
        for company in ours if theirs - ours or len(theirs) > 1 else ():
            nearest[company] = max(nearest[company], score)
        for company in theirs if ours - theirs or len(ours) > 1 else ():
            nearest[company] = max(nearest[company], score)
    pairs = {company: [compare(*pair) for pair in found] for company, found in companies.true_pairs.items() if found}
    return Judged(pairs, nearest)


# Which names may be near


class Words:
    """All words of all names: who holds them, and which of them resemble a word."""

    def __init__(self, names: Iterable[str]) -> None:
        self.holders: dict[str, list[str]] = defaultdict(list)
        self.deleted: dict[str, list[str]] = defaultdict(list)
        for name in names:
            for word in {*search.index_words(name), *name.split()}:
                self.holders[word].append(name)
        self.sorted = sorted(word for word in self.holders if word[0] not in "+=")
        for word in self.sorted:
            for part in search.deletions(word):
                self.deleted[part].append(word)

    def near(self, word: str) -> Iterator[str]:
        """The word, those that differ by a letter, those that it begins and those that begin it."""
        yield word
        for part in search.deletions(word):
            yield from self.deleted.get(part, ())
        if len(word) >= SHORTEST_STEM:
            yield from (word[:length] for length in range(SHORTEST_STEM, len(word)))
            for place in range(bisect_left(self.sorted, word), len(self.sorted)):
                if not self.sorted[place].startswith(word):
                    break
                yield self.sorted[place]


def near_pairs(names: Sequence[str], rarity: Rarity) -> Iterator[Pair]:
    """Pairs of names, each once, that agree in some of the weightiest words of one; others are not like each other."""
    words = Words(names)
    for name in names:
        found: set[str] = set()
        for word in search.asked_words(name)[1:]:
            found.update(words.holders.get(word, ()))
        for text in name.split():
            found.update(words.holders.get(search.TOGETHER + text, ()), words.holders.get(search.INITIALS + text, ()))
        for text in _weightiest(name, rarity):
            for word in words.near(text):
                found.update(words.holders.get(word, ()))
        yield from ((name, other) for other in found if name < other or name not in found)


def _weightiest(name: str, rarity: Rarity) -> set[str]:
    """Words and their meanings, from the rarest on, until those left over cannot make two names alike."""
    words = sorted(words_of(name), key=lambda word: -rarity.weight(word.meaning) * word.share)
    left = sum(rarity.weight(word.meaning) * word.share for word in words)
    enough = left * (WHOLE - search.ENOUGH) // WHOLE
    chosen: set[str] = set()
    for word in words:
        if left < enough:
            break
        left -= rarity.weight(word.meaning) * word.share
        chosen |= {word.text, word.meaning}
    return chosen


def jaro_winkler_pairs(names: Sequence[str]) -> Iterator[Pair]:
    for name in names:
        hits = process.extract(name, names, scorer=JaroWinkler.similarity, score_cutoff=JARO_WINKLER, limit=None)
        yield from ((name, other) for other, _, _ in hits if name < other)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="companies with several spellings: CSV with `company`, `full_name`")
    companies = read(parser.parse_args().file)
    names = sorted(companies.owners)
    rarity = rarity_of(companies)
    harness.note(f"{len(companies.names):,} companies with {len(names):,} names")
    near = sorted(set(near_pairs(names, rarity)))
    harness.note(f"comparing {len(near):,} pairs of names, with weights counted here and with general ones")
    ours = judge(companies, near, lambda one, other: likeness(one, other, rarity))
    general = judge(companies, near, lambda one, other: likeness(one, other, GENERAL))
    harness.note("Jaro-Winkler")
    plain = judge(companies, jaro_winkler_pairs(names), JaroWinkler.similarity)
    tell(companies, ours, general, plain)


def tell(companies: Companies, ours: Judged, general: Judged, plain: Judged) -> None:
    halves = companies.halves()
    figures = {
        "recall": ours.recall(SIMILAR_NAME),
        "flagged": ours.flagged(SIMILAR_NAME),
        "recall_same_name": ours.recall(SAME_NAME),
        "flagged_same_name": ours.flagged(SAME_NAME),
        "recall_general_weights": general.recall(SIMILAR_NAME),
        "flagged_general_weights": general.flagged(SIMILAR_NAME),
        "recall_jaro_winkler": plain.recall(JARO_WINKLER),
        "flagged_jaro_winkler": plain.flagged(JARO_WINKLER),
    }
    harness.table("Share of true pairs found, share of companies flagged", [(*line, "") for line in figures.items()])
    harness.finish(
        "matching",
        ours=figures["recall"],
        bound=figures["recall_jaro_winkler"],
        recall_halves=[round(ours.recall(SIMILAR_NAME, half), 4) for half in halves],
        flagged_halves=[round(ours.flagged(SIMILAR_NAME, half), 4) for half in halves],
        true_pairs=sum(map(len, companies.true_pairs.values())),
        companies=len(companies.names),
        **figures,
    )


if __name__ == "__main__":
    main()
