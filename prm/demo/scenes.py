"""Scenes around the demo's logins: what can become of a registration, each once, as it is on the last day."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import TypeVar

import structlog

from common.errors import Refused
from crm.rules.matching import CustomerIdentity
from deals.actions.pencils import hold_customer
from deals.rules.participants import Share
from deals.rules.preflight import PreflightQuestion
from partners.actions import distribution
from prm.demo import market, papers, policies
from prm.demo.deal import Beat, Deal, World, agreed_by, extends_with, grows_to, hears, moves_to, says, shows
from prm.demo.lead import Lead
from prm.demo.people import DemoPartner
from prm.demo.story import Deed

Played = TypeVar("Played", Deal, Lead)
log = structlog.get_logger(__name__)
LARGE, LARGER = 128_000, 146_000  # more than any level has approved at once, and than the clock approves
MINUTES = papers.minutes(
    "Minutes of the first meeting", "", "- budget holder takes part", "- pilot in one plant", "- offer by month's end"
)
MAIL = papers.letter(
    "From: project office", "", "We confirm that we asked you for an offer", "and meet again next week."
)
VOLUMES = papers.chart(18, 26, 31, 44, 52, 68)
MOVED = papers.letter("Board meeting moved", "", "The decision about the project was moved", "to the next meeting.")


@dataclass
class Scenes:
    """`partners` are all, the largest first; `customers` those that may be cast; `taken` were."""

    world: World
    partners: Sequence[DemoPartner]
    customers: Sequence[market.CastCustomer]
    taken: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._free: dict[str, list[market.CastCustomer]] = defaultdict(list)
        for customer in reversed(self.customers[policies.NAMED + policies.BLOCKED :]):
            if customer.domain and customer.tax_id:  # whom everybody can recognise
                self._free[customer.country].append(customer)

    def plan(self) -> None:
        """Cast everybody, and put every scene on its days."""
        for scene in (self._reviews, self._lives, self._ends, self._appeals, self._together, self._breaches):
            scene()
        self._leads()

    # What waits for the vendor

    def _reviews(self) -> None:
        work = self._work
        self._play(self._deal(), (work(1), Deal.save))
        self._play(
            self._deal(LARGE),
            (work(2), Deal.submit),
            (work(2), Deal.assign),
            (work(2), shows("minutes.txt", MINUTES)),
            (work(1), hears("Who else is invited, and by when do they decide?")),
            (work(1), says("One local supplier besides us. They decide at the end of next month.")),
            (work(1), shows("confirmation.pdf", MAIL)),
            (work(1), hears("Sounds solid. Check the subsidiary before deciding.", stream="internal")),
        )
        self._play(self._deal(LARGER), (work(5), Deal.submit))  # late: nobody took it up
        self._play(self._deal(LARGE), (work(4), Deal.submit), (work(3), Deal.ask))
        self._play(self._deal(LARGE), (work(5), Deal.submit), (work(4), Deal.ask), (work(2), Deal.answer))
        self._play(self._deal(LARGE), (work(6), Deal.submit), (work(6), Deal.withdraw))
        self._hold()

    def _hold(self) -> None:
        partner, customer = self.partners[0], self._customer(self.partners[0])
        identity = CustomerIdentity(customer.name, customer.country, customer.domain, customer.tax_id)
        question = PreflightQuestion(identity, (self.world.family_ids["platform"],), amount=Decimal(24_000))
        day = self._work(1)
        self._on(day, lambda at: hold_customer(partner.pk, question, by=partner.seller, at=at))

    # What is protected

    def _lives(self) -> None:
        ago, work = self._ago, self._work
        self._approved(self._deal(18_000), 7)
        self._approved(self._deal(), 52)  # nothing since: the partner was reminded
        self._approved(self._deal(31_000), 80, (ago(68), Deal.extend))  # nothing since: at risk
        extends = extends_with("board-moved.pdf", MOVED)
        self._approved(self._deal(42_000), 54, (ago(30), says()), (work(4), extends))
        self._approved(
            self._deal(38_000),
            100,
            (ago(80), moves_to("proposal")),
            (ago(57), Deal.extend),
            (ago(25), shows("volumes.png", VOLUMES)),
            (work(2), extends),
        )
        self._approved(self._deal(), 33, (ago(12), says()), (work(2), grows_to(LARGER)))
        self._approved(self._deal(30_000), 24, (work(6), grows_to(34_000)))
        self._approved(self._deal(source="vendor_lead", site="Riverside plant"), 20)
        tender = self._deal(52_000, source="tender")
        self._approved(tender, 17)
        self._approved(tender.of(self.partners[1]), 15)

    # How it can end

    def _ends(self) -> None:
        ago = self._ago
        self._approved(self._deal(46_000), 47, (ago(30), moves_to("negotiation")), (ago(16), Deal.sell))
        self._approved(self._deal(), 61, (ago(22), Deal.lose))
        self._approved(self._deal(), 40, (ago(11), Deal.give_up))
        self._approved(self._deal(), 44, (ago(9), Deal.revoke))
        talks = [(ago(day), says()) for day in (160, 120, 85)]
        self._approved(self._deal(), 200, *talks)

    def _appeals(self) -> None:
        work = self._work
        rejected = ((work(37), Deal.submit), (work(36), Deal.reject))
        self._play(self._deal(LARGE), (work(4), Deal.submit), (work(3), Deal.reject))
        self._play(self._deal(LARGE), *rejected, (work(27), Deal.appeal), (work(26), Deal.uphold))
        self._play(self._deal(LARGE), *rejected, (work(25), Deal.appeal), (work(24), Deal.overturn))
        self._play(self._deal(LARGE), (work(9), Deal.submit), (work(8), Deal.reject), (work(2), Deal.appeal))

    # Several who sell

    def _together(self) -> None:
        lead, second = self.partners[:2]
        integrators = [partner for partner in self.partners[2:] if "integrator" in partner.cast.types]
        shares = (Share(integrators[0].pk, "integrate", 3000), Share(integrators[1].pk, "refer", 500))
        shared = self._deal(64_000, invited=shares)
        self._approved(shared, 13, (self._ago(8), agreed_by(integrators[0])))
        invitation = self._deal(58_000, partner=second, invited=(Share(lead.pk, "resell", 2500),))
        self._approved(invitation, 6)
        distributor = next(partner for partner in self.partners if "distributor" in partner.cast.types)
        self._on(self._ago(150), partial(self._distribute, distributor, lead, True))
        self._on(self._work(2), partial(self._distribute, distributor, second, False))
        self._approved(self._deal(27_000, registrar=distributor.seller), 9)
        self._play(self._deal(LARGE, partner=lead, registrar=distributor.seller), (self._work(1), Deal.submit))

    @staticmethod
    def _distribute(distributor: DemoPartner, reseller: DemoPartner, agrees: bool, at: datetime) -> None:
        link = distribution.request_distribution(distributor.pk, reseller.public_id, by=distributor.admin, at=at)
        if agrees:
            later = at + timedelta(hours=3)
            distribution.answer_distribution(link.public_id, agrees=True, by=reseller.admin, day=at.date(), at=later)

    # Broken promises

    def _breaches(self) -> None:
        """Early on the day on which the duties would come to them; to what is left they come later."""
        work = self._work
        self._approved(self._deal(), 23, (work(1), Deal.direct_opportunity))
        self._approved(self._deal(35_000), 26, (work(4), Deal.direct_opportunity), (work(3), Deal.acknowledge))
        good = ((work(36), Deal.direct_sale), (work(35), Deal.acknowledge), (work(31), Deal.make_good))
        self._approved(self._deal(55_000), 65, *good)
        self._approved(self._deal(), 29, (work(12), Deal.direct_opportunity), (work(11), Deal.reject_breach))

    # Who asked the vendor

    def _leads(self) -> None:
        """Offered by the rules to whom they find; in Malta to one partner only, which has it to itself."""
        work = self._work
        registers = ((work(29), Lead.accept), (work(28), Lead.register), (work(27), Lead.approve))
        self._play(self._lead(16_000), (work(30), Lead.offer), *registers, (work(8), Lead.sell))
        self._play(self._lead(LARGE), (work(7), Lead.offer), (work(6), Lead.accept), (work(4), Lead.register))
        self._play(self._lead(21_000), (work(3), Lead.offer), (work(2), Lead.accept))
        self._play(self._lead(33_000), (work(2), Lead.offer), (work(1), Lead.decline))
        self._play(self._lead(12_000), (work(9), Lead.offer), (work(6), Lead.accept))  # the second: one let it pass
        self._play(self._lead(9_000), (work(5), Lead.offer), (work(4), Lead.close))
        self._play(self._lead(18_000), (work(1), Lead.enter))
        for name, *answers in (("Gozo Ferries", (work(3), Lead.decline)), ("Valletta Harbour Services",)):
            domain = f"{name.lower().replace(' ', '-')}-1a.com.mt"
            asks = market.CastCustomer("", name, policies.ALONE_IN, domain, "")
            self._play(self._lead(27_000, asks, "ANA-100"), (work(4 if answers else 1), Lead.offer), *answers)

    def _lead(self, value: int, customer: market.CastCustomer | None = None, sku: str = "PLT-300") -> Lead:
        everybody = {partner.pk: partner for partner in self.partners}
        return Lead(self.world, everybody, customer or self._customer(self.partners[0]), value, sku)

    # Casting and days

    def _deal(self, value: int = 24_000, *, partner: DemoPartner | None = None, **more: object) -> Deal:
        by = partner or self.partners[0]
        return Deal(self.world, by, self._customer(by), value, **more)  # type: ignore[arg-type]

    def _customer(self, partner: DemoPartner) -> market.CastCustomer:
        """One of the partner's own country, as long as there are any."""
        customer = (self._free[partner.cast.country] or max(self._free.values(), key=len)).pop()
        self.taken.add(customer.external_id)
        return customer

    def _approved(self, deal: Deal, days_ago: int, *beats: tuple[date, Beat]) -> None:
        day = self._ago(days_ago)
        self._play(deal, (day, Deal.submit), (day, Deal.approve), *beats)

    def _play(self, played: Played, *beats: tuple[date, Callable[[Played, datetime], object]]) -> None:
        """What is refused is left out, and said: on some days of the calendar a scene may not come off."""

        def do(beat: Callable[[Played, datetime], object], at: datetime) -> None:
            try:
                beat(played, at)
            except Refused as refused:
                log.warning("a scene was refused", customer=played.customer.name, reasons=str(refused))

        self.world.story.in_turn(*((day, partial(do, beat)) for day, beat in beats))

    def _on(self, day: date, deed: Deed) -> None:
        self.world.story.in_turn((day, deed))

    def _ago(self, days: int) -> date:
        return self.world.story.days_before_end(days)

    def _work(self, number: int) -> date:
        return self.world.story.workday_before_end(number)
