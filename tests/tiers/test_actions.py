"""Crediting, reversing, enrolling, publishing and reviewing: what is written, and what is refused."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import transaction
from django.db.models import Sum

from common.actor import SYSTEM
from common.errors import Refused
from common.models import AuditEntry
from common.period import Period
from tests.factories.partners import PartnerFactory
from tests.factories.tiers import PUBLISHED_AT, a_credit, credit, default_programme, enrolled_partner_id, hold_level
from tiers.actions.programmes import publish_version
from tiers.actions.scores import Source, credit_score, credit_scores, define_metric, reverse_credits
from tiers.actions.standings import enrol_partner, review_partners
from tiers.models import DemotionNotice, Metric, Programme, ProgrammeVersion, Review, ScoreCredit, Standing
from tiers.queries.programmes import programme_of
from tiers.queries.standings import review_on
from tiers.queries.terms import terms_for
from tiers.rules.default import default_programme as default_content

pytestmark = pytest.mark.django_db
DAY = date(2026, 10, 14)
AT = datetime(2026, 10, 15, 0, 5, tzinfo=UTC)


def silver_credits(partner_id: int, valid_from: date = date(2026, 2, 1), people_until: date | None = None) -> int:
    """Just enough for Silver by the first path."""
    return credit(
        a_credit(partner_id, "channel_revenue", "100000.00", valid_from, key="sale"),
        a_credit(partner_id, "new_customers", 2, valid_from, key="customers"),
        a_credit(partner_id, "certified_people", 3, date(2025, 1, 1), people_until, key="people"),
    )


def held_on(partner_id: int, day: date) -> str:
    return terms_for(partner_id, day=day).level_code


def review(partner_id: int, day: date = DAY) -> int:
    return review_partners([partner_id], day=day, at=AT)


# The score book


def test_a_source_is_credited_once() -> None:
    partner_id = enrolled_partner_id()
    given = {"metric": "channel_revenue", "amount": Decimal("10.00"), "period": Period(DAY), "at": AT}
    assert credit_score(partner_id, source=Source("sale", "s1/1", "Sale 1"), **given) == 1
    assert credit_score(partner_id, source=Source("sale", "s1/1", "Sale 1"), **given) == 0
    assert credit_score(partner_id, source=Source("sale", "s1/2"), **given) == 1
    assert credit_score(PartnerFactory().pk, source=Source("sale", "s1/1"), **given) == 1
    assert credit_scores([], at=AT) == 0
    assert list(ScoreCredit.objects.order_by("id").values_list("source_key", "label", "units")) == [
        *(("s1/1", "Sale 1", 100_000), ("s1/2", "", 100_000), ("s1/1", "", 100_000)),
    ]


def test_a_batch_writes_what_is_new() -> None:
    partner_id = enrolled_partner_id()
    batch = [a_credit(partner_id, "channel_revenue", 5, DAY, key=f"k{number}") for number in range(3)]
    assert credit(*batch[:2]) == 2
    assert credit(*batch, batch[0]) == 1
    assert ScoreCredit.objects.count() == 3


@pytest.mark.parametrize(
    ("amount", "valid_from", "valid_until"),
    [("10.01", DAY, None), ("10.00", date(2026, 10, 15), None), ("10.00", DAY, date(2027, 1, 1))],
)
def test_a_source_that_says_something_else_is_refused(amount: str, valid_from: date, valid_until: date | None) -> None:
    partner_id = enrolled_partner_id()
    credit(a_credit(partner_id, "channel_revenue", "10.00", DAY, key="s1"))
    other = a_credit(partner_id, "channel_revenue", amount, valid_from, valid_until, key="s1")
    with pytest.raises(Refused) as refused:
        credit(a_credit(partner_id, "channel_revenue", 7, DAY, key="new"), other)
    assert [reason.code for reason in refused.value.reasons] == ["score.source_differs"]
    assert ScoreCredit.objects.get().amount == Decimal("10.00")


def test_a_reversed_source_is_not_credited_again() -> None:
    partner_id = enrolled_partner_id()
    given = a_credit(partner_id, "channel_revenue", "10.00", DAY, key="s1")
    credit(given)
    reverse_credits("test", ["s1"], at=AT)
    with pytest.raises(Refused) as refused:
        credit(given)
    assert [reason.code for reason in refused.value.reasons] == ["score.source_reversed"]
    assert ScoreCredit.objects.count() == 2


def test_an_unknown_metric_is_refused_and_a_defined_one_is_not() -> None:
    partner_id = enrolled_partner_id()
    good = a_credit(partner_id, "csat", "4.5", DAY)
    ours = a_credit(partner_id, "joint_webinars", 1, DAY)
    with pytest.raises(Refused) as refused:
        credit(good, ours)
    assert [reason.code for reason in refused.value.reasons] == ["metric.unknown"]
    assert not ScoreCredit.objects.exists()
    define_metric("joint_webinars", name="Joint webinars", unit="number", by=SYSTEM, at=AT)
    assert credit(good, ours) == 2
    for code in ("joint_webinars", "channel_revenue"):
        with pytest.raises(Refused, match=r"metric\.exists"), transaction.atomic():
            define_metric(code, name="Again", unit="number", by=SYSTEM, at=AT)


def test_built_in_metrics_need_no_preparation() -> None:
    Metric.objects.all().delete()
    assert credit(a_credit(PartnerFactory().pk, "training", 1, DAY)) == 1


def test_a_source_is_reversed_once_and_for_every_metric() -> None:
    partner_id = enrolled_partner_id()
    silver_credits(partner_id)
    credit(a_credit(partner_id, "solution_revenue", "40.00", DAY, key="sale"))
    assert reverse_credits("test", ["sale", "unheard of"], at=AT) == 2
    assert reverse_credits("test", ["sale"], at=AT) == 0
    assert reverse_credits("other", ["customers"], at=AT) == 0
    assert reverse_credits("test", [], at=AT) == 0
    totals = dict(ScoreCredit.objects.values_list("metric__code").annotate(total=Sum("amount")))
    assert totals == {"channel_revenue": 0, "solution_revenue": 0, "new_customers": 2, "certified_people": 3}


# Programme and enrolment


def test_the_default_programme_is_published_once_and_reads_as_written() -> None:
    version = default_programme()
    assert default_programme() == version
    stored = programme_of(version.pk)
    assert stored is not None
    written = default_content()
    assert (stored.number, stored.notice_days, stored.demotion_period, stored.currency) == (1, 90, "year", "EUR")
    assert [level.terms for level in stored.levels] == [level.terms for level in written.levels]
    for ours, theirs in zip(stored.levels, written.levels, strict=True):
        assert [path.number for path in ours.paths] == [path.number for path in theirs.paths]
        for mine, their in zip(ours.paths, theirs.paths, strict=True):
            assert [(asked.measure, asked.threshold) for asked in mine.requirements] == [
                (asked.measure, asked.threshold) for asked in their.requirements
            ]
    assert AuditEntry.objects.filter(event="programme.published").count() == 1


def test_a_new_version_ends_the_one_before() -> None:
    first = default_programme()
    publish_version(first.programme_id, default_content(), starts_on=date(2026, 1, 1), by=SYSTEM, at=AT)
    assert list(ProgrammeVersion.objects.values_list("number", "starts_on", "ends_on")) == [
        (1, date(2025, 1, 1), date(2026, 1, 1)),
        (2, date(2026, 1, 1), None),
    ]


def test_enrolment_gives_the_entry_level_once() -> None:
    default_programme()
    partner = PartnerFactory()
    standing = enrol_partner(partner.pk, day=DAY, at=AT)
    assert (standing.level.code, standing.starts_on, standing.ends_on) == ("bronze", DAY, None)
    assert enrol_partner(partner.pk, day=date(2027, 1, 1), at=AT) == standing
    assert AuditEntry.objects.filter(event="standing.began").count() == 1


def test_nobody_is_enrolled_before_there_is_a_programme() -> None:
    partner_id = PartnerFactory().pk
    with pytest.raises(Refused, match=r"tier\.no_programme"):
        enrol_partner(partner_id, day=DAY, at=AT)
    assert review(partner_id) == 0
    assert not Standing.objects.exists()
    assert not Programme.objects.exists()


# Review


def test_promotion_begins_the_next_day() -> None:
    partner_id = enrolled_partner_id()
    silver_credits(partner_id)
    assert review(partner_id) == 1
    assert [held_on(partner_id, day) for day in (DAY, date(2026, 10, 15))] == ["bronze", "silver"]
    stored = Review.objects.get()
    assert (stored.business_date, stored.level and stored.level.code, stored.version.number) == (DAY, "silver", 1)
    assert (stored.totals, stored.samples, stored.latest) == (
        [3 * 10_000, 100_000 * 10_000, 2 * 10_000],
        [1, 1, 1],
        [None, None, None],
    )
    read = review_on(partner_id, DAY)
    assert read is not None
    revenue = read.ladder.steps[1].paths[0].requirements[0]
    assert (revenue.requirement.metric, revenue.value, revenue.target, revenue.samples, revenue.met) == (
        *("channel_revenue", 100_000, 100_000, 1, True),
    )
    assert review_on(partner_id, date(2026, 10, 13)) is None
    entry = AuditEntry.objects.get(event="standing.changed")
    assert (entry.facts["before"], entry.facts["after"]) == ("bronze", "silver")


def test_a_second_review_of_the_day_writes_nothing() -> None:
    partner_id = enrolled_partner_id()
    silver_credits(partner_id)
    hold_level(partner_id, "gold", starts_on=date(2026, 1, 1))
    review(partner_id)
    tables = (Standing, Review, DemotionNotice, AuditEntry)
    before = [list(table.objects.order_by("pk").values()) for table in tables]
    assert review(partner_id) == 0
    assert review(partner_id, date(2026, 10, 15)) == 0  # nor does the next night, when nothing changed
    assert [list(table.objects.order_by("pk").values()) for table in tables] == before


def test_a_review_of_a_day_that_later_ones_decided_changes_nothing() -> None:
    partner_id = enrolled_partner_id()
    review(partner_id)
    silver_credits(partner_id)
    assert review(partner_id, date(2026, 10, 10)) == 0
    assert review(partner_id) == 1
    assert review(partner_id, date(2026, 10, 12)) == 0
    assert Standing.objects.count() == 2


def test_a_review_of_a_day_before_the_enrolment_changes_nothing() -> None:
    partner_id = enrolled_partner_id(starts_on=date(2026, 11, 1))
    silver_credits(partner_id)
    assert review(partner_id) == 0
    assert [(row.level.code, row.starts_on) for row in Standing.objects.all()] == [("bronze", date(2026, 11, 1))]
    assert not Review.objects.exists()


def test_a_better_level_found_the_same_day_replaces_the_one_that_has_not_begun() -> None:
    partner_id = enrolled_partner_id()
    silver_credits(partner_id)
    review(partner_id)
    credit(
        a_credit(partner_id, "channel_revenue", 400_000, DAY),
        a_credit(partner_id, "new_customers", 3, DAY),
        a_credit(partner_id, "certified_people", 4, DAY),
    )
    assert review(partner_id) == 1
    assert [(row.level.code, row.starts_on) for row in Standing.objects.all()] == [
        ("bronze", date(2025, 1, 1)),
        ("gold", date(2026, 10, 15)),
    ]
    assert Review.objects.count() == 1


def test_demotion_is_announced_keeps_its_benefits_and_takes_effect_at_the_year_end() -> None:
    partner_id = enrolled_partner_id()
    silver_credits(partner_id, people_until=date(2026, 6, 1))
    review(partner_id, date(2026, 3, 1))
    assert review(partner_id, date(2026, 5, 31)) == 0
    assert not DemotionNotice.objects.exists()  # the last valid day of the certificates
    assert review(partner_id, date(2026, 6, 1)) == 0
    notice = DemotionNotice.objects.get()
    assert (notice.level.code, notice.given_on, notice.effective_on) == ("bronze", date(2026, 6, 1), date(2027, 1, 1))
    assert review(partner_id, date(2026, 12, 30)) == 0
    assert review(partner_id, date(2026, 12, 31)) == 1
    assert [held_on(partner_id, day) for day in (date(2026, 12, 31), date(2027, 1, 1))] == ["silver", "bronze"]
    notice.refresh_from_db()
    assert (notice.outcome, notice.closed_on) == ("took_effect", date(2026, 12, 31))
    assert AuditEntry.objects.filter(event__startswith="demotion.").count() == 2


def test_recovery_cancels_the_notice() -> None:
    partner_id = enrolled_partner_id()
    silver_credits(partner_id, people_until=date(2026, 6, 1))
    review(partner_id, date(2026, 3, 1))
    review(partner_id, date(2026, 6, 1))
    credit(a_credit(partner_id, "certified_people", 3, date(2026, 12, 31)))
    assert review(partner_id, date(2026, 12, 31)) == 0
    assert DemotionNotice.objects.get().outcome == "cancelled"
    assert held_on(partner_id, date(2027, 1, 1)) == "silver"


def test_revenue_leaves_the_trailing_year_after_its_anniversary() -> None:
    partner_id = enrolled_partner_id()
    silver_credits(partner_id, valid_from=date(2026, 2, 1))
    review(partner_id, date(2026, 3, 1))
    review(partner_id, date(2027, 1, 31))
    assert not DemotionNotice.objects.exists()
    review(partner_id, date(2027, 2, 1))
    assert DemotionNotice.objects.get().effective_on == date(2028, 1, 1)


def test_a_reversed_sale_undoes_the_reason_but_not_the_standing() -> None:
    partner_id = enrolled_partner_id()
    silver_credits(partner_id)
    review(partner_id)
    reverse_credits("test", ["sale"], at=AT)
    review(partner_id, date(2026, 10, 15))
    assert Review.objects.last().level.code == "bronze"
    assert held_on(partner_id, date(2026, 10, 16)) == "silver"
    assert DemotionNotice.objects.get().level.code == "bronze"


def test_partners_without_a_standing_are_enrolled_unless_they_joined_later() -> None:
    default_programme()
    earlier, later = PartnerFactory(joined_on=DAY), PartnerFactory(joined_on=date(2026, 10, 15))
    assert review_partners([later.pk, earlier.pk], day=DAY, at=AT) == 1
    assert list(Standing.objects.values_list("partner_id", "starts_on")) == [(earlier.pk, DAY)]


def test_a_later_version_is_applied_from_its_first_day() -> None:
    partner_id = enrolled_partner_id()
    silver_credits(partner_id)
    review(partner_id)
    version = ProgrammeVersion.objects.get()
    content = default_content(2)
    publish_version(version.programme_id, content, starts_on=date(2026, 11, 1), by=SYSTEM, at=AT)
    assert review(partner_id, date(2026, 10, 31)) == 0
    assert Review.objects.count() == 1
    assert review(partner_id, date(2026, 11, 1)) == 0
    assert Review.objects.last().version.number == 2
    assert terms_for(partner_id, day=date(2026, 11, 1)).programme_version == 2
    assert PUBLISHED_AT < AT
