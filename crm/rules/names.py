"""What remains of a company's name when legal form, accents, case, script and punctuation are taken away."""

import re
import unicodedata
from functools import lru_cache

from crm.rules import scripts
from crm.rules.legal_forms import LEADING, TRAILING, without_forms
from crm.rules.letters import NOT_A_WORD, plain

_UMLAUT_COUNTRIES = frozenset({"DE", "AT", "CH", "LI"})
_UMLAUTS = (("ae", "a"), ("oe", "o"), ("ue", "u"))
_JOINING_WORDS = frozenset({"and", "und", "et", "oraz", "es", "the"})
_LONGEST_KEY = 300  # letters; compatibility forms can expand
_FORMS = TRAILING | LEADING
# Written without a space between form and name.
_UNSPACED_FORMS = re.compile("株式会社|有限会社|合同会社|股份有限公司|有限责任公司|有限公司|주식회사|유한회사")


@lru_cache(maxsize=4096)
def normalised_name(name: str, country: str = "") -> str:
    """The name that two spellings of one company share; never empty unless the name has no letter and no digit.

    The country (ISO 3166 alpha-2) decides on spellings of umlauts and on leading forms. A legal form is taken away
    only while something remains: a company called "Limited" keeps its name.
    """
    spaced = unicodedata.normalize("NFKC", name)
    text = plain(_UNSPACED_FORMS.sub(" ", spaced) if not spaced.isascii() else name, _FORMS)
    if country in _UMLAUT_COUNTRIES:
        for spelled, letter in _UMLAUTS:
            text = text.replace(spelled, letter)
    words = [word for word in NOT_A_WORD.split(text) if word]
    words = [word for word in words if word not in _JOINING_WORDS] or words
    return " ".join(_joined_initials(without_forms(words, country)))[:_LONGEST_KEY]


def has_lookalikes(name: str) -> bool:
    """Whether a letter of another script poses as one of the word's own: a sign of an attempt to pass unnoticed.

    A name wholly in one script has none, nor has one with a legal form in another script.
    """
    return scripts.has_lookalikes(unicodedata.normalize("NFKC", name), _FORMS)


def _joined_initials(words: list[str]) -> list[str]:
    """Single letters in a row are one word: "A.B.C. Systems" is "ABC Systems"."""
    joined: list[str] = []
    in_initials = False
    for word in words:
        is_initial = len(word) == 1 and word.isalpha()
        if is_initial and in_initials:
            joined[-1] += word
        else:
            joined.append(word)
        in_initials = is_initial
    return joined
