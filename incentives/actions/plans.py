"""Publishing what partners are promised."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.db import transaction

from common.actor import Actor
from common.audit import record
from common.period import Period
from incentives.models import Band, Plan, PlanVersion
from incentives.queries.plans import known_words, versions_beside
from incentives.rules.earnings import BandTerms, PlanTerms
from incentives.rules.plans import ExistingVersion, may_publish, predecessor
from partners import rules as partner_rules

SELLERS = frozenset({"var", "integrator", "distributor", "msp", "isv", "oem"})


@dataclass(frozen=True, slots=True)
class NewPlanVersion:
    """A version to publish. The plan of this code is made if there is none; its name follows the newest version."""

    plan_code: str
    plan_name: str
    terms: PlanTerms


def publish_plan_version(new: NewPlanVersion, *, by: Actor, at: datetime) -> PlanVersion:
    """Put terms in force, frozen from now on. An open-ended version of the same plan ends where this one starts.

    Refuses, with everything that is wrong: see `rules.plans.may_publish`.
    """
    with transaction.atomic():
        Plan.objects.bulk_create([Plan(code=new.plan_code, name=new.plan_name)], ignore_conflicts=True)
        plan = Plan.objects.select_for_update().get(code=new.plan_code)
        beside = versions_beside(plan.code)
        verdict = partner_rules.may(by, "plan.publish") & may_publish(new.terms, beside=beside, known=known_words())
        verdict.or_refuse()
        Plan.objects.filter(pk=plan.pk).update(name=new.plan_name)
        ended = _end(plan, predecessor(new.terms, beside), new.terms.period.starts_on)
        version = _write(plan, new.terms, number=len(beside) + 1, at=at)
        record("plan.published", on=version, by=by, at=at, plan=plan.code, number=version.number, ended=ended)
    return version


def _end(plan: Plan, before: ExistingVersion | None, day: date) -> int | None:
    """Let the predecessor end on the day; returns its number."""
    if before is None:
        return None
    PlanVersion.objects.filter(plan=plan, number=before.number).update(ends_on=day)
    return before.number


def _write(plan: Plan, terms: PlanTerms, *, number: int, at: datetime) -> PlanVersion:
    version = PlanVersion.objects.create(
        plan=plan,
        number=number,
        starts_on=terms.period.starts_on,
        ends_on=terms.period.ends_on,
        calculation=terms.calculation,
        measurement=terms.measurement,
        currency=terms.currency,
        uses_tier_multiplier=terms.uses_tier_multiplier,
        eligible_types=sorted(terms.eligible_types),
        eligible_levels=sorted(terms.eligible_levels),
        family_codes=sorted(terms.family_codes),
        product_kinds=sorted(terms.product_kinds),
    )
    Band.objects.bulk_create(
        Band(version=version, lower_bound=band.lower_bound, rate=band.rate) for band in terms.bands
    )
    PlanVersion.objects.filter(pk=version.pk).update(published_at=at)
    version.published_at = at
    return version


def default_plans(starts_on: date) -> tuple[NewPlanVersion, ...]:
    """A quarterly rebate on what is sold of products, times the tier, and a monthly one for attaching services."""
    growth = PlanTerms(
        calculation="marginal",
        measurement="quarter",
        currency=settings.BASE_CURRENCY,
        bands=_bands(("0", "0.02"), ("50000", "0.04"), ("200000", "0.06")),
        period=Period(starts_on),
        eligible_types=SELLERS,
        product_kinds=frozenset({"product", "subscription"}),
    )
    attach = PlanTerms(
        calculation="whole_volume",
        measurement="month",
        currency=settings.BASE_CURRENCY,
        bands=_bands(("0", "0.03"), ("10000", "0.05"), ("40000", "0.07")),
        period=Period(starts_on),
        eligible_types=SELLERS,
        product_kinds=frozenset({"service"}),
        uses_tier_multiplier=False,
    )
    return NewPlanVersion("growth", "Growth rebate", growth), NewPlanVersion("attach", "Service attach rebate", attach)


def _bands(*pairs: tuple[str, str]) -> tuple[BandTerms, ...]:
    return tuple(BandTerms(Decimal(lower_bound), Decimal(rate)) for lower_bound, rate in pairs)


def publish_default_plans(*, starts_on: date, by: Actor, at: datetime) -> list[PlanVersion]:
    """The plans of a new installation, in force from the day (the first of a quarter), published together."""
    with transaction.atomic():
        return [publish_plan_version(new, by=by, at=at) for new in default_plans(starts_on)]
