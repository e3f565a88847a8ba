"""Which plans are published, and their terms as the rules know them."""

from collections.abc import Iterable
from datetime import date

from django.conf import settings
from django.db.models import QuerySet

from common.period import Period
from crm import queries as crm_queries
from crm.choices import ProductKind
from incentives.models import PlanVersion
from incentives.rules.earnings import BandTerms, PlanTerms
from incentives.rules.plans import ExistingVersion, KnownWords
from incentives.rules.targets import Promise
from partners.choices import PartnerType


def published_versions() -> QuerySet[PlanVersion]:
    """Published versions with plan and bands, by plan and number."""
    versions = PlanVersion.objects.filter(published_at__isnull=False).select_related("plan")
    return versions.prefetch_related("bands").order_by("plan__code", "number")


def promises_on(day: date) -> list[Promise]:
    """Every version that was in force at some time until the day; two statements."""
    return _promises(published_versions().filter(starts_on__lte=day))


def promise_of(version_id: int) -> Promise:
    """A published version's terms."""
    return _promises(published_versions().filter(pk=version_id))[0]


def _promises(versions: Iterable[PlanVersion]) -> list[Promise]:
    return [Promise(version.pk, version.plan.name, terms_of(version)) for version in versions]


def terms_of(version: PlanVersion) -> PlanTerms:
    """The version as the rules know it."""
    bands = sorted(version.bands.all(), key=lambda band: band.lower_bound)
    return PlanTerms(
        calculation=version.calculation,
        measurement=version.measurement,  # type: ignore[arg-type]  # a CHECK keeps it to the three words
        currency=version.currency,
        bands=tuple(BandTerms(band.lower_bound, band.rate) for band in bands),
        period=Period(version.starts_on, version.ends_on),
        eligible_types=frozenset(version.eligible_types),
        eligible_levels=frozenset(version.eligible_levels),
        family_codes=frozenset(version.family_codes),
        product_kinds=frozenset(version.product_kinds),
        uses_tier_multiplier=version.uses_tier_multiplier,
    )


def versions_beside(plan_code: str) -> list[ExistingVersion]:
    """The published versions of a plan, oldest first."""
    versions = PlanVersion.objects.filter(plan__code=plan_code, published_at__isnull=False).order_by("starts_on")
    return [
        ExistingVersion(number, measurement, Period(starts_on, ends_on))
        for number, measurement, starts_on, ends_on in versions.values_list(
            *("number", "measurement", "starts_on", "ends_on")
        )
    ]


def known_words() -> KnownWords:
    """What the terms of a plan may refer to today."""
    return KnownWords(
        partner_types=frozenset(PartnerType.values),
        family_codes=frozenset(family.code for family in crm_queries.families()),
        product_kinds=frozenset(ProductKind.values),
        base_currency=settings.BASE_CURRENCY,
    )
