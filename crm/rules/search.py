"""By what a name is found among a million others: its words, words with a wrong letter, words written together.

A customer's row keeps `index_words` of its name. Whoever asks looks the words up first (`asked_words`): how many names
hold them, and which known words differ by a letter. `plan` then says which rows are worth reading: those that share a
word which few names hold, and of words that many hold those that share two.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from crm.rules.likeness import WHOLE, word_likeness, words_of
from crm.rules.rarity import MOST, Rarity

EVERY_NAME = ""  # the word that counts all names
MOST_WORDS = 16  # of a name are looked at
LONGEST_WORD = 60
TOGETHER = "+"  # leads two words written as one
INITIALS = "="  # leads the first letters of a name
FEWEST_INITIALS = 4
SHORTEST_GLUED = 6  # letters that a word has if it may be two
SHORTEST_INEXACT = 5  # letters that a word has if it is also looked for with one wrong
FEW_NAMES = 60  # that hold any of the words together are read one and all
ENOUGH = 460  # per mille of a name's weight: a name that shares no word of so much is not like it
COMMON_WORDS = 4  # of a name are looked for all together and in twos
MOST_ROWS = 100  # are read
LOOKED_AT = 3  # rows are compared word by word for each candidate wanted
BESIDES = 10  # off for a word that is not in the name


def index_words(name: str) -> list[str]:
    """What a customer of this normalised name is found by, each once and in order."""
    words = _core(name)
    texts = [text for text, _ in words]
    found = {meaning for _, meaning in words}
    found |= {_cut(TOGETHER + one + other) for one, other in pairwise(texts)}
    if len(texts) >= FEWEST_INITIALS:
        found.add(INITIALS + "".join(text[0] for text in texts))
    return sorted(found)


def counted_words(indexed: Iterable[str]) -> list[str]:
    """Of what a name is found by the plain words, which are counted."""
    return [word for word in indexed if word[:1] not in (TOGETHER, INITIALS)]


def deletions(word: str) -> list[str]:
    """The word, and if it is long enough the word without each of its letters: two that differ by one share some."""
    if len(word) < SHORTEST_INEXACT:
        return [word]
    return sorted({word, *(word[:place] + word[place + 1 :] for place in range(len(word)))})


@dataclass(frozen=True, slots=True)
class Plan:
    """Rows to read: those with `any_of` these, then those with `all_of` these words (with spaces between them)."""

    any_of: list[str]
    all_of: list[str]
    worth: Mapping[str, int]  # of what may be found in a row: how much it says

    def promise(self, indexed: Iterable[str]) -> int:
        """Sorts rows before they are compared: what they share with the name, less the more words they have besides."""
        words = counted_words(indexed)
        shared = sum(self.worth.get(word, 0) for word in indexed)
        return shared - sum(word not in self.worth for word in words) * BESIDES


def asked_words(name: str) -> list[str]:
    """What to look up of the words before a search: the count of all names, of these words and of those near them."""
    words = _core(name)
    own = {meaning: MOST for _, meaning in words}
    near = {part for meaning in own for part in deletions(meaning)}
    return [EVERY_NAME, *sorted(near | _weights_together(words, own).keys())]


def plan(name: str, known: Mapping[str, int]) -> Plan:
    """Which rows to read, `known` being the words found for `asked_words` with the number of names that hold them."""
    words = _core(name)
    rarity = Rarity(known.get(EVERY_NAME, 0), known)
    own = {meaning: rarity.weight(meaning) for _, meaning in words}
    near = {word: _worth_of_near(word, own) for word in known.keys() - own.keys() - {EVERY_NAME}}
    near |= {word: weight for word, weight in _weights_together(words, own).items() if word in known}
    few = _few(own, near, known)
    common = sorted((word for word in own if word in known and word not in few), key=lambda word: (known[word], word))
    enough = sum(weight for word, weight in own.items() if word not in common) * WHOLE > ENOUGH * sum(own.values())
    apart = {TOGETHER + text: own[meaning] for text, meaning in words if len(text) >= SHORTEST_GLUED}
    if len(words) == 1 and len(name) >= FEWEST_INITIALS:
        apart[INITIALS + name] = MOST
    return Plan([*few, *apart], [] if enough else _sets(common[:COMMON_WORDS]), {**near, **own, **apart})


def _sets(common: Sequence[str]) -> list[str]:
    """All of the words, and if they are more than two also every two of them."""
    pairs = combinations(common, 2) if len(common) > 2 else ()
    return [" ".join(words) for words in (common, *pairs) if words]


def _few(own: Mapping[str, int], near: Mapping[str, int], known: Mapping[str, int]) -> list[str]:
    """Words that together few names hold: the name's own first, then those nearest to what says most."""
    few: list[str] = []
    room = FEW_NAMES
    for word in sorted((word for word in own if word in known), key=lambda word: (known[word], word)):
        if known[word] <= room:
            few.append(word)
            room -= known[word]
    for word in sorted((word for word in near if near[word]), key=lambda word: (-near[word], known[word], word)):
        if known[word] <= room:
            few.append(word)
            room -= known[word]
    return few


def _worth_of_near(word: str, own: Mapping[str, int]) -> int:
    """What a word says in place of one of the name's own that it resembles; 0 if it resembles none."""
    worth = 0
    for meaning, weight in own.items():
        if len(meaning) >= SHORTEST_INEXACT:
            worth = max(worth, word_likeness(meaning, word)[0] * weight // WHOLE)
    return worth


def _weights_together(words: Sequence[tuple[str, str]], own: Mapping[str, int]) -> dict[str, int]:
    """What words of the name, or their first letters, say when another name has them as one word."""
    weights = {_cut(one[0] + other[0]): own[one[1]] + own[other[1]] for one, other in pairwise(words)}
    if len(words) >= FEWEST_INITIALS:
        weights["".join(text[0] for text, _ in words)] = sum(own.values())
    return {word: weight for word, weight in weights.items() if word not in own}


def _core(name: str) -> list[tuple[str, str]]:
    """The words that a name consists of and what they mean, without what is said aside after a legal form."""
    words = words_of(name)[:MOST_WORDS]
    return [(_cut(word.text), _cut(word.meaning)) for word in words if word.share == WHOLE]


def _cut(word: str) -> str:
    return word[:LONGEST_WORD]
