"""The invented vendor of the benchmarks: many rows, made by the database itself and the same every time."""

from datetime import UTC, date, datetime
from decimal import Decimal

import harness

from common.actor import SYSTEM, Actor
from common.period import Period
from crm.actions.families import upsert_families
from crm.actions.products import upsert_products
from crm.actions.words import recount_words
from crm.rules.matching import CustomerIdentity, keys_of
from crm.rules.rows import FamilyRow, ProductRow
from crm.rules.search import index_words
from incentives.actions.plans import NewPlanVersion, publish_default_plans, publish_plan_version
from incentives.models import PlanVersion
from incentives.rules.earnings import BandTerms, PlanTerms
from tiers.actions.programmes import publish_default_programme

AT = datetime(2026, 7, 1, 0, 30, tzinfo=UTC)
DAY = date(2026, 6, 30)  # the business date: a month's end, so that the trailing year is twelve whole months
SALES_FROM = date(2024, 7, 1)
SALES_DAYS = (DAY - SALES_FROM).days + 1
KINDS = ("product", "service", "subscription")
CRM = Actor("client", "client:bench", "CRM", scopes=frozenset({"crm.read", "crm.write"}))
LINES_PER_SALE = 2
ZIPF = 0.9  # of 100 000 partners the largest then has 4.5 % of all rows


def catalogue() -> None:
    """The default programme, four product families and twelve products."""
    publish_default_programme(at=AT, starts_on=date(2024, 1, 1))
    upsert_families([FamilyRow(code=f"F{place}", name=f"Family {place}") for place in range(4)], by=SYSTEM, at=AT)
    rows = [
        ProductRow(
            external_id=f"P{place}",
            sku=f"P{place}",
            name=f"Product {place}",
            kind=KINDS[place % 3],
            family=f"F{place % 4}",
        )
        for place in range(12)
    ]
    upsert_products(rows, by=SYSTEM, at=AT)


def plans() -> list[PlanVersion]:
    """Three plans: marginal by quarter and whole-volume by month (the defaults), and whole-volume by year."""
    pairs = (("0", "0"), ("100000", "0.005"), ("500000", "0.0125"))
    annual = PlanTerms(
        calculation="whole_volume",
        measurement="year",
        currency="EUR",
        bands=tuple(BandTerms(Decimal(bound), Decimal(rate)) for bound, rate in pairs),
        period=Period(date(2025, 1, 1)),
        eligible_types=frozenset({"var", "affiliate"}),
    )
    versions = publish_default_plans(starts_on=SALES_FROM, by=SYSTEM, at=AT)
    new = NewPlanVersion("annual", "Annual bonus", annual)
    return [*versions, publish_plan_version(new, by=SYSTEM, at=AT)]


def partners(count: int) -> list[int]:
    """Partners in key order; every twentieth is an affiliate, which not every plan pays, as many are of two types."""
    sql = """
        INSERT INTO partners_partner (public_id, name, legal_name, country, territory, domain, tax_id, types, status,
                                      currency, joined_on, agreement_ends_on, credit_hold)
        SELECT 'ptn_' || lpad(place::text, 16, '0'), 'Partner ' || place, 'Partner ' || place || ' GmbH', 'DE', '', '',
               '', (CASE place %% 20 WHEN 0 THEN '{affiliate}' WHEN 1 THEN '{alliance,var}' ELSE '{var}' END)::text[],
               'active', 'EUR', '2024-01-01', '2030-01-01', false
        FROM generate_series(1, %(count)s) place ORDER BY place RETURNING id
    """
    return sorted(row[0] for row in harness.rows(sql, count=count))


def customers(count: int) -> None:
    """Customers C1 … of Germany with domains of their own, and the keys that they are recognised by."""
    columns = (
        *("public_id", "external_id", "legal_name", "country", "domain", "tax_id", "segment"),
        *("name_key", "identity_key", "domain_key", "tax_key", "name_words", "source", "created_at", "updated_at"),
    )
    lines = []
    for number in range(1, count + 1):
        name, domain = f"{word(number)} {word(number * 7919)} GmbH", f"{word(number)}{number}.de"
        keys = keys_of(CustomerIdentity(name, "DE", domain))
        known = (f"cus_{number:016}", f"C{number}", name, "DE", domain, "", "")
        words = "{" + ",".join(index_words(keys.name)) + "}"
        lines.append((*known, keys.name, keys.identity, keys.domain, keys.tax, words, "crm", AT, AT))
    harness.copy("crm_customer", columns, harness.copy_text(lines))
    recount_words()


_SYLLABLES = "ba be bo da de do fa fo ga go ka ke ko la le lo ma me mo na ne no pa po ra ro sa so ta to va vo".split()


def word(number: int) -> str:
    """A name made of syllables; neighbouring numbers do not look alike."""
    scattered = number * 2_654_435_761 % 2**32
    return "".join(_SYLLABLES[scattered >> shift & 31] for shift in (27, 22, 17, 12, 7)).capitalize()


def sales(lines: int) -> int:
    """Booked sales of two lines each over 24 months, by Zipf over the partners; one line in 64 is a return."""
    harness.execute("SELECT setseed(0.42)")
    harness.execute(
        """
        WITH partner AS (SELECT min(id) AS first, count(*) AS many FROM partners_partner),
             customer AS (SELECT min(id) AS first, count(*) AS many FROM crm_customer),
             share AS (SELECT array_agg(edge ORDER BY edge) AS edges FROM (
                 SELECT sum(weight) OVER (ORDER BY place) / sum(weight) OVER () AS edge
                 FROM partner, generate_series(1, partner.many) place, power(place, -%(zipf)s) weight) edges),
             drawn AS (SELECT place, random() AS a, random() AS b, random() AS c
                       FROM generate_series(1, %(count)s) place)
        INSERT INTO crm_sale (public_id, external_id, revision, is_current, waits_for_rate, status, partner_id,
                              customer_id, booked_on, currency, registration_public_id, created_at)
        SELECT 'sal_' || lpad(place::text, 16, '0'), 'S' || place, 1, true, false, 'booked',
               partner.first + least(width_bucket(a, share.edges), partner.many - 1),
               customer.first + floor(b * customer.many)::bigint, %(since)s::date + floor(c * %(days)s)::int, 'EUR', '',
               %(at)s
        FROM drawn, partner, customer, share
        """,
        zipf=ZIPF,
        count=-(-lines // LINES_PER_SALE),
        since=SALES_FROM,
        days=SALES_DAYS,
        at=AT,
    )
    return harness.execute(
        """
        INSERT INTO crm_saleline (sale_id, number, product_id, quantity, net_amount, base_amount, recurring_months)
        SELECT sale_id, number, product_id, quantity, cents / 100.0, cents / 100.0, 0
        FROM (
            SELECT sale.id AS sale_id, number, product.first + floor(random() * product.many)::bigint AS product_id,
                   1 + floor(random() * 9) AS quantity,
                   floor(exp(5 + 5 * random()) * 100)::bigint
                   * (CASE WHEN random() < 1.0 / 64 THEN -1 ELSE 1 END) AS cents
            FROM crm_sale sale, generate_series(1, %(per_sale)s) number,
                 (SELECT min(id) AS first, count(*) AS many FROM crm_product) product
        ) line
        """,
        per_sale=LINES_PER_SALE,
    )


_LINE_CREDITS = """
    SELECT sale.partner_id, metric.id, line.base_amount, sale.booked_on, NULL::date, 'sale_line',
           sale.public_id || '/' || line.number
    FROM crm_saleline line JOIN crm_sale sale ON sale.id = line.sale_id JOIN crm_product product
         ON product.id = line.product_id
    JOIN tiers_metric metric ON metric.code = 'channel_revenue'
         OR (metric.code = 'solution_revenue' AND product.kind = 'service')
"""
_FIRST_SALES = """
    SELECT sale.partner_id, metric.id, 1, min(sale.booked_on), NULL::date, 'first_sale', min(sale.public_id) || '/1'
    FROM crm_sale sale, tiers_metric metric WHERE metric.code = 'new_customers'
    GROUP BY sale.partner_id, sale.customer_id, metric.id
"""
_CERTIFICATES = """
    SELECT partner.id, metric.id, 1, day, CASE WHEN random() < 0.7 THEN day + 365 + floor(random() * 730)::int END,
           'certificate', partner.id || '/' || number
    FROM partners_partner partner CROSS JOIN LATERAL generate_series(1, 1 + (partner.id * 7 %% 16)::int) number
    CROSS JOIN LATERAL (SELECT %(since)s::date + floor(random() * 600)::int + number * 0 AS day) valid,
    tiers_metric metric WHERE metric.code = 'certified_people'
"""


def credits() -> int:
    """The score book that these sales would have written, and certificates of one to sixteen people."""
    solution = "INSERT INTO tiers_metric (code, name, unit) VALUES ('solution_revenue', 'Solution revenue', 'money')"
    harness.execute(f"{solution} ON CONFLICT DO NOTHING")
    return sum(
        harness.execute(
            f"""
            INSERT INTO tiers_scorecredit (partner_id, metric_id, amount, valid_from, valid_until, source_kind,
                                           source_key, label, holder, recorded_at)
            SELECT credit.*, '', '', '{AT}' FROM ({source}) credit
            """,
            since=SALES_FROM,
        )
        for source in (_LINE_CREDITS, _FIRST_SALES, _CERTIFICATES)
    )
