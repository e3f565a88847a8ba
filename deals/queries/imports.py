"""What the cells of a file of registrations may name, and which claims the partner has already."""

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any

from babel.numbers import list_currencies
from django.db.models import Q
from django_countries import countries

from common.actor import Actor
from common.sheets import SheetRow
from crm import queries as crm_queries
from crm.rules.facts import ProductChoice
from crm.rules.matching import CustomerIdentity
from deals.choices.registrations import DealSource, RegistrationStatus, SalesStage
from deals.models import Registration
from deals.queries.calendar import day_of
from deals.queries.claimants import claimants
from deals.rules.import_rows import Claim, Known, KnownProduct, claim_of

_S = RegistrationStatus
_LIVE = (_S.SUBMITTED, _S.SCREENING, _S.IN_REVIEW, _S.ACTION_REQUIRED)


def known_for(actor: Actor, rows: Iterable[SheetRow], *, at: datetime) -> Known | None:
    """Everything that the rows may name, in a fixed number of statements; None for who may register for nobody."""
    day = day_of(at)
    offered = claimants(actor, day=day)
    if not offered:
        return None
    codes = {str(code).casefold(): str(code) for code, _ in countries}
    names = {str(name).casefold(): str(code) for code, name in countries}
    known_countries = {**names, **codes}
    wanted = {row.cells.get("country", "").casefold() for row in rows}
    return Known(
        products=_products(crm_queries.product_choices()),
        countries=known_countries,
        stages=_words(SalesStage),
        sources=_words(DealSource),
        partners={one.public_id: one.partner_id for one in offered},
        own=offered[0].partner_id,
        own_currency=offered[0].currency,
        currencies=currencies_on(day),
        live=live_claims(
            [one.partner_id for one in offered],
            {known_countries[text] for text in wanted if text in known_countries},
            at=at,
        ),
    )


def _products(choices: Iterable[ProductChoice]) -> dict[str, KnownProduct]:
    """By public id, SKU, and by name where only one has it."""
    choices = list(choices)
    times = Counter(product.name.casefold() for product in choices)
    named = {one.name.casefold(): one for one in choices if times[one.name.casefold()] == 1}
    by_text = {**named, **{one.sku.casefold(): one for one in choices}, **{one.public_id: one for one in choices}}
    return {text: KnownProduct(one.pk, one.family_id) for text, one in by_text.items()}


def _words(choices: Any) -> dict[str, str]:
    """By stored value and by label."""
    return {str(text).casefold(): value for value, label in choices.choices for text in (value, label)}


def currencies_on(day: date) -> frozenset[str]:
    """Those that a value can be in: they have a rate on the day. One statement."""
    return frozenset(code for code, _ in crm_queries.rates_on((code, day) for code in list_currencies()))


def live_claims(partner_ids: Collection[int], in_countries: Collection[str], *, at: datetime) -> frozenset[Claim]:
    """What these partners have registered in these countries and is being judged or protected. One statement."""
    live = Q(status__in=_LIVE) | Q(status=_S.APPROVED, protected_until__gt=at)
    rows = Registration.objects.filter(live, partner_id__in=partner_ids, customer_country__in=in_countries)
    found = rows.values_list(
        *("partner_id", "customer_name", "customer_country", "customer_domain", "customer_tax_id", "site", "family_ids")
    )
    return frozenset(
        claim_of(partner_id, CustomerIdentity(*identity), family_id, site)
        for partner_id, *identity, site, family_ids in found
        for family_id in family_ids
    )
