"""What the database refuses, whoever writes."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from tests.factories.tiers import PUBLISHED_AT, a_credit, credit, default_programme, enrolled_partner_id, hold_level
from tiers.actions.programmes import publish_default_programme
from tiers.models import Level, Metric, Path, ProgrammeVersion, Requirement, ScoreCredit, Standing

pytestmark = pytest.mark.django_db


@pytest.fixture
def stored() -> ScoreCredit:
    credit(a_credit(enrolled_partner_id(), "channel_revenue", "12.50", date(2026, 3, 1)))
    return ScoreCredit.objects.get()


def test_a_credit_cannot_be_changed(stored: ScoreCredit) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        ScoreCredit.objects.update(label="other")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        ScoreCredit.objects.all().delete()
    assert ScoreCredit.objects.get().label == ""


@pytest.mark.parametrize("statement", ["UPDATE tiers_scorecredit SET label = 'x'", "DELETE FROM tiers_scorecredit"])
def test_the_applications_role_may_add_credits_only(stored: ScoreCredit, statement: str) -> None:
    with connection.cursor() as cursor:
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            cursor.execute("SET LOCAL ROLE prm_app")
            cursor.execute(statement)
        cursor.execute("SET LOCAL ROLE prm_app")
        assert credit(a_credit(stored.partner_id, "channel_revenue", 1, date(2026, 3, 1))) == 1
        cursor.execute("RESET ROLE")


def test_an_amount_is_a_number(stored: ScoreCredit) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        credit(a_credit(stored.partner_id, "channel_revenue", "NaN", date(2026, 3, 1)))
    assert stored.units == 125_000
    assert ScoreCredit.objects.count() == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"amount": Decimal("12.50")},
        {"amount": Decimal("-12.49")},
        {"valid_from": date(2026, 3, 2)},
        {"valid_until": date(2027, 3, 1)},
    ],
)
def test_a_reversal_mirrors_its_original(stored: ScoreCredit, fault: dict[str, object]) -> None:
    mirrored = {"amount": -stored.amount, "valid_from": stored.valid_from, "valid_until": None, **fault}
    with pytest.raises(IntegrityError, match="opposite sign"), transaction.atomic():
        ScoreCredit.objects.create(
            partner_id=stored.partner_id,
            metric_id=stored.metric_id,
            source_kind="test",
            source_key=stored.source_key,
            reverses=stored,
            recorded_at=PUBLISHED_AT,
            **mirrored,
        )


def test_a_partner_holds_one_level_a_day() -> None:
    partner_id = enrolled_partner_id()
    held = hold_level(partner_id, "silver", starts_on=date(2026, 1, 1))
    for starts_on, ends_on in [(date(2025, 12, 31), date(2026, 1, 1)), (date(2026, 5, 1), None)]:
        with pytest.raises(IntegrityError, match="standing_one_level_a_day"), transaction.atomic():
            Standing.objects.create(partner_id=partner_id, level=held.level, starts_on=starts_on, ends_on=ends_on)
    Standing.objects.filter(pk=held.pk).update(ends_on=date(2026, 5, 1))
    Standing.objects.create(partner_id=partner_id, level=held.level, starts_on=date(2026, 5, 1))


def test_a_published_version_is_frozen() -> None:
    version = default_programme()
    silver = version.levels.get(code="silver")
    path = silver.paths.first()
    assert path is not None
    attempts = [
        lambda: Level.objects.filter(pk=silver.pk).update(protection_days=1),
        lambda: Level.objects.create(
            version=version,
            rank=5,
            code="x",
            name="X",
            protection_days=1,
            deal_discount=0,
            rebate_multiplier=1,
            mdf_rate=0,
        ),
        lambda: Requirement.objects.filter(path=path).update(threshold=1),
        lambda: Requirement.objects.filter(path=path).delete(),
        lambda: Path.objects.create(level=silver, number=9),
        lambda: ProgrammeVersion.objects.filter(pk=version.pk).update(notice_days=0),
        lambda: ProgrammeVersion.objects.filter(pk=version.pk).update(published_at=None),
    ]
    for attempt in attempts:
        with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
            attempt()
    ProgrammeVersion.objects.filter(pk=version.pk).update(ends_on=date(2030, 1, 1))


def test_a_draft_can_be_changed() -> None:
    published = default_programme()
    draft = ProgrammeVersion.objects.create(
        programme=published.programme, number=2, starts_on=date(2025, 6, 1), currency="EUR"
    )
    level = Level.objects.create(
        version=draft,
        rank=1,
        code="entry",
        name="E",
        protection_days=1,
        deal_discount=0,
        rebate_multiplier=1,
        mdf_rate=0,
    )
    path = Path.objects.create(level=level, number=1)
    csat = Metric.objects.create(code="csat", name="CSAT", unit="score")
    asked = Requirement.objects.create(path=path, metric=csat, window="fiscal_year", threshold=4)
    Requirement.objects.filter(pk=asked.pk).update(threshold=5)
    draft.delete()
    assert ProgrammeVersion.objects.count() == 1


def test_published_versions_do_not_overlap() -> None:
    published = default_programme()
    with pytest.raises(IntegrityError, match="programme_one_published_version_a_day"), transaction.atomic():
        ProgrammeVersion.objects.create(
            programme=published.programme,
            number=2,
            starts_on=date(2025, 6, 1),
            currency="EUR",
            published_at=PUBLISHED_AT,
        )


def test_there_is_one_default_programme() -> None:
    default_programme()
    assert publish_default_programme(at=PUBLISHED_AT, starts_on=date(2026, 1, 1)) == default_programme()
