"""Selling together: shares, consent, and what somebody invited sees of a deal: what the lead discloses, no more."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from common import outbox
from common.errors import NotFound, Refused
from common.models import AuditEntry
from deals.actions.co_sell import answer_co_sell_offer
from deals.actions.participants import answer_invitation, invite_participants, withdraw_invitation
from deals.actions.registrations import submit_registration, withdraw_registration
from deals.actions.rulebooks import publish_rulebook
from deals.models import Participant, Registration
from deals.queries.participants import participants_of, participation_page, participations_visible_to, together_of
from deals.queries.registrations import registrations_visible_to
from deals.rules.participants import Share, may_answer, may_invite, shares_are_sound, with_lead
from deals.rules.rulebook import DEFAULT_RULES, Rule
from partners.models import Notification, User
from tests.factories.crm import OpportunityFactory
from tests.factories.deals import drafted, registered, seller_of, vendor
from tests.factories.partners import MembershipFactory, PartnerFactory

AT = datetime(2026, 10, 14, 10, 0, tzinfo=UTC)
LEAD = 1


@pytest.mark.parametrize(
    ("invited", "codes"),
    [
        ([Share(2, "resell", 1)], ()),
        ([Share(2, "resell", 9_999)], ()),
        ([Share(2, "resell", 10_000)], ("participant.nothing_for_lead",)),
        ([Share(2, "resell", 0)], ("participant.share_invalid",)),
        ([Share(2, "resell", -1)], ("participant.share_invalid",)),
        ([Share(2, "resell", 100), Share(2, "refer", 100)], ("participant.twice",)),
        ([Share(LEAD, "resell", 100)], ("participant.twice",)),
        ([Share(None, "direct", 100), Share(None, "direct", 100)], ("participant.twice",)),
        ([Share(None, "resell", 100)], ("participant.role_invalid",)),
        ([Share(2, "direct", 100)], ("participant.role_invalid",)),
        ([Share(2, "lead", 100)], ("participant.role_invalid",)),
        ([Share(number, "refer", 100) for number in range(2, 6)], ()),
        ([Share(number, "refer", 100) for number in range(2, 7)], ("participant.too_many",)),
    ],
)
def test_shares(invited, codes):
    assert shares_are_sound(with_lead(LEAD, invited), lead_partner_id=LEAD).codes == codes


def test_shares_must_be_the_whole():
    shares = [Share(LEAD, "lead", 5_000), Share(2, "resell", 4_999)]
    assert shares_are_sound(shares, lead_partner_id=LEAD).codes == ("participant.not_whole",)
    assert shares_are_sound(shares, lead_partner_id=3).codes == ("participant.lead_missing", "participant.not_whole")


@pytest.mark.parametrize("status", ["draft", "in_review", "action_required", "approved"])
def test_shares_can_be_set_while_the_deal_is_open_and_nobody_has_agreed(status):
    assert may_invite(status, ["invited", "declined"])
    assert may_invite(status, ["given"]).codes == ("participant.agreed_already",)
    assert bool(may_answer(status, "invited")) is (status != "draft")


@pytest.mark.parametrize("status", ["won", "lost", "rejected", "withdrawn", "expired", "released", "revoked", "upheld"])
def test_nothing_is_shared_of_a_deal_that_is_over(status):
    assert may_invite(status, []).codes == may_answer(status, "invited").codes == ("registration.status",)


class Joint:
    """A deal of the channel's partner, to which a third one is invited."""

    def __init__(self, channel: Any, *, submit: bool = True) -> None:
        self.channel = channel
        self.other = PartnerFactory(name="Third Partner")
        self.other_seller = seller_of(self.other)
        about = {"customer_name": "Joint Customer AG", "customer_domain": "", "customer_country": "DE"}
        about |= {"contact": "Secret Contact", "why_now": "Secret reason", "amount": 4321}
        make = registered if submit else drafted
        self.deal: Registration = make(channel, at=AT, **about)

    def invite(self, *shares: Share) -> list[Participant]:
        shares = shares or (Share(self.other.pk, "integrate", 2_500),)
        return invite_participants(self.deal.pk, shares, by=self.channel.seller, at=AT)

    def invitation(self) -> Participant:
        return Participant.objects.get(partner=self.other)

    def answer(self, *, agrees: bool, by: Any = None) -> Participant:
        return answer_invitation(self.invitation().public_id, agrees=agrees, by=by or self.other_seller, at=AT)

    def shares(self) -> dict[str, tuple[int, str]]:
        return {row.role: (row.share_bps, row.consent) for row in participants_of(self.deal)}


@pytest.fixture
def joint(channel) -> Joint:
    return Joint(channel)


def refused_with(caught) -> list[str]:
    return [reason.code for reason in caught.value.reasons]


def test_invited_and_agreed(joint):
    joint.invite()
    assert joint.shares() == {"lead": (7_500, "given"), "integrate": (2_500, "invited")}
    joint.answer(agrees=True)
    assert joint.shares()["integrate"] == (2_500, "given")
    events = AuditEntry.objects.filter(subject_id=str(joint.deal.pk), event__startswith="participant")
    assert list(events.order_by("pk").values_list("event", flat=True)) == ["participants.invited", "participant.agreed"]


def test_what_is_declined_is_the_leads(joint):
    joint.invite()
    joint.answer(agrees=False)
    assert joint.shares() == {"lead": (10_000, "given"), "integrate": (2_500, "declined")}
    with pytest.raises(Refused) as caught:
        joint.answer(agrees=True)
    assert refused_with(caught) == ["participant.answered"]


def test_an_invitation_is_taken_back_before_it_is_answered(joint):
    joint.invite()
    public_id = joint.invitation().public_id
    for by in (joint.other_seller, joint.channel.rival_seller):
        with pytest.raises(NotFound):
            withdraw_invitation(public_id, by=by, at=AT)
    withdraw_invitation(public_id, by=joint.channel.seller, at=AT)
    assert joint.shares() == {"lead": (10_000, "given")}
    assert not participations_visible_to(joint.other_seller).exists()
    joint.invite()
    joint.answer(agrees=True)
    with pytest.raises(Refused) as caught:
        withdraw_invitation(joint.invitation().public_id, by=joint.channel.seller, at=AT)
    assert refused_with(caught) == ["participant.answered"]


def test_what_somebody_agreed_to_stands(joint):
    joint.invite()
    joint.answer(agrees=True)
    with pytest.raises(Refused) as caught:
        joint.invite(Share(joint.other.pk, "integrate", 100))
    assert refused_with(caught) == ["participant.agreed_already"]
    assert joint.shares()["integrate"] == (2_500, "given")


def test_setting_shares_anew_replaces_what_nobody_agreed_to(joint):
    joint.invite()
    first = joint.invitation().public_id
    joint.invite(Share(None, "direct", 1_000))
    assert joint.shares() == {"lead": (9_000, "given"), "direct": (1_000, "invited")}
    with pytest.raises(NotFound):
        answer_invitation(first, agrees=True, by=joint.other_seller, at=AT)
    invite_participants(joint.deal.pk, [], by=joint.channel.seller, at=AT)
    assert joint.shares() == {}


def test_inviting_is_refused_with_every_problem_and_nothing_is_kept(joint):
    with pytest.raises(Refused) as caught:
        joint.invite(Share(joint.other.pk, "lead", 0), Share(0, "refer", 1))
    assert [(reason.code, reason.field) for reason in caught.value.reasons] == [
        ("participant.share_invalid", "participants.0.share"),
        ("participant.role_invalid", "participants.0.role"),
    ]
    with pytest.raises(Refused) as caught:
        joint.invite(Share(10**9, "refer", 1))
    assert refused_with(caught) == ["participant.unknown_partner"]
    with pytest.raises(Refused) as caught:
        invite_participants(joint.deal.pk, [], by=joint.channel.rival_seller, at=AT)
    assert refused_with(caught) == ["actor.not_permitted"]
    assert not Participant.objects.exists()


def test_only_the_invited_company_answers(joint):
    joint.invite()
    viewer = MembershipFactory(partner=joint.other, role="viewer").user
    others = [
        joint.channel.seller,
        joint.channel.rival_seller,
        joint.channel.manager,
        vendor("direct_sales"),
        seller_of(PartnerFactory()),
    ]
    for by in others:
        with pytest.raises(NotFound):
            joint.answer(agrees=True, by=by)
    browser = Client()
    browser.force_login(viewer)
    assert browser.post(address(joint), {"agree": "1"}).status_code == 404
    assert joint.invitation().consent == "invited"


def test_direct_sales_answers_for_itself(joint):
    joint.invite(Share(None, "direct", 1_000))
    row = Participant.objects.get(role="direct")
    for by in (joint.other_seller, vendor("ceo"), vendor("finance")):
        with pytest.raises(NotFound):
            answer_invitation(row.public_id, agrees=True, by=by, at=AT)
    answer_invitation(row.public_id, agrees=True, by=vendor("direct_sales"), at=AT)
    assert joint.shares()["direct"] == (1_000, "given")


def test_an_invitation_in_a_draft_is_told_when_the_deal_is_submitted(channel):
    joint = Joint(channel, submit=False)
    joint.invite()
    outbox.relay(at=timezone.now())
    assert not Notification.objects.filter(kind="participation").exists()
    with pytest.raises(NotFound):
        joint.answer(agrees=True)
    assert submit_registration(joint.deal.pk, by=channel.seller, at=AT).status == "approved"
    outbox.relay(at=timezone.now())
    notice = Notification.objects.get(kind="participation")
    assert (notice.user_id, notice.params) == (joint.other_seller.user_id, {"partner": "Alpha Partner"})
    assert notice.url == address(joint)


def address(joint: Joint) -> str:
    return reverse("deals:participation", args=[joint.invitation().public_id])


SECRETS = ("Secret Contact", "Secret reason", "4,321", "4321")


def page_of(joint: Joint, by: Any = None) -> Any:
    browser = Client()
    browser.force_login(User.objects.get(pk=(by or joint.other_seller).user_id))
    return browser.get(address(joint))


def test_an_invitation_shows_what_the_lead_discloses_and_nothing_else(joint):
    joint.invite(Share(joint.other.pk, "integrate", 2_500), Share(joint.channel.rival.pk, "refer", 500))
    page = page_of(joint).content.decode()
    for shown in ("Joint Customer AG", "Alpha Partner", joint.channel.product.name, "25%", "Integrates"):
        assert shown in page, shown
    for hidden in (*SECRETS, "Rival Canary", "What happened", joint.deal.public_id):
        assert hidden not in page, hidden
    joint.answer(agrees=True)
    page = page_of(joint).content.decode()
    assert "Approved" in page
    assert "What happened" in page
    for hidden in (*SECRETS, "Rival Canary", joint.deal.public_id, joint.channel.seller.label):
        assert hidden not in page, hidden


def test_who_agreed_still_does_not_see_the_deal_itself(joint):
    joint.invite()
    joint.answer(agrees=True)
    assert not registrations_visible_to(joint.other_seller).exists()
    browser = Client()
    browser.force_login(User.objects.get(pk=joint.other_seller.user_id))
    for route in ("detail", "receipt", "together"):
        assert browser.get(reverse(f"deals:{route}", args=[joint.deal.public_id])).status_code == 404
    assert b"Joint Customer AG" not in browser.get(reverse("deals:list")).content
    assert b"Joint Customer AG" in browser.get(reverse("deals:participations")).content


def test_rivals_see_nothing_of_it(joint):
    joint.invite()
    assert page_of(joint, joint.channel.rival_seller).status_code == 404
    assert page_of(joint, joint.channel.manager).status_code == 404
    assert not participations_visible_to(joint.channel.rival_seller).exists()


def test_a_deal_that_was_taken_back_is_not_agreed_to(channel):
    joint = Joint(channel)
    Registration.objects.filter(pk=joint.deal.pk).update(status="in_review", review_due_at=AT)
    joint.invite()
    withdraw_registration(joint.deal.pk, by=channel.seller, at=AT)
    with pytest.raises(Refused) as caught:
        joint.answer(agrees=True)
    assert refused_with(caught) == ["registration.status"]
    assert not participation_page(joint.other_seller, joint.invitation().public_id, at=AT).may_answer


def test_the_lead_sets_shares_on_the_page(joint):
    lead = Client()
    lead.force_login(User.objects.get(pk=joint.channel.seller.user_id))
    page = reverse("deals:together", args=[joint.deal.public_id])
    rows = {"invited-TOTAL_FORMS": "1", "invited-INITIAL_FORMS": "0", "invited-0-role": "resell"}
    rows |= {"invited-0-partner": joint.other.public_id, "invited-0-share": "12.5"}
    answer = lead.post(page, rows | {"invited-0-share": "0"})
    assert answer.status_code == 422
    assert b"A share is from 0.01" in answer.content
    assert lead.post(page, rows).status_code == 302
    assert joint.shares() == {"lead": (8_750, "given"), "resell": (1_250, "invited")}
    assert b"Third Partner" in lead.get(reverse("deals:detail", args=[joint.deal.public_id])).content
    assert lead.post(page, {"withdraw": joint.invitation().public_id}).status_code == 302
    assert joint.shares() == {"lead": (10_000, "given")}


def test_the_database_keeps_the_whole(joint):
    joint.invite()
    with pytest.raises(IntegrityError, match="basis points"), transaction.atomic():
        Participant.objects.filter(partner=joint.other).update(share_bps=1)
        transaction.get_connection().check_constraints()


@pytest.fixture
def offered(channel) -> Registration:
    """The rulebook offers to sell together where direct sales was first."""
    rules = [
        Rule("direct_opportunity", {"verdict": "co_sell", "share_bps": 4_000})
        if rule.code == "direct_opportunity"
        else rule
        for rule in DEFAULT_RULES
    ]
    publish_rulebook(rules, effective_from=AT.date(), by=vendor("channel_chief"), at=AT)
    OpportunityFactory(customer=channel.customer, updated_at_source=AT - timedelta(days=1))
    return registered(channel, at=AT)


def test_an_offer_to_sell_together_is_accepted(channel, offered):
    assert offered.status == "action_required"
    shown = together_of(channel.seller, offered, at=AT)
    assert (shown.is_offered, shown.offer_bps) == (True, 4_000)
    answer_co_sell_offer(offered.pk, accepts=True, by=channel.seller, at=AT)
    offered.refresh_from_db()
    assert offered.status == "in_review"
    shares = {row.role: (row.share_bps, row.consent) for row in participants_of(offered)}
    assert shares == {"lead": (6_000, "given"), "direct": (4_000, "given")}
    with pytest.raises(NotFound):
        answer_co_sell_offer(offered.pk, accepts=True, by=channel.seller, at=AT)


def test_an_offer_to_sell_together_is_declined(channel, offered):
    browser = Client()
    browser.force_login(User.objects.get(pk=channel.seller.user_id))
    deal = reverse("deals:detail", args=[offered.public_id])
    assert b"We offer to sell together" in browser.get(deal).content
    answer = browser.post(reverse("deals:co-sell", args=[offered.public_id]), {"decline": "1"})
    assert answer.url == deal
    offered.refresh_from_db()
    assert (offered.status, participants_of(offered)) == ("in_review", [])
    assert b"We offer to sell together" not in browser.get(deal).content
