"""The same credit, reversal or enrolment from eight sides at once has one effect."""

import threading
from datetime import date

import pytest
from django.db import IntegrityError

from tests.factories.partners import PartnerFactory
from tests.factories.tiers import PUBLISHED_AT, a_credit, credit, default_programme, enrolled_partner_id
from tests.races import SIDES, at_once
from tiers.actions.scores import credit_scores, reverse_credits
from tiers.actions.standings import enrol_partner, review_partners
from tiers.models import ScoreCredit, Standing

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]
DAY = date(2026, 10, 14)


def test_a_source_is_credited_once() -> None:
    """Half of the sides give the batch backwards: it is long enough for them to meet halfway, without a deadlock."""
    partner_id = enrolled_partner_id()
    batch = [a_credit(partner_id, "channel_revenue", 5, DAY, key=f"sale-{number:04}") for number in range(2000)]
    backwards = batch[::-1]

    written = at_once(lambda side: credit_scores(batch if side % 2 else backwards, at=PUBLISHED_AT))

    assert sum(written) == ScoreCredit.objects.count() == 2000


def test_control_looking_first_and_writing_then_does_not_hold() -> None:
    """What the one statement spares: everybody looks, everybody sees nothing, all but one fail."""
    partner_id = enrolled_partner_id()
    metric_id = default_programme().levels.get(code="bronze").paths.get().requirements.get().metric_id
    looked = threading.Barrier(SIDES)

    def give(_: int) -> int:
        is_new = not ScoreCredit.objects.filter(source_key="sale").exists()
        looked.wait()
        values = {
            "amount": 5,
            "valid_from": DAY,
            "source_kind": "test",
            "source_key": "sale",
            "recorded_at": PUBLISHED_AT,
        }
        try:
            ScoreCredit.objects.create(partner_id=partner_id, metric_id=metric_id, **values)
        except IntegrityError:
            return -1
        return int(is_new)

    assert sorted(at_once(give)) == [-1] * (SIDES - 1) + [1]


def test_a_source_is_reversed_once() -> None:
    partner_id = enrolled_partner_id()
    keys = [f"sale-{number}" for number in range(20)]
    credit(*(a_credit(partner_id, "channel_revenue", 5, DAY, key=key) for key in keys))

    undone = at_once(lambda side: reverse_credits("test", keys if side % 2 else keys[::-1], at=PUBLISHED_AT))

    assert sum(undone) == ScoreCredit.objects.filter(reverses__isnull=False).count() == 20


def test_a_partner_is_enrolled_and_reviewed_once() -> None:
    default_programme()
    partner_ids = [PartnerFactory().pk for _ in range(5)]
    credit(
        *(a_credit(partner_id, "channel_revenue", 100_000, DAY) for partner_id in partner_ids),
        *(a_credit(partner_id, "new_customers", 2, DAY) for partner_id in partner_ids),
        *(a_credit(partner_id, "certified_people", 3, DAY) for partner_id in partner_ids),
    )

    def work(side: int) -> int:
        if side % 2:
            enrol_partner(partner_ids[side % 5], day=DAY, at=PUBLISHED_AT)
            return 0
        ids = partner_ids if side % 4 else partner_ids[::-1]
        return review_partners(ids, day=DAY, at=PUBLISHED_AT)

    at_once(work)
    review_partners(partner_ids, day=DAY, at=PUBLISHED_AT)
    assert sorted(Standing.objects.values_list("partner_id", "level__code")) == sorted(
        (partner_id, code) for partner_id in partner_ids for code in ("bronze", "silver")
    )


def test_the_default_programme_is_published_once() -> None:
    versions = at_once(lambda _: default_programme().pk)
    assert len(set(versions)) == 1
