"""Registrations of the demo, from the partner's draft to the sale that the CRM reports."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Protocol

from common.actor import SYSTEM, Actor
from common.errors import Refused
from deals.actions import activity, appeals, extensions, outcomes, registrations, reviews
from deals.queries.registrations import registrations_visible_to
from deals.rules.drafts import DraftLine, RegistrationDraft
from prm.demo import cast, market, words
from prm.demo.duties import Duties
from prm.demo.people import DemoPartner
from prm.demo.story import Story

WON, LOST, MOVED, EXTENDED, WITHDRAWN = 0.52, 0.72, 0.82, 0.88, 0.03  # of approved ones; the rest lapse
APPEALED = 0.1  # of those that a person rejected
BACKLOG = 1  # working days of which much is not decided yet
SellTo = Callable[[DemoPartner, market.CastCustomer, str, datetime], None]


class Registered(Protocol):
    """A registration, as far as the demo needs to know it."""

    pk: int
    public_id: str
    status: str
    review_due_at: datetime | None
    auto_approve_at: datetime | None


@dataclass
class Desk:
    """Where partners' registrations are made and the channel managers decide on them."""

    story: Story
    duties: Duties
    managers: list[Actor]
    product_ids: dict[str, int]  # by SKU
    customer_ids: dict[str, int]  # by external id
    sell: SellTo

    def plan(self, partners: list[DemoPartner], customers: list[market.CastCustomer], count: int) -> None:
        """Have `count` registrations made over the whole time; some partners meet on the same customer."""
        rng = self.story.rng
        contested = customers[: len(customers) // 12]
        weights = [partner.cast.weight for partner in partners]
        for partner in rng.choices(partners, weights, k=count):
            pool = contested if rng.random() < 0.22 else customers
            customer = rng.choice(pool)
            self.story.at(self.story.moment_on(self.story.some_day()), self._registering(partner, customer))
        for partner in rng.choices(partners, weights, k=max(3, count // 60)):
            day = self.story.workday_before_end(rng.choice([1, 1, 2]))
            self.story.at(self.story.moment_on(day), self._registering(partner, rng.choice(customers)))

    def _registering(self, partner: DemoPartner, customer: market.CastCustomer) -> Callable[[datetime], None]:
        def register(at: datetime) -> None:
            draft = self._draft(partner, customer, at)
            registration = registrations.save_draft(draft, by=partner.seller, at=at)
            if self.story.rng.random() < 0.03:
                return  # stays a draft
            try:
                registration = registrations.submit_registration(registration.pk, by=partner.seller, at=at)
            except Refused:
                return
            if self.story.rng.random() < WITHDRAWN and registration.status == "in_review":
                registrations.withdraw_registration(registration.pk, by=partner.seller, at=at + timedelta(hours=1))
            else:
                self._follow(registration, partner, customer, at)

        return register

    def _draft(self, partner: DemoPartner, customer: market.CastCustomer, at: datetime) -> RegistrationDraft:
        rng = self.story.rng
        knows_ids = rng.random() < 0.7
        country = cast.COUNTRIES[customer.country]
        return RegistrationDraft(
            partner_id=partner.pk,
            customer_name=market.as_typed(customer.name, rng),
            customer_country=customer.country,
            customer_domain=customer.domain if knows_ids else "",
            customer_tax_id=customer.tax_id if knows_ids and rng.random() < 0.5 else "",
            contact=f"{rng.choice(cast.FIRST_NAMES)} {rng.choice(cast.LAST_NAMES)}",
            expected_close_on=at.date() + timedelta(days=rng.randrange(20, 110)),
            stage=rng.choice(["prospect", "qualified", "proposal", "negotiation"]),
            why_now=rng.choice(cast.WHY_NOW),
            source=rng.choice(["own", "own", "own", "referral", "campaign", "vendor_lead"]),
            currency=country.currency,
            lines=self._lines(country),
        )

    def _lines(self, country: cast.Country) -> list[DraftLine]:
        rng = self.story.rng
        main = rng.choice([product for product in cast.PRODUCTS if product.family != "services"])
        chosen = [main, *(product for product in cast.PRODUCTS[-3:] if rng.random() < 0.25)]
        return [
            DraftLine(self.product_ids[product.sku], quantity, self._price(product, quantity, country))
            for product in chosen
            for quantity in [rng.choice([1, 1, 2, 3, 5, 8, 12])]
        ]

    def _price(self, product: cast.CastProduct, quantity: int, country: cast.Country) -> Decimal:
        return round(Decimal(product.price) * quantity / country.rate, 0)

    def _follow(
        self, registration: Registered, partner: DemoPartner, customer: market.CastCustomer, at: datetime
    ) -> None:
        """What happens to it next: a person decides, then the deal is won, lost, withdrawn, or lapses."""
        hours = self.story.rng.choice([1, 2, 2, 3, 3, 5, 18, 20, 20, 22, 30, 52])
        self.duties.watch(registration.review_due_at, registration.auto_approve_at)
        if at.date() >= self.story.workday_before_end(BACKLOG) and self.story.rng.random() < 0.7:
            return  # still in the queue
        pk, public_id, status = registration.pk, registration.public_id, registration.status
        if status == "in_review":

            def decide(now: datetime) -> None:
                decided = self._decide(pk, customer, now)
                if decided == "approved":
                    self._close(pk, public_id, partner, customer, now)
                elif decided == "rejected" and self.story.rng.random() < APPEALED:
                    self._appeal(pk, partner, now)

            self.story.at(self.story.hours_after(at, hours), decide)
        elif status == "approved":
            self._close(pk, public_id, partner, customer, at)

    def _decide(self, pk: int, customer: market.CastCustomer, at: datetime) -> str:
        """A manager recognises the customer, and approves or rejects."""
        rng, manager = self.story.rng, self.story.rng.choice(self.managers)
        reject = rng.random() < 0.18
        try:
            if not reject:
                reason, known = rng.choice(cast.REVIEW_WORDS), self.customer_ids[customer.external_id]
                approved = reviews.approve_registration(pk, reason=reason, by=manager, at=at, customer_id=known)
                return approved.status
        except Refused:
            pass  # somebody else got the customer meanwhile
        try:
            return reviews.reject_registration(pk, reason=rng.choice(cast.REJECT_WORDS), by=manager, at=at).status
        except Refused:  # the clock was quicker
            return registrations_visible_to(SYSTEM).get(pk=pk).status

    def _appeal(self, pk: int, partner: DemoPartner, at: datetime) -> None:
        def appeal(now: datetime) -> None:
            appeals.file_appeal(pk, grounds=self.story.rng.choice(words.APPEAL_GROUNDS), by=partner.seller, at=now)

        self.story.at(self.story.moment_on((at + timedelta(days=self.story.rng.randrange(1, 13))).date()), appeal)

    def _close(
        self, pk: int, public_id: str, partner: DemoPartner, customer: market.CastCustomer, at: datetime
    ) -> None:
        fate = self.story.rng.random()
        day = at + timedelta(days=self.story.rng.randrange(4, 58))

        def win(now: datetime) -> None:
            self.sell(partner, customer, public_id, now)

        def lose(now: datetime) -> None:
            reason = self.story.rng.choice(["price", "competitor", "no_budget", "no_decision"])
            self._unless_lapsed(lambda: outcomes.lose_registration(pk, reason=reason, by=partner.seller, at=now))

        def move(now: datetime) -> None:
            moved = partial(activity.move_stage, pk, stage="negotiation", by=partner.seller, at=now)
            self._unless_lapsed(moved)

        def extend(now: datetime) -> None:
            day = now.date() - timedelta(days=1)
            asked = partial(extensions.request_extension, pk, words=words.MORE_TIME, evidence_on=day)
            self._unless_lapsed(lambda: asked(by=partner.seller, at=now))

        if fate < WON:
            self.story.at(self.story.moment_on(day.date()), win)
        elif fate < LOST:
            self.story.at(self.story.moment_on(day.date()), lose)
        elif fate < MOVED:
            self.story.at(self.story.moment_on(day.date()), move)
        elif fate < EXTENDED:
            self.story.at(self.story.moment_on(day.date()), extend)

    @staticmethod
    def _unless_lapsed(deed: Callable[[], object]) -> None:
        with suppress(Refused):
            deed()
