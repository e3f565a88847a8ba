"""How alike two names are, word by word: which words agree, in what way, and how much each of them says.

Likeness is how much of the weight of the words agrees: half of it the share among the words of both names, half the
share among those of the name that says less. The order of words does not count. Names here are normalised
(`crm.rules.names`); weights come from `crm.rules.rarity`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, NamedTuple

from rapidfuzz.distance import OSA

from crm.rules.legal_forms import CLEAR
from crm.rules.rarity import GENERAL, Rarity
from crm.rules.vocabulary import MEANINGS

How = Literal["same", "abbreviation", "glued", "initials", "similar", "shortened", "unmatched"]

WHOLE = 1000  # shares are per mille
ASIDE = 150  # of its weight is left to a word after a legal form: a branch, a class of shares
GLUED = 980
INITIALS = 850  # from four letters on; three are the first letters of too many names
FEW_INITIALS = 750
OTHER_NUMBER = 850  # what is left of likeness when each name has a number that the other has not
PER_ERROR = 900  # of a letter's share in a word
WRONG_START = 150  # people seldom mistake a first letter
SHORTENED = 600  # a word that begins the other, and of
BY_LENGTH = 300  # more as much as there is of it
SHORTEST_STEM = 3


class Word(NamedTuple):
    """A word of a name, the word that it stands for, and how much of its weight counts."""

    text: str
    meaning: str
    share: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """Words of the one name and of the other that agree, `likeness` per mille far; one side is empty if none does.

    `weight` is what the words of both sides say, from 1 to 100 for each.
    """

    one: str
    other: str
    how: How
    likeness: int
    weight: int


@dataclass(frozen=True, slots=True)
class Likeness:
    """0 to 1000, and what it is made of, weightiest words first."""

    per_mille: int
    words: tuple[Agreement, ...] = ()


@lru_cache(maxsize=16384)
def words_of(name: str) -> tuple[Word, ...]:
    """The words of a normalised name. What stands from an inner legal form on is said aside: "Acme Ltd Class A"."""
    texts = name.split()
    aside = next((place for place, text in enumerate(texts) if place and text in CLEAR), len(texts))
    return tuple(
        Word(text, MEANINGS.get(text, text), WHOLE if place < aside else ASIDE) for place, text in enumerate(texts)
    )


def likeness(one: str, other: str, rarity: Rarity = GENERAL) -> int:
    """Likeness of two normalised names, 0 to 1000; the same whichever comes first."""
    return _compared(one, other, rarity).per_mille() if one and other else 0


def explain(one: str, other: str, rarity: Rarity = GENERAL) -> Likeness:
    """Likeness with the words that agree, the weightiest first, and then those that do not."""
    if not one or not other:
        return Likeness(0)
    compared = _compared(one, other, rarity)
    words = list(compared.told())
    if one > other:
        words = [replace(found, one=found.other, other=found.one) for found in words]
    words.sort(key=lambda found: (found.how == "unmatched", -found.weight, found.one, found.other))
    return Likeness(compared.per_mille(), tuple(words))


def _compared(one: str, other: str, rarity: Rarity) -> "_Comparison":
    """In one order whichever comes first, so that the outcome is the same."""
    return _Comparison(one, other, rarity) if one <= other else _Comparison(other, one, rarity)


def word_likeness(one: str, other: str) -> tuple[int, How]:
    """How far two different words are one, per mille, and why; 0: they are not. Numbers are one only when the same."""
    short, long = (one, other) if len(one) <= len(other) else (other, one)
    if len(short) < SHORTEST_STEM or short.isdigit() or long.isdigit():
        return 0, "unmatched"
    stem = SHORTENED + BY_LENGTH * len(short) // len(long) if long.startswith(short) else 0
    allowed = errors_allowed(len(long)) if len(short) > SHORTEST_STEM else 0
    errors = OSA.distance(short, long, score_cutoff=allowed) if allowed else 1
    if errors > allowed:
        return stem, "shortened"
    near = WHOLE - PER_ERROR * errors // len(long) - (WRONG_START if short[0] != long[0] else 0)
    return (near, "similar") if near >= stem else (stem, "shortened")


def errors_allowed(length: int) -> int:
    """How many letters of a word may be wrong, missing, too many or swapped."""
    return 1 if length < 8 else 2 if length < 12 else 3


class _Side:
    """A name while it is compared: its words, which of them are still without a counterpart, and what agrees.

    Weights are in thousandths; what agrees is in thousandths of these.
    """

    def __init__(self, name: str, rarity: Rarity) -> None:
        self.words = words_of(name)
        self.weights = [rarity.weight(word.meaning) * word.share for word in self.words]
        self.open = list(range(len(self.words)))
        self.agreed = 0

    def take(self, places: Sequence[int], share: int) -> None:
        for place in places:
            self.open.remove(place)
            self.agreed += self.weights[place] * share

    def text(self, places: Sequence[int]) -> str:
        return " ".join(self.words[place].text for place in places)

    def weight(self, places: Sequence[int]) -> int:
        return sum(self.weights[place] for place in places)

    def runs(self, longest: int) -> Iterator[list[int]]:
        """Neighbouring words without a counterpart, two or more."""
        for start in range(len(self.open) - 1):
            run = self.open[start : start + 1]
            for place in self.open[start + 1 : start + longest]:
                if place != run[-1] + 1:
                    break
                run = [*run, place]
                yield run

    def has_open_number(self) -> bool:
        return any(self.words[place].text.isdigit() for place in self.open)


class _Comparison:
    """Words are paired off from the surest kind of agreement to the least; within a kind the weightiest first."""

    def __init__(self, one: str, other: str, rarity: Rarity) -> None:
        self.one, self.other = _Side(one, rarity), _Side(other, rarity)
        self.pairs: list[tuple[list[int], list[int], How, int]] = []
        self._same()
        if self.one.open and self.other.open:
            self._joined()
            self._similar()

    def per_mille(self) -> int:
        sides = sorted((sum(side.weights), side.agreed) for side in (self.one, self.other))
        (less, agreed_of_less), (more, agreed_of_more) = sides
        if less == more:
            agreed_of_less = max(agreed_of_less, agreed_of_more)
        agreed = (self.one.agreed + self.other.agreed) * less + agreed_of_less * (less + more)
        whole = 2 * less * (less + more)
        if self.one.has_open_number() and self.other.has_open_number():
            agreed, whole = agreed * OTHER_NUMBER, whole * WHOLE
        return min(WHOLE, (2 * agreed + whole) // (2 * whole))

    def told(self) -> Iterator[Agreement]:
        for ours, theirs, how, share in self.pairs:
            weight = _whole(self.one.weight(ours) + self.other.weight(theirs))
            yield Agreement(self.one.text(ours), self.other.text(theirs), how, share, weight)
        for place in self.one.open:
            yield Agreement(self.one.words[place].text, "", "unmatched", 0, _whole(self.one.weights[place]))
        for place in self.other.open:
            yield Agreement("", self.other.words[place].text, "unmatched", 0, _whole(self.other.weights[place]))

    def _pair(self, ours: list[int], theirs: list[int], how: How, share: int) -> None:
        self.one.take(ours, share)
        self.other.take(theirs, share)
        self.pairs.append((ours, theirs, how, share))

    def _same(self) -> None:
        places: dict[str, list[int]] = {}
        for place, word in enumerate(self.one.words):
            places.setdefault(word.meaning, []).append(place)
        for place, word in enumerate(self.other.words):
            found = places.get(word.meaning)
            if found:
                mine = found.pop(0)
                same = self.one.words[mine].text == word.text
                self._pair([mine], [place], "same" if same else "abbreviation", WHOLE)

    def _joined(self) -> None:
        """One word that is several of the other name written together, or their first letters."""
        for side, against, turned in ((self.one, self.other, False), (self.other, self.one, True)):
            for place in list(against.open):
                found = _as_run(against.words[place].text, side)
                if found:
                    run, how, share = found
                    self._pair(*(([place], run) if turned else (run, [place])), how, share)

    def _similar(self) -> None:
        found = []
        for mine in self.one.open:
            for theirs in self.other.open:
                share, how = word_likeness(self.one.words[mine].text, self.other.words[theirs].text)
                if share > 0:
                    gain = share * (self.one.weights[mine] + self.other.weights[theirs])
                    found.append((-gain, mine, theirs, how, share))
        for _, mine, theirs, how, share in sorted(found):
            if mine in self.one.open and theirs in self.other.open:
                self._pair([mine], [theirs], how, share)


def _whole(thousandths: int) -> int:
    return (thousandths + WHOLE // 2) // WHOLE


def _as_run(word: str, side: _Side) -> tuple[list[int], How, int] | None:
    """Which neighbouring words this one is made of, if it is, and in which way."""
    for run in side.runs(max(3, len(word))):
        texts = [side.words[place].text for place in run]
        if len(run) <= 3 and "".join(texts) == word:
            return run, "glued", GLUED
        if len(run) == len(word) >= SHORTEST_STEM and "".join(text[0] for text in texts) == word:
            return run, "initials", INITIALS if len(word) > SHORTEST_STEM else FEW_INITIALS
    return None
