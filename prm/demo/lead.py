"""One lead from the vendor and what becomes of it, each as a deed that a scene can put on a day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from common.actor import SYSTEM
from common.errors import Refused
from common.verdict import refusal
from deals.actions import leads as actions
from deals.queries import leads as queries
from deals.rules.leads import NewLead
from prm.demo import cast, market, words
from prm.demo.deal import PRODUCTS, Deal, World
from prm.demo.duties import SWEEP
from prm.demo.people import DemoPartner


@dataclass
class Lead:
    """Known by its key once it is entered. `partners` by their keys: the rules say which of them is asked."""

    world: World
    partners: Mapping[int, DemoPartner]
    customer: market.CastCustomer
    value: int = 24_000
    sku: str = "PLT-300"
    pk: int = 0
    deal: Deal | None = None

    # The vendor

    def enter(self, at: datetime) -> None:
        first_name, last_name = self._one_of(cast.FIRST_NAMES), self._one_of(cast.LAST_NAMES)
        domain = self.customer.domain
        typed = NewLead(
            customer_name=self.customer.name,
            customer_country=self.customer.country,
            customer_domain=domain,
            family_id=self.world.family_ids[PRODUCTS[self.sku].family],
            contact_name=f"{first_name} {last_name}",
            contact_email=f"{first_name}.{last_name}@{domain}".lower().translate(cast.ASCII),
            words=self._one_of(words.LEADS),
            value=Decimal(self.value),
        )
        self.pk = actions.create_lead(typed, by=self.world.staff["manager"], at=at).pk

    def offer(self, at: datetime) -> None:
        self.enter(at)
        actions.offer_lead(self.pk, by=self.world.staff["manager"], at=at)
        self._watch()

    def close(self, at: datetime) -> None:
        actions.close_lead(self.pk, by=self.world.staff["manager"], at=at)

    # Whoever is asked

    def accept(self, at: datetime) -> None:
        public_id, partner = self._asked()
        draft = actions.accept_offer(public_id, by=partner.seller, at=at).registration
        assert draft is not None
        self.deal = Deal(self.world, partner, self.customer, self.value, self.sku, draft.source, pk=draft.pk)

    def decline(self, at: datetime) -> None:
        public_id, partner = self._asked()
        actions.decline_offer(public_id, words=self._one_of(words.DECLINED_LEADS), by=partner.seller, at=at)
        self._watch()

    def register(self, at: datetime) -> None:
        """The draft that it became is completed and sent."""
        self._own_deal().submit(at)

    def approve(self, at: datetime) -> None:
        self._own_deal().approve(at)

    def sell(self, at: datetime) -> None:
        self._own_deal().sell(at)

    # Its clock

    def _watch(self) -> None:
        """Look at it again when the time of who is asked now is over."""
        for ends_at in self._offers().values_list("expires_at", flat=True):
            self.world.story.at(ends_at + SWEEP, self._pass_on)

    def _pass_on(self, at: datetime) -> None:
        if actions.expire_offers(at=at):
            self._watch()

    def _offers(self) -> QuerySet[Any]:
        """The one that waits for an answer, if any does."""
        return queries.offers_visible_to(SYSTEM).filter(lead=self.pk, answer="waiting")

    def _asked(self) -> tuple[str, DemoPartner]:
        """Refused if nobody is: on some days of the calendar what came before may not have come off."""
        offer = self._offers().first()
        if offer is None:
            raise Refused(refusal("lead.offer_over").reasons)
        return offer.public_id, self.partners[offer.partner_id]

    def _own_deal(self) -> Deal:
        if self.deal is None:
            raise Refused(refusal("lead.offer_over").reasons)
        return self.deal

    def _one_of(self, texts: Sequence[str]) -> str:
        return self.world.story.rng.choice(texts)
