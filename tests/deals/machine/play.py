"""The machine: whatever people, the CRM and time do to registrations, in any order, the invariants hold after it."""

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from structlog.testing import capture_logs

from common import outbox
from common.actor import SYSTEM, Actor
from common.errors import NotFound, Refused
from crm.actions.customers import merge_customers
from crm.actions.opportunities import upsert_opportunities
from crm.actions.sales import upsert_sales
from crm.models import Customer
from crm.rules.matching import CustomerIdentity
from crm.rules.rows import OpportunityRow, SaleLineRow, SaleRow
from deals.actions import (
    activity,
    appeals,
    breaches,
    changes,
    clockwork,
    extensions,
    inquiries,
    outcomes,
    participants,
    pencils,
    registrations,
    reviews,
    sentinel,
)
from deals.actions.answers import answer_inquiry
from deals.models import Appeal, Breach, Change, Extension, Inquiry, Participant, PencilHold, Registration
from deals.rules.drafts import DraftLine
from deals.rules.participants import Share
from deals.rules.preflight import PreflightQuestion
from tests.deals.invariants import Watch, fingerprint
from tests.deals.machine.world import BEGINS_AT, IDENTITIES, KNOWN, SITES, Cast, Company, a_draft

A_SECOND = timedelta(seconds=1)
FEWEST = 2  # companies that are not merged any more, so that there is something to play with
places = st.integers(0, 999)  # one of those there are, whichever they are
identities = st.sampled_from(IDENTITIES)
amounts = st.sampled_from((4_000, 4_000, 8_000, 50_000))
which_products = st.sampled_from(((0,), (0,), (1,), (0, 1)))
companies = st.integers(0, 2)
claims = st.tuples(st.sampled_from(SITES), st.sampled_from(("own", "own", "own", "renewal", "tender")))
sold = st.tuples(st.integers(0, 1), st.sampled_from(("9000", "-500")))  # a product and an amount
often = st.sampled_from((True, True, True, True, True, False))
seldom = st.sampled_from((False, False, True))
LONG_WORDS = "They have seen the demonstration and asked for an offer."


class Play(RuleBasedStateMachine):
    """One game. Everything happens in a transaction that is taken back at its end; time only goes on."""

    cast: ClassVar[Cast]
    done: ClassVar[Counter[str]] = Counter()
    refused: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.now: datetime = BEGINS_AT
        self.watch = Watch(self.cast.canaries)
        self.is_touched = True
        self.frame = transaction.atomic()
        self.frame.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.frame.__exit__(None, None, None)

    @invariant()
    def nothing_is_broken(self) -> None:
        """After a step that did something."""
        if self.is_touched:
            broken = self.watch.broken(at=self.now)
            assert broken == [], broken
            self.is_touched = False

    # How it plays

    def attempt(self, name: str, deed: Callable[..., Any], *args: Any, by: Actor, **how: Any) -> Any:
        """Do it a second later. What is refused must have left everything as it was."""
        self.now += A_SECOND
        before = fingerprint()
        try:
            result = deed(*args, by=by, at=self.now, **how)
        except (Refused, NotFound) as refused:
            self.refused[f"{name}: {refused}"] += 1
            after = fingerprint()
            assert after == before, [f"{name} was refused and changed {table}" for table in _differing(before, after)]
            return None
        self.done[name] += 1
        self.is_touched = True
        return result

    def one(self, rows: Any, place: int) -> Any:
        found = list(rows.order_by("pk"))
        return found[place % len(found)] if found else None

    def deal(self, place: int, fitting: bool, *statuses: str) -> Registration | None:
        """A registration; mostly one that reads as one of these."""
        rows = Registration.objects.all().reading_on(self.now)
        if fitting and statuses:
            rows = rows.filter(current_status__in=statuses)
        found: Registration | None = self.one(rows, place)
        return found

    def owner(self, registration: Registration, truly: bool) -> Actor:
        rival = self.cast.rival_of(registration.partner_id)
        return self.cast.seller_of(registration.partner_id) if truly else rival.seller

    def draft_of(self, company: Company, products: tuple[int, ...], **typed: Any) -> Any:
        return a_draft(company, tuple(self.cast.products[number] for number in products), self.now, **typed)

    def customer(self, place: int) -> Customer | None:
        found: Customer | None = self.one(Customer.objects.all(), place)
        return found

    # What partners do

    @initialize()
    def begin(self) -> None:
        """Two partners hold what looks alike, others wait for a person, and one was turned away."""
        for company, identity, amount, products in (
            (0, 0, 4_000, (0,)), (1, 1, 4_000, (1,)), (1, 3, 4_000, (0, 1)), (2, 0, 4_000, (0,)), (2, 4, 50_000, (0,)),
            (0, 2, 4_000, (1,)),
        ):  # fmt: skip
            self.register(company, IDENTITIES[identity], amount, products, ("", "own"))

    @rule(number=companies, typed=identities, amount=amounts, products=which_products, claim=claims, on_behalf=seldom)
    def register(
        self, number: int, typed: dict[str, str], amount: int, products: tuple[int, ...], claim: tuple[str, str],
        on_behalf: bool = False,
    ) -> None:  # fmt: skip
        company, (site, source) = self.cast.companies[number], claim
        by = self.cast.companies[2].seller if on_behalf else company.seller
        draft = self.draft_of(company, products, amount=amount, site=site, source=source, **typed)
        made = self.attempt("register", registrations.register_deal, draft, by=by)
        if made is not None:
            self.done[f"register: {made.status}"] += 1

    @rule(place=places, fits=often, truly=often)
    def withdraw(self, place: int, fits: bool, truly: bool) -> None:
        if deal := self.deal(place, fits, "in_review", "action_required"):
            self.attempt("withdraw", registrations.withdraw_registration, deal.pk, by=self.owner(deal, truly))

    @rule(number=companies, typed=identities, products=which_products, site=st.sampled_from(SITES))
    def hold(self, number: int, typed: dict[str, str], products: tuple[int, ...], site: str) -> None:
        identity = CustomerIdentity(typed["customer_name"], typed["customer_country"], typed["customer_domain"])
        families = tuple(self.cast.products[each].family_id for each in products)
        company = self.cast.companies[number]
        asked = PreflightQuestion(identity, families, site, Decimal(4_000))
        self.attempt("hold", pencils.hold_customer, company.partner.pk, asked, by=company.seller)

    @rule(place=places, number=companies)
    def give_up_hold(self, place: int, number: int) -> None:
        if hold := self.one(PencilHold.objects.filter(ends_at__gt=self.now), place):
            by = self.cast.companies[number].seller
            self.attempt("give up hold", pencils.release_hold, hold.public_id, by=by)

    @rule(place=places, fits=often, typed=identities, products=which_products, what=st.integers(0, 2))
    def answer(self, place: int, fits: bool, typed: dict[str, str], products: tuple[int, ...], what: int) -> None:
        deal = self.deal(place, fits, "action_required")
        if deal is None:
            return
        inquiry = Inquiry.objects.filter(registration=deal, answered_at=None).first()
        asked = inquiry.fields if inquiry else []
        lines = [DraftLine(self.cast.products[number].pk, 2, Decimal(3_000)) for number in products]
        values = [{}, typed, {"lines": lines}][what]
        given = {name: value for name, value in values.items() if name in asked}
        words = f"Answered by {self.cast.company(deal.partner_id).canary}"
        by = self.owner(deal, True)
        self.attempt("answer", answer_inquiry, deal.pk, typed=given, words=words, by=by)

    @rule(place=places, fits=often, truly=often, days_ago=st.sampled_from((0, 3, 40)))
    def ask_for_time(self, place: int, fits: bool, truly: bool, days_ago: int) -> None:
        if deal := self.deal(place, fits, "approved"):
            by, day = self.owner(deal, truly), self.now.date() - timedelta(days=days_ago)
            self.attempt("extend", extensions.request_extension, deal.pk, words=LONG_WORDS, evidence_on=day, by=by)

    @rule(place=places, fits=often, typed=identities, products=which_products, what=st.integers(0, 5), amount=amounts)
    def change(
        self, place: int, fits: bool, typed: dict[str, str], products: tuple[int, ...], what: int, amount: int
    ) -> None:
        deal = self.deal(place, fits, "approved")
        if deal is None:
            return
        lines = tuple(DraftLine(self.cast.products[number].pk, 1, Decimal(amount)) for number in products)
        later = date.fromordinal(self.now.date().toordinal() + 200)
        values: tuple[dict[str, Any], ...] = (
            {"lines": lines}, typed, {"site": SITES[place % len(SITES)]}, {"expected_close_on": later},
            {"contact": f"{self.cast.company(deal.partner_id).canary} other"}, {**typed, "lines": lines},
        )  # fmt: skip
        by = self.owner(deal, True)
        made = self.attempt("change", changes.propose_change, deal.pk, typed=values[what], by=by)
        if made is not None:
            self.done[f"change: {made.status}"] += 1

    @rule(place=places)
    def take_back_change(self, place: int) -> None:
        if change := self.one(Change.objects.filter(status="pending"), place):
            self.attempt(
                "take back change", changes.withdraw_change, change.pk, by=self.owner(change.registration, True)
            )

    @rule(place=places, fits=often, truly=often)
    def move_stage(self, place: int, fits: bool, truly: bool) -> None:
        if deal := self.deal(place, fits, "approved", "in_review"):
            stage = ("prospect", "qualified", "proposal")[place % 3]
            self.attempt("stage", activity.move_stage, deal.pk, stage=stage, by=self.owner(deal, truly))

    @rule(place=places, fits=often, truly=often, how=st.sampled_from(("win", "lose", "release")))
    def end(self, place: int, fits: bool, truly: bool, how: str) -> None:
        deal = self.deal(place, fits, "approved")
        if deal is None:
            return
        by = self.owner(deal, truly)
        if how == "win":
            self.attempt("win", outcomes.win_registration, deal.pk, by=by)
        elif how == "lose":
            self.attempt("lose", outcomes.lose_registration, deal.pk, reason="price", by=by)
        else:
            self.attempt("release", outcomes.release_registration, deal.pk, by=by)

    @rule(place=places, fits=often, truly=often)
    def appeal(self, place: int, fits: bool, truly: bool) -> None:
        if deal := self.deal(place, fits, "rejected", "expired", "revoked"):
            grounds = f"{self.cast.company(deal.partner_id).canary} was first"
            self.attempt("appeal", appeals.file_appeal, deal.pk, grounds=grounds, by=self.owner(deal, truly))

    @rule(place=places, fits=often, number=companies, with_direct=st.booleans())
    def invite(self, place: int, fits: bool, number: int, with_direct: bool) -> None:
        deal = self.deal(place, fits, "approved", "in_review")
        if deal is None:
            return
        partner = self.cast.companies[number].partner
        other = partner if partner.pk != deal.partner_id else self.cast.rival_of(deal.partner_id).partner
        invited = [Share(other.pk, "resell", 2_500)]
        invited += [Share(None, "direct", 1_000)] if with_direct else []
        by = self.owner(deal, True)
        self.attempt("invite", participants.invite_participants, deal.pk, invited, by=by)

    @rule(place=places, agrees=st.booleans())
    def answer_invitation(self, place: int, agrees: bool) -> None:
        waiting = Participant.objects.filter(consent="invited")
        if invited := self.one(waiting, place):
            by = self.cast.seller_of(invited.partner_id) if invited.partner_id else self.cast.manager
            self.attempt("join", participants.answer_invitation, invited.public_id, agrees=agrees, by=by)

    # What the vendor's people do

    @rule(place=places, fits=often, other=st.sampled_from((None, None, 0, 1, 2, 3)), truly=often)
    def approve(self, place: int, fits: bool, other: int | None, truly: bool) -> None:
        if deal := self.deal(place, fits, "in_review"):
            named = None if other is None else self.customer(other)
            chosen, by = named.pk if named else None, self.cast.manager if truly else self.owner(deal, True)
            self.attempt("approve", reviews.approve_registration, deal.pk, reason="Good", by=by, customer_id=chosen)

    @rule(place=places, fits=often, truly=often)
    def reject(self, place: int, fits: bool, truly: bool) -> None:
        if deal := self.deal(place, fits, "in_review", "action_required"):
            by = self.cast.manager if truly else self.owner(deal, True)
            self.attempt("reject", reviews.reject_registration, deal.pk, reason="Not theirs", by=by)

    @rule(place=places, fits=often, of_customer=st.booleans())
    def ask(self, place: int, fits: bool, of_customer: bool) -> None:
        fields = ["customer_name", "customer_country", "customer_domain"] if of_customer else ["lines", "why_now"]
        if deal := self.deal(place, fits, "in_review"):
            by = self.cast.manager
            self.attempt("ask", inquiries.ask_partner, deal.pk, fields=fields, words="Which one?", by=by)

    @rule(place=places, fits=often)
    def revoke(self, place: int, fits: bool) -> None:
        if deal := self.deal(place, fits, "approved"):
            self.attempt("revoke", outcomes.revoke_registration, deal.pk, words="Not kept", by=self.cast.chief)

    @rule(place=places, grants=st.booleans())
    def answer_time(self, place: int, grants: bool) -> None:
        extension = self.one(Extension.objects.filter(status="pending"), place)
        if extension is None:
            return
        if grants:
            self.attempt("grant", extensions.grant_extension, extension.pk, by=self.cast.manager)
        else:
            self.attempt("refuse", extensions.refuse_extension, extension.pk, words="No", by=self.cast.manager)

    @rule(
        place=places,
        verdict=st.sampled_from(("approve", "approve", "reject")),
        other=st.sampled_from((None, None, 0, 2)),
    )
    def settle_change(self, place: int, verdict: str, other: int | None) -> None:
        if change := self.one(Change.objects.filter(status="pending"), place):
            named = None if other is None else self.customer(other)
            self.attempt(
                f"settle change: {verdict}", changes.settle_change, change.pk, verdict=verdict, words="So be it",
                by=self.cast.manager, customer_id=named.pk if named else None,
            )  # fmt: skip

    @rule(place=places, overturn=often, who=st.integers(0, 2))
    def judge(self, place: int, overturn: bool, who: int) -> None:
        appeal = self.one(Appeal.objects.filter(status="open"), place)
        if appeal is None:
            return
        by = (self.cast.manager, self.cast.second_manager, self.cast.chief)[who]
        if overturn:
            self.attempt("overturn", appeals.overturn_appeal, appeal.pk, words="They were right", by=by)
        else:
            self.attempt("uphold", appeals.uphold_appeal, appeal.pk, words="It stands", by=by)

    @rule(one=places, other=places)
    def merge(self, one: int, other: int) -> None:
        kept, lost = self.customer(one), self.customer(other)
        if kept and lost and Customer.objects.filter(merged_into=None).count() > FEWEST:
            self.attempt("merge", merge_customers, kept.pk, lost.pk, by=self.cast.chief)

    @rule(place=places, what=st.sampled_from(("acknowledge", "reject")))
    def answer_breach(self, place: int, what: str) -> None:
        breach = self.one(Breach.objects.filter(status__in=["open", "acknowledged"]), place)
        if breach is None:
            return
        if what == "acknowledge":
            self.attempt("own up", breaches.acknowledge_breach, breach.pk, words="We did", by=self.cast.chief)
        else:
            self.attempt("deny", breaches.reject_breach, breach.pk, reason="Old business", by=self.cast.chief)

    # What the CRM tells

    @rule(number=st.integers(0, 3), place=places, family=st.sampled_from(("", "0", "1")), is_open=often)
    def opportunity(self, number: int, place: int, family: str, is_open: bool) -> None:
        row = OpportunityRow(
            external_id=f"O{number}",
            customer=f"C{KNOWN[place % len(KNOWN)]}",
            stage="proposal",
            amount=Decimal(20_000),
            currency="EUR",
            close_on=self.now.date() + timedelta(days=60),
            created_at=self.now - timedelta(days=1),
            updated_at=self.now,
            family=self.cast.products[int(family)].family.code if family else "",
            is_open=is_open,
        )
        self.imported("opportunity", upsert_opportunities, row)

    @rule(number=st.integers(0, 3), place=places, what=sold, days_ago=st.sampled_from((0, 0, 2, 20)), is_booked=often)
    def direct_sale(self, number: int, place: int, what: tuple[int, str], days_ago: int, is_booked: bool) -> None:
        self.sale(number, place, what, days_ago=days_ago, is_booked=is_booked)

    @rule(number=st.integers(0, 3), place=places, what=sold)
    def partner_sale(self, number: int, place: int, what: tuple[int, str]) -> None:
        self.sale(number, place, what, deal=self.deal(place, True, "approved"))

    def sale(
        self, number: int, place: int, what: tuple[int, str], *, days_ago: int = 0, is_booked: bool = True,
        deal: Registration | None = None,
    ) -> None:  # fmt: skip
        product, amount = what
        partner_id = deal.partner_id if deal else None
        row = SaleRow(
            external_id=f"S{number}",
            customer=f"C{KNOWN[place % len(KNOWN)]}",
            booked_on=self.now.date() - timedelta(days=days_ago),
            currency="EUR",
            lines=[SaleLineRow(product=f"P{product}", quantity=Decimal(1), net_amount=Decimal(amount))],
            partner=self.cast.company(partner_id).partner.public_id if partner_id else "",
            registration=deal.public_id if deal else "",
            status="booked" if is_booked else "cancelled",
        )
        self.imported("sale", upsert_sales, row)

    def imported(self, name: str, upsert: Callable[..., Any], row: Any) -> None:
        result = self.attempt(name, upsert, [row], by=SYSTEM)
        assert result is not None
        assert not result.failed, result

    # What happens by itself

    @rule(hours=st.sampled_from((1, 5, 24, 24, 5 * 24, 14 * 24, 31 * 24, 46 * 24, 61 * 24)), swept=st.booleans())
    def time_passes(self, hours: int, swept: bool) -> None:
        """The sweepers run, or do not yet. They note failures in the log and go on: here none may fail."""
        self.now += timedelta(hours=hours)
        self.is_touched = True
        if swept:
            with capture_logs() as logs:
                self.done["ladder"] += activity.keep_ladders(at=self.now)
                self.done["clock"] += clockwork.run_review_clocks(at=self.now)
                sentinel.sweep_breaches(at=self.now)
            assert [entry for entry in logs if entry["log_level"] in ("error", "critical")] == []

    @rule()
    def news_go_out(self) -> None:
        with capture_logs():
            told = outbox.relay(at=self.now, limit=1000)
        self.done["news"] += told
        self.is_touched = self.is_touched or told > 0


def _differing(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [table for table, digest in before.items() if after[table] != digest]
