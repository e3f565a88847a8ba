"""Sites of a customer as numbers, so that "this site" and "all sites" are ranges that overlap or do not."""

import unicodedata
from hashlib import blake2b

_SPAN = tuple[int | None, int | None]


def site_key(site: str) -> str:
    """What two spellings of one site share: letters and digits, without case and accents."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", site).casefold())
    return "".join(character for character in plain if character.isalnum())


def site_span(site: str) -> _SPAN:
    """Half-open range of site numbers: one number for a site, unbounded for the whole customer."""
    key = site_key(site)
    if not key:
        return None, None
    number = int.from_bytes(blake2b(key.encode(), digest_size=7).digest())  # fits a signed 64-bit integer
    return number, number + 1


def spans_overlap(one: _SPAN, other: _SPAN) -> bool:
    """Whether two claims meet: the whole customer meets every site."""
    return None in one or None in other or one == other
