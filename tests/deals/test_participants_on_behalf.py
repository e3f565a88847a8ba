"""A distributor registers for a reseller: the reseller's deal, by its standing; nothing else of it is seen."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from common import outbox
from common.errors import NotFound, Refused
from deals.actions.checks import preflight
from deals.actions.registrations import register_deal, save_draft, submit_registration, withdraw_registration
from deals.models import PreflightCheck, Registration
from deals.queries.claimants import claimants
from deals.queries.registrations import (
    Narrowing,
    find_registration,
    registration_list,
    registration_page,
    registrations_visible_to,
    totals_by_status,
)
from partners.models import Distribution, Notification, Partner, User
from tests.deals.test_preflight import about
from tests.factories.deals import a_draft, registered, seller_of
from tests.factories.partners import MembershipFactory, PartnerFactory

AT = datetime(2026, 10, 14, 10, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


class Downstream:
    """The channel's partner is the reseller of a distributor."""

    def __init__(self, channel: Any) -> None:
        self.channel, self.reseller = channel, channel.partner
        self.distributor = PartnerFactory(name="Big Distribution", types=("distributor",))
        self.by = seller_of(self.distributor)
        self.link = Distribution.objects.create(
            distributor=self.distributor,
            reseller=self.reseller,
            requested_at=AT,
            requested_by="x",
            answered_at=AT,
            answered_by="y",
            starts_on=AT.date() - timedelta(days=400),
        )

    def draft(self, **typed: Any) -> Any:
        about = {"customer_name": "Behalf Customer AG", "customer_domain": "", "customer_country": "DE"}
        return a_draft(self.reseller, self.channel.product, **{**about, **typed})

    def register(self, **typed: Any) -> Registration:
        return register_deal(self.draft(**typed), by=self.by, at=AT)

    def end(self) -> None:
        Distribution.objects.filter(pk=self.link.pk).update(ends_on=AT.date())


@pytest.fixture
def downstream(channel) -> Downstream:
    return Downstream(channel)


def refused_with(caught) -> list[str]:
    return [reason.code for reason in caught.value.reasons]


def test_it_is_the_resellers_registration(downstream):
    registration = downstream.register()
    assert (registration.partner_id, registration.registered_by_id) == (
        downstream.reseller.pk,
        downstream.distributor.pk,
    )
    assert registration.status == "approved"
    assert registration.protections.get().partner_id == downstream.reseller.pk
    own = registered(downstream.channel, at=AT)
    assert own.registered_by_id is None


def test_the_reseller_is_told_and_may_withdraw_it(downstream):
    draft = save_draft(downstream.draft(), by=downstream.by, at=AT)
    outbox.relay(at=timezone.now())
    notice = Notification.objects.get(kind="on_behalf")
    assert notice.user_id == downstream.channel.seller.user_id
    assert notice.params == {"partner": "Big Distribution", "customer": "Behalf Customer AG"}
    assert withdraw_registration(draft.pk, by=downstream.channel.seller, at=AT).status == "withdrawn"


def test_the_resellers_standing_is_judged(downstream):
    Partner.objects.filter(pk=downstream.reseller.pk).update(credit_hold=True)
    assert downstream.register().status == "rejected"
    Partner.objects.filter(pk=downstream.reseller.pk).update(credit_hold=False)
    Partner.objects.filter(pk=downstream.distributor.pk).update(credit_hold=True)
    assert downstream.register(customer_name="Another").status == "approved"


def test_the_distributor_sees_what_it_registered_and_nothing_else_of_the_reseller(downstream):
    own = registered(downstream.channel, at=AT)
    elsewhere = PartnerFactory(name="Other Distribution", types=("distributor",))
    foreign = registered(
        downstream.channel, at=AT, customer_name="By Another", customer_domain="", customer_country="DE"
    )
    Registration.objects.filter(pk=foreign.pk).update(registered_by=elsewhere)
    behalf = downstream.register()
    assert list(registrations_visible_to(downstream.by)) == [behalf]
    for hidden in (own, foreign):
        with pytest.raises(NotFound):
            find_registration(downstream.by, hidden.public_id)
    assert registration_list(downstream.by, at=AT).rows == []
    assert registration_list(downstream.by, at=AT, narrowing=Narrowing(for_others=True)).rows == [behalf]
    assert registration_list(downstream.channel.rival_seller, at=AT, narrowing=Narrowing(for_others=True)).rows == []
    assert totals_by_status(downstream.by, at=AT)["approved"].count == 0
    browser = Client()
    browser.force_login(User.objects.get(pk=downstream.by.user_id))
    assert b"Behalf Customer AG" in browser.get(reverse("deals:list"), {"others": "1"}).content
    for page in (reverse("deals:list"), reverse("deals:list") + "?others=1"):
        assert channel_customer(downstream) not in browser.get(page).content.decode()
    for hidden in (own, foreign):
        assert browser.get(reverse("deals:detail", args=[hidden.public_id])).status_code == 404


def channel_customer(downstream: Downstream) -> str:
    return downstream.channel.customer.legal_name


def test_the_distributor_finishes_and_submits_its_draft(downstream):
    draft = save_draft(downstream.draft(contact=""), by=downstream.by, at=AT)
    browser = Client()
    browser.force_login(User.objects.get(pk=downstream.by.user_id))
    assert browser.get(reverse("deals:edit", args=[draft.public_id])).status_code == 200
    changed = downstream.draft(registration_id=draft.pk)
    assert save_draft(changed, by=downstream.by, at=AT).registered_by_id == downstream.distributor.pk
    assert submit_registration(draft.pk, by=downstream.by, at=AT).status == "approved"


def test_once_the_link_ended_it_reads_what_it_registered_and_no_more(downstream):
    draft = save_draft(downstream.draft(), by=downstream.by, at=AT)
    downstream.end()
    assert list(registrations_visible_to(downstream.by)) == [draft]
    page = registration_page(downstream.by, draft.public_id, at=AT)
    assert page.may_edit.codes == page.may_submit.codes == page.may_withdraw.codes == ("registration.link_ended",)
    for act in (submit_registration, withdraw_registration):
        with pytest.raises(Refused) as caught:
            act(draft.pk, by=downstream.by, at=AT)
        assert refused_with(caught) == ["registration.link_ended"]
    with pytest.raises(Refused) as caught:
        downstream.register(customer_name="New")
    assert refused_with(caught) == ["actor.not_permitted"]
    draft.refresh_from_db()
    assert draft.status == "draft"
    yesterday = AT - timedelta(days=1)
    assert registration_page(downstream.by, draft.public_id, at=yesterday).may_edit


def test_without_a_link_nobody_registers_for_others(downstream):
    stranger = seller_of(PartnerFactory(types=("distributor",)))
    for by in (stranger, downstream.channel.rival_seller):
        with pytest.raises(Refused) as caught:
            register_deal(downstream.draft(), by=by, at=AT)
        assert refused_with(caught) == ["actor.not_permitted"]
    assert [one.name for one in claimants(downstream.by, day=AT.date())] == ["Big Distribution", "Alpha Partner"]
    assert [one.name for one in claimants(stranger, day=AT.date())] == [
        Partner.objects.get(pk=min(stranger.partner_ids)).name
    ]
    assert not Registration.objects.exists()


def test_a_viewer_of_the_distributor_only_reads(downstream):
    draft = save_draft(downstream.draft(), by=downstream.by, at=AT)
    viewer = MembershipFactory(partner=downstream.distributor, role="viewer").user
    browser = Client()
    browser.force_login(viewer)
    assert browser.get(reverse("deals:detail", args=[draft.public_id])).status_code == 200
    assert browser.get(reverse("deals:edit", args=[draft.public_id])).status_code == 404


def test_what_the_distributor_asks_counts_for_the_distributor(downstream):
    preflight(downstream.reseller.pk, about(downstream.channel), by=downstream.by, at=AT)
    assert PreflightCheck.objects.get().partner_id == downstream.distributor.pk


def test_the_link_is_ended_by_the_reseller(downstream):
    admin = MembershipFactory(partner=downstream.reseller, role="admin").user
    browser = Client()
    browser.force_login(admin)
    assert browser.post(f"/distribution/{downstream.link.public_id}/end/").status_code == 302
    downstream.link.refresh_from_db()
    assert downstream.link.ends_on == timezone.localdate()
