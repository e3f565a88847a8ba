"""What must be true of registrations after whatever happened, asked of the database in few statements.

    assert broken_invariants(at=now) == []

Each statement returns what is wrong, so that an empty answer is a proof for all rows. For any test: after a race, after
a crash, after a restore. The instant is the present of the test: promises about the past were asked for then.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from common.audit import verify_chain
from common.models import OutboxMessage
from deals.choices.registrations import RegistrationStatus
from deals.models import Decision, Registration
from deals.queries.decisions import replay
from deals.rules.transitions import status_on
from tests.deals import histories
from tests.deals.partner_views import Read, foreign_facts

INSTANT = timedelta(microseconds=1)

# Shared ones exclude nobody. What overlapped before two customers became one, did so as protections of two.
_ONE_LIVE = """
WITH held AS (
    SELECT protection.id, protection.registration_id, protection.customer_id, family_id, sites, starts_at, ends_at,
           coalesce(customer.merged_into_id, customer.id) AS company_id
    FROM deals_protection protection JOIN crm_customer customer ON customer.id = protection.customer_id
    WHERE NOT is_shared AND starts_at < ends_at
)
SELECT 'registrations ' || one.registration_id || ' and ' || other.registration_id || ' hold customer '
       || one.company_id || ', family ' || one.family_id
FROM held one JOIN held other ON one.id < other.id AND one.company_id = other.company_id
 AND one.family_id = other.family_id AND one.sites && other.sites
 AND NOT (one.registration_id = other.registration_id AND one.customer_id <> other.customer_id)
WHERE (one.customer_id = other.customer_id
       AND tstzrange(one.starts_at, one.ends_at) && tstzrange(other.starts_at, other.ends_at))
   OR tstzrange(one.starts_at, one.ends_at) * tstzrange(other.starts_at, other.ends_at) && tstzrange(%(at)s, NULL)
"""
_NOTHING_OF_MERGED = """
SELECT 'protection ' || protection.id || ' lives for customer ' || customer.id || ', which was merged into another'
FROM deals_protection protection JOIN crm_customer customer ON customer.id = protection.customer_id
WHERE customer.merged_into_id IS NOT NULL AND protection.starts_at < protection.ends_at AND protection.ends_at > %(at)s
UNION ALL
SELECT 'registration ' || registration.id || ' is of customer ' || customer.id || ', which was merged into another'
FROM deals_registration registration JOIN crm_customer customer ON customer.id = registration.customer_id
WHERE customer.merged_into_id IS NOT NULL
UNION ALL
SELECT 'pencil hold ' || hold.id || ' is of customer ' || customer.id || ', which was merged into another'
FROM deals_pencilhold hold JOIN crm_customer customer ON customer.id = hold.customer_id
WHERE customer.merged_into_id IS NOT NULL AND hold.ends_at > %(at)s
"""
_PROTECTED_UNTIL = """
WITH ends AS (
    SELECT registration.id, registration.status, registration.protected_until, max(protection.ends_at) AS last,
           max(protection.ends_at) FILTER (WHERE protection.starts_at < protection.ends_at) AS last_live
    FROM deals_registration registration LEFT JOIN deals_protection protection
      ON protection.registration_id = registration.id
    GROUP BY registration.id
)
SELECT 'registration ' || id || ' (' || status || ') is protected until ' || coalesce(protected_until::text, 'never')
       || ', its protections end ' || coalesce(last::text, 'never')
FROM ends
WHERE (status IN ('approved', 'won') AND protected_until IS DISTINCT FROM last)
   OR (status NOT IN ('approved', 'won')
       AND (coalesce(last_live > %(at)s, false) OR coalesce(last_live > protected_until, last_live IS NOT NULL)))
UNION ALL
SELECT 'registration ' || registration.id || ' claims family ' || family.id || ', and nothing protects it there'
FROM deals_registration registration CROSS JOIN unnest(registration.family_ids) AS family(id)
WHERE registration.status = 'approved' AND registration.protected_until > %(at)s AND NOT EXISTS (
    SELECT FROM deals_protection protection
    WHERE protection.registration_id = registration.id AND protection.family_id = family.id
      AND protection.customer_id = registration.customer_id AND protection.ends_at = registration.protected_until
)
"""
_ONE_PENDING = """
SELECT what || ': ' || count(*) || ' of registration ' || registration_id || ' wait'
FROM (
    SELECT 'extensions' AS what, registration_id FROM deals_extension WHERE status = 'pending'
    UNION ALL SELECT 'changes', registration_id FROM deals_change WHERE status = 'pending'
    UNION ALL SELECT 'appeals', registration_id FROM deals_appeal WHERE status = 'open'
    UNION ALL SELECT 'inquiries', registration_id FROM deals_inquiry WHERE answered_at IS NULL
) waiting GROUP BY what, registration_id HAVING count(*) > 1
UNION ALL
SELECT 'registration ' || registration.id || ' is ' || status || ', but nothing waits for an answer'
FROM deals_registration registration
WHERE (status = 'appealed' AND NOT EXISTS (
          SELECT FROM deals_appeal appeal WHERE appeal.registration_id = registration.id AND appeal.status = 'open'))
   OR (status = 'action_required' AND NOT EXISTS (
          SELECT FROM deals_inquiry inquiry
          WHERE inquiry.registration_id = registration.id AND inquiry.answered_at IS NULL))
UNION ALL
SELECT 'an appeal waits for registration ' || registration.id || ', which is ' || registration.status
FROM deals_appeal appeal JOIN deals_registration registration ON registration.id = appeal.registration_id
WHERE appeal.status = 'open' AND registration.status <> 'appealed'
UNION ALL
SELECT 'a request of registration ' || registration.id || ' waits, which is ' || registration.status
FROM deals_registration registration
WHERE registration.status NOT IN ('approved', 'appealed', 'upheld') AND EXISTS (
    SELECT FROM deals_extension row WHERE row.registration_id = registration.id AND row.status = 'pending'
    UNION ALL SELECT FROM deals_change row WHERE row.registration_id = registration.id AND row.status = 'pending'
)
"""
_WHOLE_SHARES = """
SELECT 'shares of registration ' || registration_id || ' sum to ' || sum(share_bps)
FROM deals_participant WHERE consent <> 'declined' GROUP BY registration_id HAVING sum(share_bps) <> 10000
"""
_CLOCKS = """
SELECT 'registration ' || id || ' (' || status || ') has no clock that fits' FROM deals_registration
WHERE (status = 'in_review' AND (review_due_at IS NULL OR paused_at IS NOT NULL))
   OR (status = 'action_required' AND paused_at IS NULL)
   OR (status NOT IN ('draft', 'withdrawn') AND (receipt_number IS NULL OR submitted_at IS NULL))
   OR (status IN ('submitted', 'screening'))
UNION ALL SELECT 'change ' || id || ' waits without a clock' FROM deals_change
WHERE status = 'pending' AND review_due_at IS NULL
UNION ALL SELECT 'appeal ' || id || ' waits without a clock' FROM deals_appeal
WHERE status = 'open' AND due_at <= filed_at
UNION ALL SELECT 'breach ' || id || ' has no day to be acknowledged by' FROM deals_breach WHERE due_at <= found_at
"""

# What a registration kept for its partner, whatever rows it is written in. Direct sales that takes part breaks nothing.
_GUARDED = """
WITH guarded AS (
    SELECT protection.registration_id, family_id, company_id, unnest(range_agg(tstzrange(starts_at, ends_at))) AS held
    FROM deals_protection protection
    JOIN (SELECT id, coalesce(merged_into_id, id) AS company_id FROM crm_customer) customer
      ON customer.id = protection.customer_id
    WHERE NOT is_shared AND starts_at < ends_at GROUP BY protection.registration_id, family_id, company_id
),
joined AS (  -- when a company's records were last put together: its direct business was looked at again then
    SELECT subject_id::bigint AS company_id, max(at) AS at FROM common_auditentry
    WHERE subject_kind = 'crm.customer' AND event = 'customer.absorbed' GROUP BY subject_id
),
offered AS (
    SELECT opportunity.*, coalesce(customer.merged_into_id, customer.id) AS company_id
    FROM crm_opportunity opportunity JOIN crm_customer customer ON customer.id = opportunity.customer_id
),
sold AS (
    SELECT sale.id, sale.external_id, sale.booked_on, sale.created_at, product.family_id,
           coalesce(customer.merged_into_id, customer.id) AS company_id, sum(line.base_amount) AS amount
    FROM crm_sale sale JOIN crm_customer customer ON customer.id = sale.customer_id
    JOIN crm_saleline line ON line.sale_id = sale.id JOIN crm_product product ON product.id = line.product_id
    WHERE sale.is_current AND sale.status = 'booked' AND sale.partner_id IS NULL
    GROUP BY sale.id, customer.id, product.family_id
)
"""
_WITH_DIRECT = """EXISTS (
    SELECT FROM deals_participant direct WHERE direct.registration_id = {row}.registration_id
      AND direct.role = 'direct' AND direct.consent = 'given'
)"""
_BREACH_MISSING = f"""{_GUARDED}
SELECT 'opportunity ' || offered.external_id || ' breaks registration ' || guarded.registration_id || ' unnoticed'
FROM guarded JOIN offered ON offered.company_id = guarded.company_id
LEFT JOIN joined ON joined.company_id = guarded.company_id
LEFT JOIN deals_breach breach ON breach.registration_id = guarded.registration_id
      AND breach.source = 'opportunity' AND breach.source_external_id = offered.external_id
WHERE offered.is_open AND (offered.family_id IS NULL OR offered.family_id = guarded.family_id)
  AND lower(guarded.held) <= offered.first_seen_at
  AND CASE WHEN breach.status <> 'withdrawn' THEN breach.found_at ELSE greatest(offered.updated_at, joined.at) END
      < upper(guarded.held)
  AND (breach.id IS NULL OR breach.status = 'withdrawn') AND NOT {_WITH_DIRECT.format(row="guarded")}
UNION ALL
SELECT 'sale ' || sold.external_id || ' breaks registration ' || guarded.registration_id || ' unnoticed'
FROM guarded JOIN sold ON sold.company_id = guarded.company_id AND sold.family_id = guarded.family_id
LEFT JOIN deals_breach breach ON breach.registration_id = guarded.registration_id
      AND breach.source = 'sale' AND breach.source_external_id = sold.external_id
WHERE sold.amount > 0 AND lower(guarded.held) <= sold.created_at
  AND (lower(guarded.held) AT TIME ZONE %(zone)s)::date <= sold.booked_on
  AND sold.booked_on < (upper(guarded.held) AT TIME ZONE %(zone)s)::date
  AND (breach.id IS NULL OR breach.status = 'withdrawn') AND NOT {_WITH_DIRECT.format(row="guarded")}
"""
_BREACH_UNFOUNDED = f"""{_GUARDED}
SELECT 'breach ' || breach.id || ' of registration ' || breach.registration_id || ' is open for nothing'
FROM deals_breach breach
WHERE breach.status = 'open' AND NOT {_WITH_DIRECT.format(row="breach")} AND NOT EXISTS (
    SELECT FROM guarded JOIN offered ON offered.company_id = guarded.company_id
    WHERE breach.source = 'opportunity' AND offered.external_id = breach.source_external_id
      AND guarded.registration_id = breach.registration_id AND offered.is_open
      AND (offered.family_id IS NULL OR offered.family_id = guarded.family_id)
      AND guarded.held @> offered.first_seen_at AND breach.found_at < upper(guarded.held)
    UNION ALL
    SELECT FROM guarded JOIN sold ON sold.company_id = guarded.company_id AND sold.family_id = guarded.family_id
    WHERE breach.source = 'sale' AND sold.external_id = breach.source_external_id AND sold.amount > 0
      AND guarded.registration_id = breach.registration_id
      AND sold.booked_on BETWEEN (lower(guarded.held) AT TIME ZONE %(zone)s)::date
                             AND (upper(guarded.held) AT TIME ZONE %(zone)s)::date
)
"""
STATEMENTS: Mapping[str, str] = {
    "one live protection": _ONE_LIVE,
    "nothing lives for a merged customer": _NOTHING_OF_MERGED,
    "protected until its protections end": _PROTECTED_UNTIL,
    "one request waits": _ONE_PENDING,
    "shares are whole": _WHOLE_SHARES,
    "what waits has a clock": _CLOCKS,
    "direct business inside is a breach": _BREACH_MISSING,
    "a breach is direct business inside": _BREACH_UNFOUNDED,
}


@dataclass(frozen=True, slots=True)
class Broken:
    """An invariant that does not hold, and where."""

    invariant: str
    detail: str


class Watch:
    """Looks at everything again and again, and at what can never change only once.

    `canaries` are texts by the partner that alone may read them; without them no partner's view is looked at.
    """

    def __init__(self, canaries: Mapping[int, Iterable[str]] | None = None) -> None:
        self.canaries = canaries
        self._replayed = 0
        self._ends: set[tuple[int, datetime | None]] = set()
        self._read = Read()

    def broken(self, *, at: datetime) -> list[Broken]:
        return [Broken(*found) for found in self._found(at)]

    def _found(self, at: datetime) -> Iterator[tuple[str, str]]:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what waits for the commit is done now
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            for name, statement in STATEMENTS.items():
                cursor.execute(statement, {"at": at, "zone": settings.TIME_ZONE})
                yield from ((name, row[0]) for row in cursor.fetchall())
        yield from (("only listed transitions, each recorded once", text) for text in histories.contradictions())
        yield from (("half-open", text) for text in self._not_half_open())
        yield from (("a replay gives the same", text) for text in self._other_when_replayed())
        report = verify_chain()
        if report.broken_at is not None:
            yield "the audit chain verifies", f"{report.problem} ({report.broken_at})"
        failed = OutboxMessage.objects.exclude(last_error="").values_list("topic", "last_error")
        yield from (("news are delivered", f"{topic}: {error}") for topic, error in failed)
        if self.canaries is not None:
            found, self._read = foreign_facts(self.canaries, since=self._read, at=at)
            yield from (("a partner reads nothing of another", text) for text in found)

    def _other_when_replayed(self) -> Iterator[str]:
        rows = Decision.objects.filter(pk__gt=self._replayed).select_related("rulebook", "registration").order_by("pk")
        for decision in rows:
            again = replay(decision)
            if not again.is_same:
                yield f"{again.decision} of {again.registration}: {', '.join(again.differences)}"
            self._replayed = decision.pk

    def _not_half_open(self) -> Iterator[str]:
        """Approved until a moment before its end, and from the end on no more: in SQL as by rule."""
        live = Registration.objects.filter(status=RegistrationStatus.APPROVED).exclude(protected_until=None)
        known = set(live.values_list("pk", "protected_until"))
        for key, end in sorted(known - self._ends):
            assert end is not None
            for at, expected in ((end - INSTANT, "approved"), (end, "expired")):
                by_rule = str(status_on(RegistrationStatus.APPROVED, end, at))
                by_sql = str(live.reading_on(at).values_list("current_status", flat=True).get(pk=key))
                if {by_rule, by_sql} != {expected}:
                    yield f"registration {key} reads {by_rule} by rule and {by_sql} in SQL at {at}, not {expected}"
        self._ends |= known


def broken_invariants(*, at: datetime, canaries: Mapping[int, Iterable[str]] | None = None) -> list[Broken]:
    """Everything that does not hold now; empty: all is well."""
    return Watch(canaries).broken(at=at)


_TABLES = (
    *("registration", "registrationline", "decision", "protection", "extension", "lifewarning", "pencilhold"),
    *("namedaccount", "blockedcustomer", "participant", "appeal", "breach", "change", "inquiry", "comment"),
)


def fingerprint() -> dict[str, Any]:
    """One digest for every table that a refusal must leave as it was. A check that was asked for is noted anyway."""
    tables = [f"deals_{name}" for name in _TABLES]
    tables += ["crm_customer", "crm_opportunity", "crm_sale", "common_auditentry", "common_outboxmessage"]
    digests = ", ".join(f"(SELECT md5(string_agg(row::text, '|' ORDER BY id)) FROM {table} row)" for table in tables)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {digests}")
        return dict(zip(tables, cursor.fetchone(), strict=True))
