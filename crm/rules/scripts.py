"""Names in Cyrillic and Greek letters written in Latin ones, and letters that only look like those of another script.

The tables are ours and simple: letter by letter, as passports and road signs write names.
"""

import re
import unicodedata
from collections import Counter

_WORD = re.compile(r"[^\W\d_]+")

# ruff: noqa: RUF001, RUF002 (letters that look alike are what this is about)
_CYRILLIC = dict(
    zip(
        "абвгґдђѓеёєжзѕиіїйјклљмнњопрстћќуўфхцчџшщъыьэюя",
        "a b v g g d dj g e e ye zh z dz i i yi y j k l lj m n nj o p r s t c k u u f kh ts ch dz sh shch "
        " y  e yu ya".split(" "),
        strict=True,
    )
)
_GREEK = dict(
    zip("αβγδεζηθικλμνξοπρσςτυφχψω", "a v g d e z i th i k l m n x o p r s s t y f ch ps o".split(), strict=True)
)
_SPELLED = str.maketrans({**_CYRILLIC, **_GREEK})
_GREEK_PAIRS = (("ου", "ou"), ("αυ", "av"), ("ευ", "ev"))

# Which Latin letter one of another script can be taken for; capitals and small letters apart.
_CYRILLIC_TWINS = dict(zip("АВЕЅІЈКМНОРСТУХаеѕіјорсух", "ABESIJKMHOPCTYXaesijopcyx", strict=True))
_GREEK_TWINS = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧονυαικρ", "ABEZHIKMNOPTYXovuaikp", strict=True))
_AS_LATIN = str.maketrans({**_CYRILLIC_TWINS, **_GREEK_TWINS})
_AS_OTHER = {
    "CYRILLIC": str.maketrans({latin: letter for letter, latin in _CYRILLIC_TWINS.items()}),
    "GREEK": str.maketrans({latin: letter for letter, latin in _GREEK_TWINS.items()}),
}


def in_latin(text: str, spared: frozenset[str] = frozenset()) -> str:
    """The text with Cyrillic and Greek words spelled in Latin letters; of words that mix scripts the odd letters first.

    A word all of letters that look Latin, in a name that has Latin words, is read as Latin, unless what it spells is
    among `spared` (legal forms).
    """
    if text.isascii():
        return text
    latin_near = any(_scripts(word) == {"LATIN"} for word in _WORD.findall(text))
    return _WORD.sub(lambda found: _word_in_latin(found.group(), latin_near, spared), text)


def has_lookalikes(text: str, spared: frozenset[str] = frozenset()) -> bool:
    """Whether a word holds letters of another script that look like its own, as a Cyrillic "а" in "Bаnk".

    A word all of such letters counts when other words are Latin and it spells nothing among `spared` (legal forms).
    A name wholly in one script has none.
    """
    if text.isascii():
        return False
    words = _WORD.findall(text)
    latin_near = any(_scripts(word) == {"LATIN"} for word in words)
    return any(_is_disguised(word, latin_near, spared) for word in words)


def _is_disguised(word: str, latin_near: bool, spared: frozenset[str]) -> bool:
    scripts = _scripts(word)
    if len(scripts) > 1:
        return any(ord(letter) in _AS_LATIN for letter in word)
    return latin_near and "LATIN" not in scripts and _looks_latin(word) and _spelled(word) not in spared


def _word_in_latin(word: str, latin_near: bool, spared: frozenset[str]) -> str:
    if word.isascii():
        return word
    if _is_disguised(word, latin_near, spared):
        folded = word.translate(_AS_LATIN)
        if _scripts(folded) == {"LATIN"}:
            return folded
        most = Counter(_script(letter) for letter in word).most_common(1)[0][0]
        word = word.translate(_AS_OTHER.get(most, {}))
    return _spelled(word) if _scripts(word) & {"CYRILLIC", "GREEK"} else word


def _looks_latin(word: str) -> bool:
    return len(word) > 1 and all(ord(letter) in _AS_LATIN for letter in word)


def _spelled(word: str) -> str:
    small = word.lower()
    for pair, latin in _GREEK_PAIRS:
        small = small.replace(_unaccented(pair), latin)
    return _unaccented(small.translate(_SPELLED)).translate(_SPELLED)


def _unaccented(text: str) -> str:
    """Accents are taken off only what is left: "й" and "ё" are letters of their own."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))


def _scripts(word: str) -> set[str]:
    return {_script(letter) for letter in word} - {""}


def _script(letter: str) -> str:
    if letter.isascii():
        return "LATIN"
    return unicodedata.name(letter, "").partition(" ")[0] if letter.isalpha() else ""
