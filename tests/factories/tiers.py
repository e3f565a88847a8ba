"""Programmes, standings and credits for tests."""

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count

from common.period import Period
from tests.factories.partners import PartnerFactory
from tiers.actions.programmes import publish_default_programme
from tiers.actions.scores import NewCredit, Source, credit_scores
from tiers.actions.standings import enrol_partner
from tiers.models import ProgrammeVersion, Standing

PUBLISHED_AT = datetime(2025, 1, 1, 8, 0, tzinfo=UTC)
_keys = count(1)


def default_programme(starts_on: date = date(2025, 1, 1)) -> ProgrammeVersion:
    return publish_default_programme(at=PUBLISHED_AT, starts_on=starts_on)


def enrolled_partner_id(starts_on: date = date(2025, 1, 1), **partner: object) -> int:
    """A partner that stands at Bronze from that day, in the default programme."""
    default_programme()
    partner_id = PartnerFactory(**partner).pk
    enrol_partner(partner_id, day=starts_on, at=PUBLISHED_AT)
    return partner_id


def a_credit(
    partner_id: int, metric: str, amount: str | int, valid_from: date, valid_until: date | None = None, key: str = ""
) -> NewCredit:
    """A credit under a key of its own unless one is given."""
    source = Source("test", key or f"credit-{next(_keys)}")
    return NewCredit(partner_id, metric, Decimal(amount), Period(valid_from, valid_until), source)


def credit(*credits: NewCredit, at: datetime = PUBLISHED_AT) -> int:
    return credit_scores(credits, at=at)


def hold_level(partner_id: int, code: str, *, starts_on: date) -> Standing:
    """Let a partner hold a level of the default programme from that day, whatever its scores."""
    version = default_programme()
    Standing.objects.filter(partner_id=partner_id, starts_on__gte=starts_on).delete()
    Standing.objects.filter(partner_id=partner_id, ends_on=None).update(ends_on=starts_on)
    level = version.levels.get(code=code)
    return Standing.objects.create(partner_id=partner_id, level=level, starts_on=starts_on)


def a_certificate(partner_id: int, holder: str, valid_from: date, valid_until: date | None = None) -> NewCredit:
    """One certified person."""
    source = Source("certificate", f"certificate-{next(_keys)}", f"Certificate of {holder}", holder)
    return NewCredit(partner_id, "certified_people", Decimal(1), Period(valid_from, valid_until), source)
