"""What remains of a company's name when legal form, accents, case and punctuation are taken away.

Legal forms are kept as one word without spaces, and a run of words at the end (or, for some, at the beginning) of a
name is a legal form when it reads like one without its spaces: "Sp. z o.o.", "Sp z oo" and "spzoo" are one form.
"""

import re
import unicodedata
from functools import lru_cache

from cleanco.termdata import terms_by_country, terms_by_type

_NOT_DECOMPOSED = str.maketrans(
    {
        "ł": "l",
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "\u0131": "i",
        "ħ": "h",
        "ŧ": "t",
        "'": "",
        "\u2019": "",
    }
)
_UMLAUT_COUNTRIES = frozenset({"DE", "AT", "CH", "LI"})
_UMLAUTS = (("ae", "a"), ("oe", "o"), ("ue", "u"))
_NOT_A_WORD = re.compile(r"[\W_]+")
_JOINING_WORDS = frozenset({"and", "und", "et", "oraz", "es", "the"})
_LONGEST_FORM = 8  # words
_LONGEST_KEY = 300  # letters; compatibility forms can expand

_OWN_FORMS = """
    sp z oo|sp zoo|spolka z oo|spolka zoo|spolka z ograniczona odpowiedzialnoscia|sp k|spk|spolka komandytowa|sp j|spj
    spolka jawna|sc|spolka cywilna|sa|spolka akcyjna|ska|spolka komandytowo akcyjna|psa|prosta spolka akcyjna|sp p
    spolka partnerska|spolka
    kft|korlatolt felelossegu tarsasag|zrt|zartkoruen mukodo reszvenytarsasag|nyrt|nyilvanosan mukodo reszvenytarsasag
    rt|reszvenytarsasag|bt|beteti tarsasag|kkt|kozkereseti tarsasag|kht|nonprofit kft|egyeni vallalkozo|nkft
    gmbh|ggmbh|mbh|gesellschaft mit beschrankter haftung|gmbh co kg|gmbh co kgaa|ag co kg|ug co kg|se co kg|co kg|co ohg
    ag|aktiengesellschaft|kg|kommanditgesellschaft|kgaa|ohg|gbr|ug|ug haftungsbeschrankt|haftungsbeschrankt|eg|ev|ek
    ltd|limited|plc|public limited company|llp|lp|llc|inc|incorporated|corp|corporation|co|company|cic|co ltd
    se|srl|sro|spol sro|as|doo|oy|oyj|ab|aps|bv|nv|sarl|sas|spa|sl|lda
"""
_LEADING_FORMS = """
    phu|pphu|ppuh|phup|fhu|pw|ppu|pph|puh|fh|fphu|firma|firma handlowa|firma uslugowa|firma handlowo uslugowa
    przedsiebiorstwo handlowo uslugowe|przedsiebiorstwo produkcyjno handlowo uslugowe|przedsiebiorstwo handlowe
    przedsiebiorstwo uslugowe|przedsiebiorstwo wielobranzowe|przedsiebiorstwo produkcyjno handlowe|spolka|spolka z oo
    firma produkcyjno handlowo uslugowa|firma produkcyjno uslugowo handlowa|ooo|zao|oao|pao|tov|too
"""
_LEADING_BY_COUNTRY = {"RO": frozenset({"sc"}), "ID": frozenset({"pt", "cv"})}


def _plain(text: str) -> str:
    """Lower case without accents; full-width and other compatibility forms become ordinary letters."""
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_NOT_DECOMPOSED)
    return "".join(c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))


def _compact(text: str) -> str:
    return _NOT_A_WORD.sub("", _plain(text))


def _listed(text: str) -> frozenset[str]:
    return frozenset(_compact(form) for line in text.split("\n") for form in line.split("|") if form.strip())


# Of the collected forms of the world those of two letters are left out: many are also words ("is", "ok") or countries.
_collected = {_compact(term) for terms in (*terms_by_type.values(), *terms_by_country.values()) for term in terms}
TRAILING_FORMS = _listed(_OWN_FORMS) | {form for form in _collected if len(form) > 2}
LEADING_FORMS = _listed(_LEADING_FORMS)


@lru_cache(maxsize=4096)
def normalised_name(name: str, country: str = "") -> str:
    """The name that two spellings of one company share; never empty unless the name has no letter and no digit.

    The country (ISO 3166 alpha-2) decides on spellings of umlauts and on leading forms. A legal form is taken away
    only while something remains: a company called "Limited" keeps its name.
    """
    text = _plain(name)
    if country in _UMLAUT_COUNTRIES:
        for spelled, letter in _UMLAUTS:
            text = text.replace(spelled, letter)
    words = [word for word in _NOT_A_WORD.split(text) if word]
    words = [word for word in words if word not in _JOINING_WORDS] or words
    words = _without_trailing(words)
    words = _without_leading(words, LEADING_FORMS | _LEADING_BY_COUNTRY.get(country, frozenset()))
    return " ".join(_joined_initials(words))[:_LONGEST_KEY]


def _without_trailing(words: list[str]) -> list[str]:
    for length in range(min(_LONGEST_FORM, len(words) - 1), 0, -1):
        if "".join(words[-length:]) in TRAILING_FORMS:
            return _without_trailing(words[:-length])
    return words


def _without_leading(words: list[str], forms: frozenset[str]) -> list[str]:
    for length in range(min(_LONGEST_FORM, len(words) - 1), 0, -1):
        if "".join(words[:length]) in forms:
            return _without_leading(words[length:], forms)
    return words


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
