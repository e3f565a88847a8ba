"""A partner appeals; somebody who did not decide before judges it, and what no judge sets aside stays as it is."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from common.errors import NotFound, Refused
from common.models import AuditEntry
from deals.actions.appeals import file_appeal, judge_again, overturn_appeal, uphold_appeal
from deals.actions.outcomes import revoke_registration
from deals.actions.reviews import approve_registration, reject_registration
from deals.models import Appeal, Decision, Protection, Registration
from deals.queries.appeals import appeal_figures, appeal_list, appeal_page, appealable, find_appeal, precedents
from deals.queries.decisions import replay
from partners.models import Partner
from tests.factories.cases import protected
from tests.factories.deals import a_channel, registered, vendor

pytestmark = pytest.mark.django_db
AT = datetime(2026, 10, 14, 10, 0, tzinfo=UTC)  # a Wednesday
LATER = AT + timedelta(days=2)
JUDGED = AT + timedelta(days=5)


@pytest.fixture
def channel():
    return a_channel()


@pytest.fixture
def judge():
    return vendor("channel_chief")


def refused(channel, **typed) -> Registration:
    registration = registered(channel, at=AT, amount=50_000, **typed)
    return reject_registration(registration.pk, reason="No proof.", by=channel.manager, at=AT)


def appealed(channel, registration=None) -> Appeal:
    registration = registration or refused(channel)
    return file_appeal(registration.pk, grounds="They asked us.", by=channel.seller, at=LATER)


def refused_codes(act) -> list[str]:
    with pytest.raises(Refused) as refusal:
        act()
    return [reason.code for reason in refusal.value.reasons]


def events_of(registration) -> list[str]:
    entries = AuditEntry.objects.filter(subject_kind="deals.registration", subject_id=str(registration.pk))
    return list(entries.order_by("pk").values_list("event", flat=True))


# Filing


def test_a_rejection_can_be_appealed_against(channel):
    registration = refused(channel)
    appeal = appealed(channel, registration)
    registration.refresh_from_db()
    assert (registration.status, appeal.status, appeal.status_before) == ("appealed", "open", "rejected")
    assert appeal.decision.verdict == "reject"
    assert appeal.due_at == datetime(2026, 10, 23, 8, 0, tzinfo=UTC) + timedelta(hours=2), "five business days"
    assert events_of(registration)[-1] == "registration.appealed"


def test_a_lapsed_protection_can_be_appealed_against(channel):
    registration = protected(channel, at=AT)
    end = registration.protected_until
    assert refused_codes(lambda: _file(channel, registration, at=end - timedelta(microseconds=1))) == [
        "registration.status"
    ]
    appeal = _file(channel, registration, at=end)
    assert (appeal.status_before, appeal.decision.verdict) == ("expired", "approve")


def test_a_revoked_protection_can_be_appealed_against(channel):
    registration = protected(channel, at=AT)
    revoke_registration(registration.pk, words="You did nothing.", by=channel.manager, at=LATER)
    assert _file(channel, registration, at=LATER).status_before == "revoked"


def _file(channel, registration, *, at):
    return file_appeal(registration.pk, grounds="Please.", by=channel.seller, at=at)


@pytest.mark.parametrize(
    ("after", "codes"),
    [
        (timedelta(days=30) - timedelta(microseconds=1), []),
        (timedelta(days=30), ["appeal.too_late"]),
        (timedelta(days=30, microseconds=1), ["appeal.too_late"]),
    ],
)
def test_an_appeal_comes_within_the_published_time(channel, after, codes):
    registration = refused(channel)
    if codes:
        assert refused_codes(lambda: _file(channel, registration, at=AT + after)) == codes
        registration.refresh_from_db()
        assert (registration.status, Appeal.objects.count()) == ("rejected", 0)
    else:
        assert _file(channel, registration, at=AT + after)


@pytest.mark.parametrize(
    ("grounds", "code"),
    [
        (" ", "appeal.grounds_missing"),
        ("x" * 2001, "registration.text_too_long"),
        ("\x07", "registration.text_characters"),
    ],
)
def test_grounds_must_be_readable(channel, grounds, code):
    registration = refused(channel)
    codes = refused_codes(lambda: file_appeal(registration.pk, grounds=grounds, by=channel.seller, at=LATER))
    assert code in codes
    assert not Appeal.objects.exists()


def test_only_its_partner_appeals(channel):
    registration = refused(channel)
    for by in (channel.rival_seller, channel.manager):
        assert refused_codes(lambda by=by: file_appeal(registration.pk, grounds="x", by=by, at=LATER)) == [
            "actor.not_permitted"
        ]


def test_one_appeal_for_each_decision(channel, judge):
    appeal = appealed(channel)
    assert refused_codes(lambda: appealed(channel, appeal.registration)) == ["registration.status"]
    uphold_appeal(appeal.pk, words="It stands.", by=judge, at=JUDGED)
    assert refused_codes(lambda: appealed(channel, appeal.registration)) == ["registration.status"]


# Judging


def test_upholding_keeps_the_answer(channel, judge):
    appeal = uphold_appeal(appealed(channel).pk, words="No proof still.", by=judge, at=JUDGED)
    registration = Registration.objects.get()
    assert (appeal.status, registration.status) == ("upheld", "upheld")
    decision = appeal.outcome
    assert (decision.question, decision.verdict, decision.sequence) == ("appeal", "reject", 3)
    assert replay(decision).is_same
    assert events_of(registration)[-1] == "registration.upheld"
    assert not Protection.objects.exists()


def test_overturning_protects_from_now_for_the_whole_length(channel, judge):
    appeal = overturn_appeal(appealed(channel).pk, words="They did ask.", by=judge, at=JUDGED)
    registration = Registration.objects.get()
    assert (appeal.status, registration.status_on(JUDGED)) == ("overturned", "approved")
    protection = Protection.objects.get()
    assert (protection.starts_at, protection.ends_at) == (JUDGED, JUDGED + timedelta(days=60))
    assert registration.protected_until == protection.ends_at
    assert appeal.outcome.verdict == "approve"
    assert replay(appeal.outcome).is_same
    assert events_of(registration)[-1] == "registration.overturned"


def test_a_late_judgement_adds_its_days(channel, judge):
    appeal = appealed(channel)
    at = appeal.due_at + timedelta(days=2, hours=1)
    overturn_appeal(appeal.pk, words="They did ask.", by=judge, at=at)
    assert Protection.objects.get().ends_at == at + timedelta(days=60 + 3)
    assert Registration.objects.get().late_days == 3


def test_a_lapsed_protection_begins_again_if_the_customer_is_free(channel, judge):
    registration = protected(channel, at=AT)
    appeal = _file(channel, registration, at=registration.protected_until)
    at = appeal.filed_at + timedelta(days=1)
    overturn_appeal(appeal.pk, words="We were slow.", by=judge, at=at)
    assert [row.starts_at for row in Protection.objects.order_by("starts_at")] == [AT, at]


@pytest.mark.parametrize("act", [uphold_appeal, overturn_appeal])
def test_who_decided_before_does_not_judge(channel, act):
    appeal = appealed(channel)
    assert refused_codes(lambda: act(appeal.pk, words="x", by=channel.manager, at=JUDGED)) == ["appeal.own_decision"]
    assert refused_codes(lambda: act(appeal.pk, words="x", by=channel.seller, at=JUDGED)) == ["actor.not_permitted"]
    assert refused_codes(lambda: act(appeal.pk, words="x", by=vendor("finance"), at=JUDGED)) == ["actor.not_permitted"]
    assert Registration.objects.get().status == "appealed"


def test_who_revoked_does_not_judge(channel):
    registration = protected(channel, at=AT)
    revoke_registration(registration.pk, words="You did nothing.", by=channel.manager, at=LATER)
    appeal = _file(channel, registration, at=LATER)
    assert refused_codes(lambda: uphold_appeal(appeal.pk, words="x", by=channel.manager, at=JUDGED)) == [
        "appeal.own_decision"
    ]


def test_what_the_rules_decided_anybody_may_judge(channel):
    registration = registered(channel, at=AT, amount=500)  # below the minimum
    assert registration.status == "rejected"
    appeal = appealed(channel, registration)
    assert overturn_appeal(appeal.pk, words="Small, but a start.", by=channel.manager, at=JUDGED).status == "overturned"


def test_anothers_live_protection_is_not_overturned(channel, judge):
    registered(channel, at=AT - timedelta(days=1), by_rival=True)
    registration = registered(channel, at=AT)
    assert registration.status == "rejected"
    appeal = appealed(channel, registration)
    codes = refused_codes(lambda: overturn_appeal(appeal.pk, words="Try.", by=judge, at=JUDGED))
    assert codes == ["registration.customer_protected"]
    appeal.refresh_from_db()
    assert (appeal.status, Protection.objects.count(), Decision.objects.filter(question="appeal").count()) == (
        "open",
        1,
        0,
    )


def test_a_partner_that_is_suspended_is_not_protected(channel, judge):
    appeal = appealed(channel)
    Partner.objects.filter(pk=channel.partner.pk).update(status="suspended")
    codes = refused_codes(lambda: overturn_appeal(appeal.pk, words="Try.", by=judge, at=JUDGED))
    assert codes == ["registration.partner_suspended"]


def test_a_judgement_needs_words_and_a_precedent_without_names(channel, judge):
    appeal = appealed(channel)
    codes = refused_codes(lambda: uphold_appeal(appeal.pk, words=" ", precedent="Zwack lost.", by=judge, at=JUDGED))
    assert codes == ["registration.words_missing", "appeal.precedent_tells_names"]
    uphold_appeal(appeal.pk, words="It stands.", by=judge, at=JUDGED)
    assert refused_codes(lambda: uphold_appeal(appeal.pk, words="x", by=judge, at=JUDGED)) == ["appeal.not_open"]
    with pytest.raises(NotFound):
        uphold_appeal(404, words="x", by=judge, at=JUDGED)


def test_the_judge_sees_what_the_rules_would_say_now(channel):
    appeal = appealed(channel)
    before = Decision.objects.count()
    assert judge_again(appeal.pk, at=JUDGED).decisive_rule == "size"
    registered(channel, at=LATER, by_rival=True)
    assert judge_again(appeal.pk, at=JUDGED).decisive_rule == "live_protection"
    assert Decision.objects.count() == before + 1, "the rival's own"


# What is read


def test_visible_to_its_partner_and_the_vendor(channel, judge):
    appeal = appealed(channel)
    assert find_appeal(channel.seller, appeal.public_id) == find_appeal(judge, appeal.public_id) == appeal
    with pytest.raises(NotFound):
        find_appeal(channel.rival_seller, appeal.public_id)
    assert not appeal_list(channel.rival_seller).exists()


def test_the_page_tells_why_one_may_not_judge(channel, judge):
    appeal = appealed(channel)
    assert appeal_page(judge, appeal.public_id, at=JUDGED).may_judge
    assert appeal_page(channel.manager, appeal.public_id, at=JUDGED).may_judge.codes == ("appeal.own_decision",)
    titles = [str(entry.title) for entry in appeal_page(channel.seller, appeal.public_id, at=JUDGED).timeline]
    assert titles[0] == "Appealed"


def test_when_the_deals_page_offers_an_appeal(channel):
    registration = refused(channel)
    offered = appealable(channel.seller, registration, at=LATER)
    assert offered.may_file
    assert offered.until == AT + timedelta(days=30)
    assert appealable(channel.rival_seller, registration, at=LATER).may_file.codes == ("actor.not_permitted",)
    assert appealable(channel.seller, protected(channel, at=LATER, by_rival=True), at=LATER).until is None


def test_precedents_have_a_quarter_and_the_rule_as_partners_know_it(channel, judge):
    registered(channel, at=AT - timedelta(days=1), by_rival=True)
    appeal = appealed(channel, registered(channel, at=AT))
    uphold_appeal(appeal.pk, words="No.", precedent="Who registers first is protected.", by=judge, at=JUDGED)
    (precedent,) = precedents()
    assert (precedent.year, precedent.quarter, precedent.status) == (2026, 4, "upheld")
    assert precedent.rule.startswith("Customer:"), "not which of the rules that would tell of rivals"
    assert precedent.text == "Who registers first is protected."


def test_figures(channel, judge):
    first = appealed(channel)
    overturn_appeal(first.pk, words="Yes.", by=judge, at=JUDGED)
    found = appeal_figures(AT, JUDGED, at=JUDGED)
    assert (found.judged, found.overturn_rate) == (0, None), "half-open"
    found = appeal_figures(AT, JUDGED + timedelta(seconds=1), at=JUDGED)
    assert (found.judged, found.overturned, found.overturn_rate, found.in_time) == (1, 1, Decimal(1), 1)
    assert found.median_time == JUDGED - LATER


def test_an_approval_by_a_person_keeps_that_person_from_judging_its_end(channel, judge):
    registration = registered(channel, at=AT, amount=50_000)
    approve_registration(registration.pk, reason="Fine.", by=channel.manager, at=AT)
    registration.refresh_from_db()
    appeal = _file(channel, registration, at=registration.protected_until)
    assert appeal_page(channel.manager, appeal.public_id, at=appeal.filed_at).may_judge.codes == (
        "appeal.own_decision",
    )
    assert appeal_page(judge, appeal.public_id, at=appeal.filed_at).may_judge
