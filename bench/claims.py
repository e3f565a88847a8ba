"""Claims by deal registration: many at one instant on one customer, and as many a second as eight writers get decided.

The bound is what the database alone does a second: a bare INSERT into an equal table with the same exclusion
constraint, under the same advisory locks, one transaction each, by as many writers.
"""

import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import harness

OPTIONS = harness.begin(__doc__, partners=64, rounds=200, writers=8, claims=50, customers=10_000)

import bulk_data  # noqa: E402
from bulk_data import AT  # noqa: E402
from django.db import transaction  # noqa: E402

from common.actor import SYSTEM, Actor  # noqa: E402
from deals.actions.locks import lock_claims  # noqa: E402
from deals.actions.registrations import save_draft, submit_registration  # noqa: E402
from deals.actions.rulebooks import publish_default_rulebook  # noqa: E402
from deals.rules.drafts import DraftLine, RegistrationDraft  # noqa: E402

Claim = Callable[[], str]


@dataclass(frozen=True)
class Answer:
    """What one claim was told in a round, and the seconds from the common start until it was."""

    round_number: int
    said: str
    seconds: float


@dataclass(frozen=True)
class Claimant:
    """A partner's seller, and the product that is claimed for."""

    partner_id: int
    product_id: int

    def draft(self, name: str, domain: str = "") -> Claim:
        """Save the deal now; what is returned submits it and says its status."""
        seller = Actor("person", f"user:{self.partner_id}", "Seller", partner_roles={self.partner_id: "seller"})
        draft = RegistrationDraft(
            partner_id=self.partner_id,
            customer_name=name,
            customer_country="DE",
            customer_domain=domain,
            contact="Erika Mustermann",
            expected_close_on=date(2026, 12, 15),
            lines=[DraftLine(self.product_id, 1, Decimal(5000))],
        )
        registration_id = save_draft(draft, by=seller, at=AT).pk
        return lambda: submit_registration(registration_id, by=seller, at=AT).status


def build() -> list[Claimant]:
    harness.note(f"making {OPTIONS.partners} partners and {OPTIONS.customers:,} customers")
    bulk_data.catalogue()
    publish_default_rulebook(effective_from=date(2026, 1, 1), by=SYSTEM, at=AT)
    with harness.bulk_load():
        ids = bulk_data.partners(max(OPTIONS.partners, OPTIONS.writers))
        bulk_data.customers(OPTIONS.customers)
    product_id = harness.value("SELECT min(id) FROM crm_product")
    return [Claimant(partner_id, product_id) for partner_id in ids]


def known_customers() -> Iterator[tuple[str, str]]:
    """Names and domains, each once."""
    return iter(harness.rows("SELECT legal_name, domain FROM crm_customer WHERE external_id IS NOT NULL ORDER BY id"))


def race(claims: Sequence[Sequence[Claim]]) -> list[Answer]:
    """Each inner list is one writer's claims, one a round; in every round all writers start at one instant."""
    released = harness.FORK.Value("d", 0.0)
    rehearsing = harness.FORK.Lock()

    def release() -> None:
        released.value = time.perf_counter()

    barrier = harness.FORK.Barrier(len(claims), action=release)

    def writer(own: Sequence[Claim]) -> list[Answer]:
        with rehearsing:
            rehearse(own[0])
        answers = []
        for number, claim in enumerate(own):
            barrier.wait(timeout=600)
            said = attempt(claim)
            answers.append(Answer(number, said, time.perf_counter() - released.value))
        return answers

    return [answer for answers in harness.forked([lambda own=own: writer(own) for own in claims]) for answer in answers]


def stream(works: Sequence[Sequence[Claim]]) -> tuple[float, Counter[str]]:
    """Let each writer do its own claims one after the other; returns claims a second and what was said."""
    barrier = harness.FORK.Barrier(len(works))

    def writer(own: Sequence[Claim]) -> tuple[float, float, list[str]]:
        rehearse(own[0])
        barrier.wait(timeout=600)
        started = time.perf_counter()
        said = [attempt(claim) for claim in own]
        return started, time.perf_counter(), said

    outcomes = harness.forked([lambda own=own: writer(own) for own in works])
    seconds = max(outcome[1] for outcome in outcomes) - min(outcome[0] for outcome in outcomes)
    said = Counter(answer for outcome in outcomes for answer in outcome[2])
    return said.total() / seconds, said


def attempt(claim: Claim) -> str:
    try:
        return claim()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is an answer that must not occur
        return repr(error)


def rehearse(claim: Claim) -> None:
    """Do it once and take it back: web processes keep their connections, so none of them starts cold."""
    with transaction.atomic():
        claim()
        transaction.set_rollback(True)


def bare_inserts(count: int, first: int) -> list[Claim]:
    """The bound's claims on customers of their own: the locks, and one row under the exclusion constraint."""
    family_id = harness.value("SELECT min(id) FROM crm_productfamily")

    def claim(number: int) -> str:
        with transaction.atomic():
            lock_claims([number], [family_id])
            harness.execute(
                """
                INSERT INTO bound_protection
                    (registration_id, partner_id, customer_id, family_id, sites, is_shared, starts_at, ends_at)
                VALUES (%(number)s, 1, %(number)s, %(family)s, '(,)', false, %(at)s, %(at)s + interval '60 days')
                """,
                number=number,
                family=family_id,
                at=AT,
            )
        return "approved"

    return [lambda number=number: claim(number) for number in range(first, first + count)]


def doubles() -> int:
    """Protections beyond the first of each customer and family; all of them last for the whole run."""
    pairs = "SELECT count(*) - 1 AS extra FROM deals_protection GROUP BY customer_id, family_id"
    return int(harness.value(f"SELECT coalesce(sum(extra), 0) FROM ({pairs}) pairs"))


def spelled(number: int, writer: int) -> str:
    """A company that nobody knows, in two spellings; no round's name is like another's."""
    name = f"{bulk_data.word(number + 10**7)} {bulk_data.word(number * 104_729 + 10**8)}"
    return f"{name} Anlagenbau" if writer % 2 else f"{name} Anlagebau"


def main() -> None:
    claimants = build()
    customers = known_customers()
    harness.note("saving drafts")
    targets = [next(customers) for _ in range(OPTIONS.rounds)]
    on_one = [[claimant.draft(*target) for target in targets] for claimant in claimants[: OPTIONS.partners]]
    writers = claimants[: OPTIONS.writers]
    on_new = [
        [who.draft(spelled(number, place)) for number in range(OPTIONS.rounds)] for place, who in enumerate(writers)
    ]
    apart = [[who.draft(*next(customers)) for _ in range(OPTIONS.claims)] for who in writers]
    harness.execute("CREATE TABLE bound_protection (LIKE deals_protection INCLUDING ALL)")
    deadlocks = harness.deadlocks()
    harness.note(f"{OPTIONS.partners} partners at one instant, {OPTIONS.rounds} rounds")
    known = race(on_one)
    harness.note(f"{OPTIONS.writers} writers on new customers in two spellings, {OPTIONS.rounds} rounds")
    new = race(on_new)
    harness.note(f"{OPTIONS.writers} writers on customers of their own")
    bare = [bare_inserts(OPTIONS.claims * 5, 10**9 + place * 10**6) for place in range(OPTIONS.writers)]
    bound, _ = stream(bare)
    ours, said = stream(apart)
    tell(known, new, said, {"ours": ours, "bound": bound, "deadlocks": harness.deadlocks() - deadlocks})


def slowest_by_round(answers: Sequence[Answer]) -> list[float]:
    """For each round the seconds until the last was answered."""
    slowest: dict[int, float] = {}
    for answer in answers:
        slowest[answer.round_number] = max(answer.seconds, slowest.get(answer.round_number, 0.0))
    return list(slowest.values())


def tell(known: Sequence[Answer], new: Sequence[Answer], said: Counter[str], figures: dict[str, float]) -> None:
    protected = Counter(answer.round_number for answer in new if answer.said == "approved")
    similar_doubles = sum(count - 1 for count in protected.values())
    answers = Counter(answer.said for answer in (*known, *new)) + said
    odd = {said: count for said, count in answers.items() if said not in ("approved", "rejected", "in_review")}
    slowest, slowest_new = slowest_by_round(known), slowest_by_round(new)
    ours, bound = figures.pop("ours"), figures.pop("bound")
    winners = sum(answer.said == "approved" for answer in known)
    wrong = doubles() + similar_doubles + figures["deadlocks"] + len(odd) + abs(winners - OPTIONS.rounds)
    harness.table(
        f"{OPTIONS.partners} claims at one instant, {OPTIONS.rounds} rounds; then {OPTIONS.writers} writers",
        [
            ("customers protected twice", doubles(), ""),
            ("new companies protected under two spellings", similar_doubles, ""),
            ("deadlocks", figures["deadlocks"], ""),
            ("slowest answer, one known customer", max(slowest), "s"),
            ("  median of the rounds' slowest", statistics.median(slowest), "s"),
            ("slowest answer, one new company", max(slowest_new), "s"),
            ("claims per second on different customers", ours, ""),
            ("bare inserts per second", bound, ""),
            ("share of the bound", ours / bound, "×"),
        ],
    )
    harness.finish(
        "claims",
        ours=ours,
        bound=bound,
        failure=f"doubles, deadlocks or unexpected answers: {figures}, {winners} winners, {odd}" if wrong else "",
        doubles=doubles(),
        similar_doubles=similar_doubles,
        **figures,
        slowest_seconds=max(slowest),
        slowest_median_seconds=statistics.median(slowest),
        slowest_new_seconds=max(slowest_new),
        claims_per_second=ours,
        rounds=OPTIONS.rounds,
        partners=OPTIONS.partners,
        writers=OPTIONS.writers,
        customers=OPTIONS.customers,
    )


if __name__ == "__main__":
    main()
