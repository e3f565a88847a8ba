"""Letters as names are compared by: small, Latin, without accents."""

import re
import unicodedata

from crm.rules.scripts import in_latin

NOT_A_WORD = re.compile(r"[\W_]+")
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


def plain(text: str, spared: frozenset[str] = frozenset()) -> str:
    """Small Latin letters without accents; compatibility forms become ordinary letters, invisible ones go."""
    visible = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")
    folded = in_latin(visible, spared).casefold().translate(_NOT_DECOMPOSED)
    return "".join(c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))


def compact(text: str) -> str:
    return NOT_A_WORD.sub("", plain(text))
