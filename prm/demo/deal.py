"""One registration and what people do with it, each as a deed that a scene can put on a day."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from common.actor import SYSTEM, Actor
from crm.actions import opportunities, sales
from crm.rules.rows import OpportunityRow, SaleLineRow, SaleRow
from deals.actions import (
    activity,
    answers,
    appeals,
    assignments,
    attachments,
    changes,
    comments,
    extensions,
    inquiries,
    outcomes,
    participants,
    registrations,
    reviews,
)
from deals.actions import breaches as breach_actions
from deals.queries import breaches as breach_queries
from deals.queries.participants import participations_visible_to
from deals.queries.registrations import registrations_visible_to
from deals.rules.drafts import DraftLine, RegistrationDraft
from deals.rules.participants import Share
from prm.demo import cast, market, words
from prm.demo.books import Books, done
from prm.demo.duties import Duties
from prm.demo.people import DemoPartner
from prm.demo.story import Story

PRODUCTS = {product.sku: product for product in cast.PRODUCTS}
FAR = timedelta(days=75)


@dataclass(frozen=True, slots=True)
class World:
    """What all scenes share. Keys of products are by SKU, of customers by external id, of families by code."""

    story: Story
    staff: Mapping[str, Actor]
    duties: Duties
    books: Books
    product_ids: Mapping[str, int]
    customer_ids: Mapping[str, int]
    family_ids: Mapping[str, int]


@dataclass
class Deal:
    """Known by its keys once it is saved. `value` in euros; `registrar` registers it for the partner."""

    world: World
    partner: DemoPartner
    customer: market.CastCustomer
    value: int = 24_000
    sku: str = "PLT-300"
    source: str = "own"
    site: str = ""
    invited: tuple[Share, ...] | None = None
    registrar: Actor | None = None
    pk: int = 0
    public_id: str = ""
    appeal_id: int = 0

    # The partner

    def save(self, at: datetime) -> None:
        draft = RegistrationDraft(
            partner_id=self.partner.pk,
            customer_name=self.customer.name,
            customer_country=self.customer.country,
            customer_domain=self.customer.domain,
            customer_tax_id=self.customer.tax_id,
            contact=f"{self.one_of(cast.FIRST_NAMES)} {self.one_of(cast.LAST_NAMES)}",
            expected_close_on=(at + FAR).date(),
            stage="qualified",
            why_now=self.one_of(cast.WHY_NOW),
            source=self.source,
            currency=self.country.currency,
            lines=self.lines(self.value),
            site=self.site,
            invited=self.invited,
            registration_id=self.pk or None,
        )
        saved = registrations.save_draft(draft, by=self.registrar or self.partner.seller, at=at)
        self.pk, self.public_id = saved.pk, saved.public_id

    def submit(self, at: datetime) -> None:
        self.save(at)
        sent = registrations.submit_registration(self.pk, by=self.registrar or self.partner.seller, at=at)
        self.world.duties.watch(sent.review_due_at, sent.auto_approve_at)

    def withdraw(self, at: datetime) -> None:
        registrations.withdraw_registration(self.pk, by=self.partner.seller, at=at)

    def answer(self, at: datetime) -> None:
        typed = {"contact": f"{self.one_of(cast.FIRST_NAMES)} {self.one_of(cast.LAST_NAMES)}, head of IT"}
        said = "She took over the project in spring and signs for it."
        answered = answers.answer_inquiry(self.pk, typed=typed, words=said, by=self.partner.seller, at=at)
        self.world.duties.watch(answered.review_due_at, answered.auto_approve_at)

    def extend(self, at: datetime) -> None:
        day = at.date() - timedelta(days=2)
        extensions.request_extension(self.pk, words=words.MORE_TIME, evidence_on=day, by=self.partner.seller, at=at)

    def lose(self, at: datetime) -> None:
        outcomes.lose_registration(self.pk, reason="competitor", by=self.partner.seller, at=at)

    def give_up(self, at: datetime) -> None:
        outcomes.release_registration(self.pk, by=self.partner.seller, at=at)

    def appeal(self, at: datetime) -> None:
        grounds = self.one_of(words.APPEAL_GROUNDS)
        self.appeal_id = appeals.file_appeal(self.pk, grounds=grounds, by=self.partner.seller, at=at).pk

    # The vendor

    def assign(self, at: datetime) -> None:
        manager = self.world.staff["manager"]
        assignments.assign_registration(self.pk, manager.user_id, by=self.world.staff["chief"], at=at)

    def ask(self, at: datetime) -> None:
        question = "Whom did you speak to? The name you gave left the company last year."
        asked_fields = ("contact", "expected_close_on")
        inquiries.ask_partner(self.pk, fields=asked_fields, words=question, by=self.world.staff["manager"], at=at)

    def approve(self, at: datetime) -> None:
        """Unless the rules or the clock have approved it already."""
        if self.status() != "in_review":
            return
        known, said = self.world.customer_ids[self.customer.external_id], self.one_of(cast.REVIEW_WORDS)
        reviews.approve_registration(self.pk, reason=said, by=self.world.staff["manager"], at=at, customer_id=known)

    def reject(self, at: datetime) -> None:
        said = self.one_of(cast.REJECT_WORDS)
        reviews.reject_registration(self.pk, reason=said, by=self.world.staff["manager"], at=at)

    def revoke(self, at: datetime) -> None:
        said = "The customer asked us in writing to work with somebody else; you told us that you agree."
        outcomes.revoke_registration(self.pk, words=said, by=self.world.staff["chief"], at=at)

    def uphold(self, at: datetime) -> None:
        self.world.duties.judge_appeal(self.appeal_id, self.world.staff["chief"], overturns=False, at=at)

    def overturn(self, at: datetime) -> None:
        self.world.duties.judge_appeal(self.appeal_id, self.world.staff["chief"], overturns=True, at=at)

    def acknowledge(self, at: datetime) -> None:
        said = self.one_of(words.WENT_WRONG)
        breach_actions.acknowledge_breach(self.breach_id(), words=said, by=self.world.staff["chief"], at=at)

    def make_good(self, at: datetime) -> None:
        breach = breach_queries.breach_list(SYSTEM).get(registration=self.pk)
        breach_actions.settle_breach(breach.pk, amount=breach.amount, by=self.world.staff["finance"], at=at)

    def reject_breach(self, at: datetime) -> None:
        said = self.one_of(words.NO_BREACH)
        breach_actions.reject_breach(self.breach_id(), reason=said, by=self.world.staff["chief"], at=at)

    # The vendor's CRM

    def sell(self, at: datetime) -> None:
        self.world.books.sell(self.partner, self.customer, self.public_id, at)

    def direct_opportunity(self, at: datetime) -> None:
        """Direct sales works on the customer although it is the partner's."""
        row = OpportunityRow(
            external_id=f"O-{self.customer.external_id}",
            customer=self.customer.external_id,
            family=PRODUCTS[self.sku].family,
            owner_name=self.one_of(cast.LAST_NAMES),
            stage="proposal",
            amount=self.local(self.value),
            currency=self.country.currency,
            close_on=(at + FAR).date(),
            created_at=at,
            updated_at=at,
        )
        done(opportunities.upsert_opportunities([row], by=SYSTEM, at=at))

    def direct_sale(self, at: datetime) -> None:
        """Direct sales sells what the partner was protected for."""
        line = SaleLineRow(product=self.sku, quantity=Decimal(1), net_amount=self.local(self.value))
        row = SaleRow(
            external_id=f"S-{self.customer.external_id}",
            customer=self.customer.external_id,
            booked_on=at.date(),
            currency=self.country.currency,
            lines=[line],
        )
        done(sales.upsert_sales([row], by=SYSTEM, at=at))

    # What it says

    @property
    def country(self) -> cast.Country:
        return cast.COUNTRIES[self.customer.country]

    def local(self, euros: int) -> Decimal:
        return round(Decimal(euros) / self.country.rate, 0)

    def lines(self, value: int) -> list[DraftLine]:
        quantity = max(1, value // PRODUCTS[self.sku].price)
        return [DraftLine(self.world.product_ids[self.sku], quantity, self.local(value))]

    def one_of(self, texts: Sequence[str]) -> str:
        return self.world.story.rng.choice(texts)

    def status(self) -> str:
        return registrations_visible_to(SYSTEM).get(pk=self.pk).status

    def breach_id(self) -> int:
        return breach_queries.breach_list(SYSTEM).get(registration=self.pk).pk

    def of(self, partner: DemoPartner) -> "Deal":
        """The same customer and business, registered by another partner."""
        return replace(self, partner=partner, pk=0, public_id="")


Beat = Callable[[Deal, datetime], object]
"""Something that is done with a deal; `Deal.submit` is one, and those below."""


def says(text: str = "") -> Beat:
    """The seller writes to the vendor, about how it goes if nothing else."""
    return lambda deal, at: comments.add_comment(
        deal.pk, stream="shared", text=text or deal.one_of(words.ACTIVITY), by=deal.partner.seller, at=at
    )


def hears(text: str, *, stream: str = "shared") -> Beat:
    """The manager writes, to the partner or to colleagues only."""
    return lambda deal, at: comments.add_comment(
        deal.pk, stream=stream, text=text, by=deal.world.staff["manager"], at=at
    )


def shows(name: str, content: bytes) -> Beat:
    return lambda deal, at: attachments.attach(
        deal.pk, name=name, content=content, stream="shared", by=deal.partner.seller, at=at
    )


def moves_to(stage: str) -> Beat:
    return lambda deal, at: activity.move_stage(deal.pk, stage=stage, by=deal.partner.seller, at=at)


def grows_to(value: int) -> Beat:
    """The deal turns out to be larger."""
    return lambda deal, at: changes.propose_change(
        deal.pk, typed={"lines": deal.lines(value)}, by=deal.partner.seller, at=at
    )


def extends_with(name: str, content: bytes) -> Beat:
    """The seller asks for more time and shows a file."""

    def extend(deal: Deal, at: datetime) -> None:
        seller = deal.partner.seller
        shown = attachments.attach(deal.pk, name=name, content=content, stream="shared", by=seller, at=at)
        extensions.request_extension(
            deal.pk, words=words.MORE_TIME, evidence_on=at.date(), attachment_id=shown.pk, by=seller, at=at
        )

    return extend


def agreed_by(partner: DemoPartner) -> Beat:
    """An invited partner takes part."""

    def agree(deal: Deal, at: datetime) -> None:
        invited = participations_visible_to(partner.seller).get(registration=deal.pk)
        participants.answer_invitation(invited.public_id, agrees=True, by=partner.seller, at=at)

    return agree
