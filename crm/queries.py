"""What the CRM has told us, as it is now."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from django.conf import settings
from django.contrib.postgres.aggregates import StringAgg
from django.db import connection
from django.db.models import Count, Func, Prefetch, Q, QuerySet, Sum, TextField, Value
from django.db.models.functions import Cast, Coalesce, Concat, TruncMonth

from common.actor import Actor
from common.period import Period
from crm.choices import SaleStatus
from crm.models import Customer, ExchangeRate, Opportunity, Product, ProductFamily, Sale, SaleLine
from crm.rules import matching, rates, search
from crm.rules.facts import (
    Candidate,
    ChannelMix,
    CustomerActivity,
    CustomerFacts,
    FamilyAmount,
    FamilyFacts,
    MonthTotal,
    OpportunityFacts,
    ProductChoice,
    SaleFacts,
    SaleLineFacts,
)
from crm.rules.matching import CustomerIdentity, IdentityKeys
from crm.rules.names import has_lookalikes
from crm.rules.rarity import GENERAL, Rarity

# Customers

_FACTS = ("pk", "public_id", "external_id", "legal_name", "country", "domain", "tax_id", "source")


def customer_candidates(identity: CustomerIdentity, limit: int = 10, *, only_exact: bool = False) -> list[Candidate]:
    """Known customers that may be this company, surest first; those of match class "none" are left out.

    Exact tax id, domain and name are always found. Like names are looked for only while there is room below `limit`,
    and not at all when `only_exact` asks for no more than a look at three indexes. What was merged into a customer is
    a spelling of it: it finds the customer that was kept. At most four statements.
    """
    asked = matching.keys_of(identity)
    rows = _exactly(asked, limit)
    rarity = GENERAL
    if len({row[0] for row in rows}) < limit and asked.name and not only_exact:
        rarity, alike = _alike(asked.name, limit)
        rows += alike
    best: dict[int, Candidate] = {}
    for row in rows:
        customer, keys = CustomerFacts(*row[: len(_FACTS)]), IdentityKeys(*row[len(_FACTS) : -1])
        found = Candidate(customer, matching.match(asked, keys, rarity), has_lookalikes(customer.legal_name))
        if found.match.score and (customer.pk not in best or found.sureness > best[customer.pk].sureness):
            best[customer.pk] = found
    return sorted(best.values(), key=lambda found: found.sureness, reverse=True)[:limit]


# Written out: every registration asks this, and putting the ORM's query together took longer than answering it.
_SPELLING = """
    coalesce(live.id, found.id), coalesce(live.public_id, found.public_id),
    CASE WHEN live.id IS NULL THEN found.external_id ELSE live.external_id END,
    coalesce(live.legal_name, found.legal_name), coalesce(live.country, found.country),
    coalesce(live.domain, found.domain), coalesce(live.tax_id, found.tax_id), coalesce(live.source, found.source),
    found.name_key, found.country, found.domain_key, found.tax_key, found.name_words
"""
_EXACTLY = f"""
    SELECT {_SPELLING} FROM crm_customer found LEFT JOIN crm_customer live ON live.id = found.merged_into_id
    WHERE found.identity_key = %(identity)s OR found.domain_key = %(domain)s OR found.tax_key = %(tax)s
    ORDER BY CASE WHEN found.tax_key = %(tax)s THEN 0 WHEN found.domain_key = %(domain)s THEN 1 ELSE 2 END, found.id
    LIMIT %(limit)s
"""  # noqa: S608 (nothing but the columns)
_SHARING = f"""
    SELECT {_SPELLING} FROM crm_customers_sharing(%s::text[], %s::text[], %s) found
    LEFT JOIN crm_customer live ON live.id = found.merged_into_id
"""  # noqa: S608 (nothing but the columns)
_WORDS_NEAR = "SELECT word, customer_count FROM crm_words_near(%s::text[])"
_WORDS = "SELECT word, customer_count FROM crm_nameword WHERE word = ANY(%s::text[])"


def _exactly(asked: IdentityKeys, limit: int) -> list[tuple[Any, ...]]:
    """Facts and keys of the customers with this tax id, domain, or name and country, in this order."""
    keys = {"identity": asked.identity or None, "domain": asked.domain or None, "tax": asked.tax or None}
    return _rows(_EXACTLY, {**keys, "limit": limit})


def _alike(name_key: str, limit: int) -> tuple[Rarity, list[tuple[Any, ...]]]:
    """What words of names say at this time, and the customers whose names share most of what this one says."""
    known = dict(_rows(_WORDS_NEAR, [search.asked_words(name_key)]))
    wanted = search.plan(name_key, known)
    found = _rows(_SHARING, [wanted.any_of, wanted.all_of, search.MOST_ROWS])
    promising = sorted(found, key=lambda row: (-wanted.promise(row[-1]), row[0]))[: limit * search.LOOKED_AT]
    if others := {word for row in promising for word in row[-1]} - known.keys():
        known.update(_rows(_WORDS, [search.counted_words(sorted(others))]))
    return Rarity(known.get(search.EVERY_NAME, 0), known), promising


def _rows(sql: str, parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def customers_by_ids(customer_ids: Iterable[int]) -> dict[int, CustomerFacts]:
    """Facts by primary key; unknown keys are absent."""
    rows = Customer.objects.filter(pk__in=set(customer_ids)).values_list(*_FACTS)
    return {row[0]: CustomerFacts(*row) for row in rows}


_COMPANIES = """
    WITH company AS (
        SELECT DISTINCT coalesce(merged_into_id, id) AS id FROM crm_customer WHERE id = ANY(%s::bigint[])
    )
    SELECT id, id FROM company
    UNION ALL SELECT record.id, company.id FROM company JOIN crm_customer record ON record.merged_into_id = company.id
"""


def companies_of(customer_ids: Iterable[int]) -> dict[int, int]:
    """Every record of these customers' companies, with the one that all of a company's were merged into."""
    with connection.cursor() as cursor:
        cursor.execute(_COMPANIES, [sorted(set(customer_ids))])
        return dict(cursor.fetchall())


def customer_id_by_public_id(public_id: str) -> int | None:
    return Customer.objects.filter(public_id=public_id).values_list("pk", flat=True).first()


def customers_visible_to(actor: Actor) -> QuerySet[Customer]:
    """All for the vendor's own people and clients; none for anybody else: the list would show rivals' customers."""
    return Customer.objects.all() if actor.is_vendor else Customer.objects.none()


# Products


def families() -> list[FamilyFacts]:
    """All product families by name."""
    return [FamilyFacts(*row) for row in ProductFamily.objects.values_list("pk", "code", "name")]


def product_choices(product_ids: Iterable[int] | None = None) -> list[ProductChoice]:
    """All products, or these ones, by family and name."""
    products = Product.objects.all() if product_ids is None else Product.objects.filter(pk__in=set(product_ids))
    rows = products.order_by("family__name", "name", "pk").values_list(
        *("pk", "public_id", "sku", "name", "kind", "family_id", "family__code", "family__name")
    )
    return [ProductChoice(*row) for row in rows]


def products_visible_to(actor: Actor) -> QuerySet[Product]:
    """The catalogue is no secret of the vendor: everybody who is known may read it."""
    known = Product.objects.select_related("family")
    return known if actor.kind != "anonymous" else known.none()


# Direct opportunities

_OPPORTUNITY = tuple(OpportunityFacts.__dataclass_fields__)


# One statement for both, since every registration asks and whoever claims the same customer waits while it runs.
_ACTIVITY = "SELECT crm_activity_at(%s::bigint[], %s::bigint[], %s)"


def activity_at(customer_ids: Sequence[int], family_ids: Sequence[int], *, since: date) -> CustomerActivity:
    """Open direct opportunities with these customers, what partners sold them since the day; the families' codes."""
    with connection.cursor() as cursor:
        cursor.execute(_ACTIVITY, [list(customer_ids), list(family_ids), since])
        return msgspec.json.decode(cursor.fetchone()[0], type=CustomerActivity)


def opportunities_by_ids(opportunity_ids: Iterable[int]) -> dict[int, OpportunityFacts]:
    """Facts by primary key, for those who listen to ``opportunity.changed``."""
    rows = Opportunity.objects.filter(pk__in=set(opportunity_ids)).values_list(*_OPPORTUNITY)
    return {row[0]: OpportunityFacts(*row) for row in rows}


def opportunity_ids_since(at: datetime) -> list[int]:
    """Those that changed at the instant or later, for whoever looks again."""
    return list(Opportunity.objects.filter(updated_at__gte=at).order_by("pk").values_list("pk", flat=True))


def opportunities_visible_to(actor: Actor) -> QuerySet[Opportunity]:
    """For the vendor only: partners must not learn what direct sales works on."""
    rows = Opportunity.objects.select_related("customer", "family")
    return rows if actor.is_vendor else rows.none()


# Sales

_SALE = tuple(Sale.LIVE_CUSTOMER if name == "customer_id" else name for name in SaleFacts.__dataclass_fields__)[:-1]
_LINE = (
    *("pk", "sale_id", "sale__public_id", "sale__external_id", "number", "sale__booked_on", SaleLine.LIVE_CUSTOMER),
    *("sale__customer__legal_name", "sale__registration_public_id", "product_id", "product__name", "product__kind"),
    *("product__family__code", "quantity", "net_amount", "sale__currency", "base_amount", "recurring_months"),
)


def sales_by_ids(sale_ids: Iterable[int]) -> dict[int, SaleFacts]:
    """Facts by primary key with the product families sold; two statements."""
    wanted = set(sale_ids)
    sold: dict[int, list[int]] = {}
    lines = SaleLine.objects.filter(sale_id__in=wanted).order_by("product__family_id")
    for sale_id, family_id in lines.values_list("sale_id", "product__family_id").distinct():
        sold.setdefault(sale_id, []).append(family_id)
    rows = Sale.objects.filter(pk__in=wanted).values_list(*_SALE)
    return {row[0]: replace(SaleFacts(*row), family_ids=tuple(sold.get(row[0], ()))) for row in rows}


def amounts_by_family(sale_ids: Iterable[int]) -> dict[int, list[FamilyAmount]]:
    """What these sales sold, by product family and kind, in the base currency; one statement."""
    lines = SaleLine.objects.filter(sale_id__in=set(sale_ids)).order_by()
    keys = ("sale_id", "product__family_id", "product__family__code", "product__kind")
    found: dict[int, list[FamilyAmount]] = {}
    for sale_id, *rest in lines.values_list(*keys).annotate(Sum("base_amount")).order_by(*keys):
        found.setdefault(sale_id, []).append(FamilyAmount(*rest))
    return found


def direct_sale_ids_since(at: datetime) -> list[int]:
    """Current revisions without a partner that came at the instant or later, for whoever looks again."""
    direct = Sale.objects.filter(created_at__gte=at, is_current=True, partner=None)
    return list(direct.order_by("pk").values_list("pk", flat=True))


def current_sales(external_ids: Iterable[str]) -> QuerySet[Sale]:
    """The newest revisions of these sales with their lines."""
    lines = Prefetch("lines", SaleLine.objects.order_by("number"))
    current = Sale.objects.filter(external_id__in=set(external_ids), is_current=True)
    return current.select_related("customer").prefetch_related(lines)


def _counting_lines(period: Period) -> QuerySet[SaleLine]:
    """Lines that count as revenue of the period: of the current revision, booked, and with a known rate."""
    lines = SaleLine.objects.filter(
        sale__is_current=True,
        sale__status=SaleStatus.BOOKED,
        sale__waits_for_rate=False,
        sale__booked_on__gte=period.starts_on,
    )
    return lines.filter(sale__booked_on__lt=period.ends_on) if period.ends_on else lines


def sale_lines_for(partner_id: int, period: Period, family_codes: Sequence[str] = ()) -> list[SaleLineFacts]:
    """The partner's lines that count in the period, in the order booked; of all families when none is named.

    Sales that wait for an exchange rate do not count yet.
    """
    lines = _counting_lines(period).filter(sale__partner_id=partner_id)
    if family_codes:
        lines = lines.filter(product__family__code__in=family_codes)
    ordered = lines.order_by("sale__booked_on", "sale_id", "number").values_list(*_LINE)
    return [SaleLineFacts(*row) for row in ordered]


_DIGEST = Func(
    StringAgg(
        Concat(Cast("pk", TextField()), Value(":", TextField()), Cast("base_amount", TextField())), ";", order_by="pk"
    ),
    template="encode(sha256(convert_to(%(expressions)s, 'UTF8')), 'hex')",
    output_field=TextField(),
)


def partner_month_totals(partner_ids: Iterable[int], period: Period) -> list[MonthTotal]:
    """Totals per partner, calendar month, family and kind, in that order; one statement for all partners."""
    lines = _counting_lines(period).filter(sale__partner_id__in=set(partner_ids))
    keys = ("sale__partner_id", "month", "product__family__code", "product__kind")
    totals = (
        lines.annotate(month=TruncMonth("sale__booked_on"))
        .order_by()
        .values_list(*keys)
        .annotate(total=Sum("base_amount"), units=Sum("quantity"), count=Count("pk"), digest=_DIGEST)
        .order_by(*keys)
    )
    return [MonthTotal(*row) for row in totals]


def partner_ids_with_sales(period: Period) -> list[int]:
    """Partners with a counting line in the period, ascending."""
    sales = _counting_lines(period).filter(sale__partner__isnull=False).order_by("sale__partner_id")
    return list(sales.values_list("sale__partner_id", flat=True).distinct())


def channel_mix(period: Period) -> list[ChannelMix]:
    """Revenue through partners and sold directly, by month; months without any are absent. One statement."""
    through = Q(sale__partner__isnull=False)
    months = _counting_lines(period).annotate(month=TruncMonth("sale__booked_on")).order_by().values_list("month")
    nothing = Value(Decimal(0))
    partner = Coalesce(Sum("base_amount", filter=through), nothing)
    direct = Coalesce(Sum("base_amount", filter=~through), nothing)
    return [ChannelMix(*row) for row in months.annotate(partner=partner, direct=direct).order_by("month")]


def waiting_sale_count() -> int:
    """How many current sales wait for an exchange rate."""
    return Sale.objects.filter(is_current=True, waits_for_rate=True).count()


def sales_visible_to(actor: Actor) -> QuerySet[Sale]:
    """For the vendor, with partner, customer and lines ready; partners see their lines on their statements."""
    lines = Prefetch("lines", SaleLine.objects.select_related("product__family").order_by("number"))
    rows = Sale.objects.select_related("partner", "customer").prefetch_related(lines)
    return rows if actor.is_vendor else rows.none()


# Exchange rates


def rates_on(wanted: Iterable[tuple[str, date]]) -> dict[tuple[str, date], Decimal]:
    """The rates in force for pairs of currency and day, absent where there is none; one statement however many.

    In force is the latest of the day or before, at most forty days old. The base currency's is always 1.
    """
    pairs = set(wanted)
    found = {pair: Decimal(1) for pair in pairs if pair[0] == settings.BASE_CURRENCY}
    foreign = pairs - found.keys()
    if not foreign:
        return found
    history: dict[str, list[tuple[date, Decimal]]] = {}
    days = [day for _, day in foreign]
    known = ExchangeRate.objects.filter(
        currency__in={currency for currency, _ in foreign}, on__gte=rates.oldest_rate_day(min(days)), on__lte=max(days)
    )
    for currency, on, rate in known.order_by("on").values_list("currency", "on", "rate"):
        history.setdefault(currency, []).append((on, rate))
    for currency, day in foreign:
        in_force = rates.rate_in_force(history.get(currency, ()), day)
        if in_force is not None:
            found[currency, day] = in_force
    return found


def rate_on(currency: str, day: date) -> Decimal | None:
    """Units of the base currency for one of this currency on the day; None if no rate is in force: never 1.0."""
    return rates_on([(currency, day)]).get((currency, day))
