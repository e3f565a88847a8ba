"""Whether two descriptions mean one company, and how sure that is."""

from dataclasses import dataclass
from typing import Literal

from common.verdict import Reason, Verdict, objections
from crm.rules.domains import is_shared_domain, registrable_domain
from crm.rules.likeness import Agreement, explain, likeness
from crm.rules.names import has_lookalikes, normalised_name
from crm.rules.rarity import GENERAL, Rarity

SAME_NAME = 920  # per mille of likeness
SIMILAR_NAME = 850
DUPLICATE_SCORE = 90
REVIEW_SCORE = 45

MatchKind = Literal["tax_id", "domain", "name", "similar_name", "related", "none"]
_SCORES: dict[MatchKind, int] = {"tax_id": 100, "domain": 90, "name": 70, "similar_name": 45, "related": 35, "none": 0}


@dataclass(frozen=True, slots=True)
class CustomerIdentity:
    """What somebody says of a company. Country is ISO 3166 alpha-2; domain may be a web or e-mail address."""

    legal_name: str
    country: str
    domain: str = ""
    tax_id: str = ""

    @property
    def has_lookalikes(self) -> bool:
        """Whether letters of another script pose as those of the name: for a person to look at."""
        return has_lookalikes(self.legal_name)


@dataclass(frozen=True, slots=True)
class IdentityKeys:
    """What a company is recognised by; an empty key is not known and equals nothing."""

    name: str
    country: str
    domain: str = ""
    tax: str = ""

    @property
    def identity(self) -> str:
        """Normalised name within its country; empty if the name has neither letter nor digit."""
        return f"{self.country}:{self.name}" if self.name else ""


@dataclass(frozen=True, slots=True)
class Match:
    """How much two companies are one. `score`: 100 tax id, 90 domain, 70 name, 45 similar name, 35 related, 0 none."""

    kind: MatchKind
    likeness: int  # of the names, per mille
    words: tuple[Agreement, ...] = ()  # what agrees between the names and what does not; not told of class "none"

    @property
    def score(self) -> int:
        return _SCORES[self.kind]

    @property
    def verdict(self) -> Literal["duplicate", "review", "clear"]:
        """From 90 the same company; from 45 a person compares; below that a different one."""
        if self.score >= DUPLICATE_SCORE:
            return "duplicate"
        return "review" if self.score >= REVIEW_SCORE else "clear"


def tax_key(tax_id: str, country: str) -> str:
    """The tax id without its punctuation, led by its country; empty for blanks and stopgaps such as 0000000000.

    A leading country code is the id's own. A Hungarian number of eleven digits counts by its first eight, which are
    the ones of the European VAT number.
    """
    compact = "".join(character for character in tax_id.upper() if character.isascii() and character.isalnum())
    prefix = compact[:2] if compact[:2].isalpha() else country
    number = compact.removeprefix(prefix) if compact[:2].isalpha() else compact
    prefix = "GR" if prefix == "EL" else prefix
    if prefix == "HU" and len(number) == 11:
        number = number[:8]
    return f"{prefix}{number}" if len(number) >= 5 and len(set(number)) > 1 else ""


def keys_of(identity: CustomerIdentity) -> IdentityKeys:
    domain = registrable_domain(identity.domain)
    return IdentityKeys(
        name=normalised_name(identity.legal_name, identity.country),
        country=identity.country,
        domain="" if is_shared_domain(domain) else domain,
        tax=tax_key(identity.tax_id, identity.country),
    )


def name_similarity(one: str, other: str, rarity: Rarity = GENERAL) -> int:
    """Likeness of two normalised names, 0 to 1000; the order of words does not count."""
    return likeness(one, other, rarity)


def match(one: IdentityKeys, other: IdentityKeys, rarity: Rarity = GENERAL) -> Match:
    """The strongest class that holds, words weighing as `rarity` says. A like name in another country is a relative."""
    alike = likeness(one.name, other.name, rarity)
    same_country = one.country == other.country
    if one.tax and one.tax == other.tax:
        kind: MatchKind = "tax_id"
    elif one.domain and one.domain == other.domain:
        kind = "domain"
    elif same_country and alike >= SAME_NAME:
        kind = "name"
    elif same_country and alike >= SIMILAR_NAME:
        kind = "similar_name"
    elif alike >= SAME_NAME:
        kind = "related"
    else:
        kind = "none"
    return Match(kind, alike, explain(one.name, other.name, rarity).words if kind != "none" else ())


def identity_is_complete(identity: CustomerIdentity) -> Verdict:
    """A company needs a name with a letter or digit, and a country."""
    named = normalised_name(identity.legal_name, identity.country)
    return objections(
        [
            None if named else Reason("customer.name_missing", field="legal_name"),
            None if len(identity.country) == 2 else Reason("customer.country_missing", field="country"),
        ]
    )


def same_company(one: IdentityKeys, other: IdentityKeys) -> int:
    """The score by which a company need not be made anew, 0 if it must: more cautious than `match`.

    Tax id or domain suffice; the very same name in the same country does too, unless two tax ids contradict it.
    """
    found = match(one, other)
    if found.verdict == "duplicate":
        return found.score
    contradicted = bool(one.tax and other.tax)
    return found.score if one.identity and one.identity == other.identity and not contradicted else 0
