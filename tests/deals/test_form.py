"""The registration form over HTTP: ten fields, all problems at once, nothing typed is lost, one registration each."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from deals.models import Decision, Participant, PencilHold, PreflightCheck, Registration
from deals.rules.drafts import WebOrTax, web_or_tax
from partners.models import User
from tests.factories.crm import ProductFactory
from tests.factories.deals import registered
from tests.factories.partners import MembershipFactory, PartnerFactory


def signed_in(actor: Any) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


@pytest.fixture
def seller(channel):
    return signed_in(channel.seller)


def typed(channel, **changes: Any) -> dict[str, Any]:
    """What the browser sends."""
    return {
        "token": str(uuid.uuid4()),
        "partner": channel.partner.public_id,
        "customer_name": "Zwack Unicum Nyrt.",
        "customer_country": "HU",
        "known_by": "www.zwack.hu",
        "site": "",
        "contact": "Anna Kovács",
        "expected_close_on": (timezone.localdate() + timedelta(days=40)).isoformat(),
        "stage": "qualified",
        "source": "own",
        "currency": "EUR",
        "why_now": "Budget until summer.",
        "lines-TOTAL_FORMS": "2",
        "lines-INITIAL_FORMS": "0",
        "lines-0-product": channel.product.public_id,
        "lines-0-quantity": "3",
        "lines-0-amount": "5,000.00",
        "lines-1-product": "",
        "lines-1-quantity": "1",
        "lines-1-amount": "",
        "invited-TOTAL_FORMS": "1",
        "invited-INITIAL_FORMS": "0",
        "invited-0-role": "",
        "invited-0-partner": "",
        "invited-0-share": "",
        **changes,
    }


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


@pytest.mark.parametrize(
    ("text", "domain", "tax_id"),
    [
        ("", "", ""),
        ("www.acme.hu", "www.acme.hu", ""),
        ("https://acme.hu/about", "https://acme.hu/about", ""),
        ("jan@gmail.com", "jan@gmail.com", ""),
        ("4ig.hu", "4ig.hu", ""),
        ("PL 525-000-56-73", "", "PL 525-000-56-73"),
        ("12345678-2-42", "", "12345678-2-42"),
        ("CHE-123.456.789", "", "CHE-123.456.789"),
        ("BE 0123.456.789", "", "BE 0123.456.789"),
        ("12.345.678/0001-90", "", "12.345.678/0001-90"),
        ("acme.hu, 12345678-2-42", "acme.hu", "12345678-2-42"),
        ("HU12345678; acme.hu", "acme.hu", "HU12345678"),
        ("no address", "no address", ""),
    ],
)
def test_one_field_knows_an_address_from_a_tax_id(text, domain, tax_id):
    assert web_or_tax(text) == WebOrTax(domain, tax_id)


def test_the_form_has_at_most_ten_fields(channel, seller):
    """Counted as a person sees them: a product is one field, and so is an invitation; what is folded away is none."""
    page = seller.get(reverse("deals:new")).content.decode()
    shown = re.sub(r"<details.*?</details>", "", page, flags=re.DOTALL)
    labels = re.findall(r'<label for="id_([\w-]+)"', shown)
    fields = {"products" if name.startswith("lines-") or name == "currency" else name for name in labels}
    assert fields | {"participants"} == {
        *("customer_name", "customer_country", "known_by", "products", "contact", "expected_close_on", "stage"),
        *("source", "why_now", "participants"),
    }


def test_a_seller_registers_a_deal_and_reads_why(channel, seller):
    answer = seller.post(reverse("deals:new"), typed(channel), follow=True)
    registration = Registration.objects.get()
    assert answer.redirect_chain == [(reverse("deals:detail", args=[registration.public_id]), 302)]
    assert "Approved" in text_of(answer)
    assert (registration.status, registration.total_amount, registration.stage) == ("approved", 5000, "qualified")
    receipt = text_of(seller.get(reverse("deals:receipt", args=[registration.public_id])))
    assert "is approved automatically up to" in receipt
    assert "This rule decided" in receipt


def test_a_double_click_registers_once(channel, seller):
    once = typed(channel)
    first, second = seller.post(reverse("deals:new"), once), seller.post(reverse("deals:new"), once)
    assert first.url == second.url
    assert Registration.objects.count() == Decision.objects.count() == 1


def test_a_form_that_was_sent_is_not_sent_again_with_other_words(channel, seller):
    once = typed(channel)
    seller.post(reverse("deals:new"), once)
    answer = seller.post(reverse("deals:new"), {**once, "customer_name": "Somebody Else"})
    assert answer.status_code == 422
    assert "This form was already sent" in text_of(answer)
    assert Registration.objects.count() == 1


def test_every_problem_shows_at_once_and_the_form_keeps_what_was_typed(channel, seller):
    wrong = {
        "customer_name": "",
        "customer_country": "",
        "known_by": "jan@gmail.com",
        "contact": " ",
        "expected_close_on": "31 February",
        "stage": "someday",
        "why_now": "Because <b>now</b>",
        "lines-0-quantity": "many",
        "lines-0-amount": "-5",
        "lines-1-product": "prd_0000000000000000",
        "lines-1-amount": "12",
    }
    answer = seller.post(reverse("deals:new"), typed(channel, **wrong))
    assert answer.status_code == 422
    form = answer.context["form"]
    assert set(form.errors) == {
        *("customer_name", "customer_country", "known_by", "contact", "expected_close_on", "stage"),
    }
    assert [set(errors) for errors in form.lines.errors] == [{"quantity", "amount"}, {"product"}]
    page = answer.content.decode()
    assert 'value="31 February"' in page
    assert "jan@gmail.com" in page
    assert "Because &lt;b&gt;now&lt;/b&gt;" in page
    assert not Registration.objects.exists()


def test_a_refusal_of_the_action_is_shown_in_the_form(channel, seller):
    answer = seller.post(reverse("deals:new"), typed(channel, currency="HUF"))
    assert answer.status_code == 422
    assert "There is no exchange rate for HUF" in text_of(answer)
    assert not Registration.objects.exists()


@pytest.mark.parametrize(
    "broken",
    [
        {"token": "no token"},
        {"lines-TOTAL_FORMS": "x"},
        {"lines-TOTAL_FORMS": "100000"},
        {"partner": "x"},
        {"customer_name": "x" * 10_000},
        {"customer_name": "a\x00b"},
        {"lines-0-amount": "1e999"},
        {"lines-0-amount": "NaN"},
        {"lines-0-quantity": "9" * 100},
    ],
)
def test_absurd_input_gets_a_clear_answer(channel, seller, broken):
    answer = seller.post(reverse("deals:new"), typed(channel, **broken))
    assert answer.status_code == 422
    assert not Registration.objects.exists()


def test_another_partner_cannot_be_named_in_the_form(channel, seller):
    answer = seller.post(reverse("deals:new"), typed(channel, partner=channel.rival.public_id))
    assert answer.status_code == 422
    assert not Registration.objects.exists()


def test_another_row_for_a_product_keeps_the_form_as_it_is(channel, seller):
    answer = seller.post(reverse("deals:new"), typed(channel, add_line="1", customer_name=""))
    assert answer.status_code == 200
    assert len(answer.context["form"].lines.forms) == 3
    assert "5,000.00" in answer.content.decode()


def test_a_draft_is_saved_edited_and_submitted(channel, seller):
    seller.post(reverse("deals:new"), typed(channel, save="1", contact="", expected_close_on=""))
    draft = Registration.objects.get()
    assert draft.status == "draft"
    edit = reverse("deals:edit", args=[draft.public_id])
    page = seller.get(edit).content.decode()
    assert "Zwack Unicum Nyrt." in page
    assert "5,000.00" in page
    other = ProductFactory()
    changed = typed(channel, **{"lines-1-product": other.public_id, "lines-1-amount": "700"})
    assert seller.post(edit, changed).status_code == 302
    draft.refresh_from_db()
    assert (draft.status, draft.total_amount, draft.lines.count()) == ("approved", 5700, 2)
    assert seller.get(edit).status_code == 404


def test_another_row_for_an_invitation_keeps_the_form_as_it_is(channel, seller):
    answer = seller.post(reverse("deals:new"), typed(channel, add_invited="1"))
    assert len(answer.context["form"].invited.forms) == 2
    assert 'value="5,000.00"' in answer.content.decode()


def shares(channel, **changes: Any) -> dict[str, Any]:
    invited = {"invited-0-role": "resell", "invited-0-partner": "", "invited-0-share": "30"}
    return typed(channel, **{**invited, **changes})


def test_somebody_is_invited_in_the_form(channel, seller):
    other = PartnerFactory(name="Third")
    seller.post(reverse("deals:new"), shares(channel, **{"invited-0-partner": other.public_id.upper()}))
    rows = Participant.objects.order_by("pk").values_list("partner_id", "role", "share_bps", "consent")
    assert list(rows) == [(channel.partner.pk, "lead", 7000, "given"), (other.pk, "resell", 3000, "invited")]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"invited-0-partner": "ptn_0000000000000000"}, "partner"),
        ({"invited-0-role": "direct", "invited-0-share": "0"}, "share"),
        ({"invited-0-role": "direct", "invited-0-share": "much"}, "share"),
        ({"invited-0-role": "", "invited-0-partner": "own"}, "partner"),
        ({"invited-0-role": ""}, "role"),
    ],
)
def test_an_invitation_that_is_wrong_is_told_at_its_field(channel, seller, changes, field):
    if changes.get("invited-0-partner") == "own":
        changes = {**changes, "invited-0-partner": channel.partner.public_id}
    answer = seller.post(reverse("deals:new"), shares(channel, **changes))
    assert answer.status_code == 422
    (row,) = answer.context["form"].typed_shares()
    assert field in row.errors
    assert not Registration.objects.exists()
    assert not Participant.objects.exists()


def test_nothing_must_be_left_for_nobody(channel, seller):
    answer = seller.post(
        reverse("deals:new"), shares(channel, **{"invited-0-role": "direct", "invited-0-share": "100"})
    )
    assert "Something must be left" in text_of(answer)


def test_a_draft_keeps_site_tax_id_and_invitations(channel, seller):
    other = PartnerFactory(name="Third")
    both = {"known_by": "zwack.hu, 12345678-2-42", "site": "Plant 2", "invited-0-partner": other.public_id}
    seller.post(reverse("deals:new"), shares(channel, save="1", **both))
    draft = Registration.objects.get()
    assert (draft.customer_domain, draft.customer_tax_id, draft.site) == ("zwack.hu", "12345678-2-42", "Plant 2")
    page = seller.get(reverse("deals:edit", args=[draft.public_id])).content.decode()
    for text in ("zwack.hu, 12345678-2-42", "Plant 2", other.public_id, 'value="30'):
        assert text in page, text


def test_only_own_customers_are_suggested(channel, seller):
    now = timezone.now()
    registered(channel, at=now, expected_close_on=now.date(), customer_name="My Own Company", customer_domain="")
    registered(
        channel, at=now, by_rival=True, expected_close_on=now.date(), customer_name="Hidden Company", customer_domain=""
    )
    page = seller.get(reverse("deals:new")).content.decode()
    assert 'value="My Own Company"' in page
    assert "Hidden Company" not in page
    assert channel.customer.legal_name not in page


def asked(seller, channel, **changes: Any):
    return seller.post(reverse("deals:check"), typed(channel, **changes))


def test_the_light_is_shown_while_typing(channel, seller):
    rival = {"customer_name": "Taken Ltd", "customer_country": "GB", "customer_domain": "taken.example.com"}
    now = timezone.now()
    registered(channel, at=now, by_rival=True, expected_close_on=now.date(), **rival)
    assert 'data-light="green"' in asked(seller, channel).content.decode()
    similar = {"customer_name": "Zwack Unicum Kft", "known_by": ""}
    assert 'data-light="amber"' in asked(seller, channel, **similar).content.decode()
    taken = {"customer_name": "Taken Ltd", "customer_country": "GB", "known_by": "taken.example.com"}
    answer = asked(seller, channel, **taken)
    assert 'data-light="red"' in answer.content.decode()
    assert "cannot be protected for you" in text_of(answer)
    assert "Rival" not in answer.content.decode()


@pytest.mark.parametrize(
    "missing",
    [
        {"customer_name": ""},
        {"customer_country": ""},
        {"lines-0-product": ""},
        {"customer_name": "a\x00b"},
        {"customer_name": "x" * 10_000},
        {"customer_name": "…"},
        {"known_by": "no address"},
    ],
)
def test_what_is_not_there_yet_is_not_asked(channel, seller, missing):
    answer = asked(seller, channel, **missing)
    assert answer.status_code == 200
    assert "data-light" not in answer.content.decode()
    assert not PreflightCheck.objects.exists()


def test_without_scripts_a_button_checks_and_keeps_the_form(channel, seller):
    answer = seller.post(reverse("deals:new"), typed(channel, check="1", contact=""))
    page = answer.content.decode()
    assert 'data-light="green"' in page
    assert "Budget until summer." in page
    assert "field-error" not in page
    assert not Registration.objects.exists()


def test_a_free_customer_is_held_from_the_form(channel, seller):
    answer = asked(seller, channel, hold="1")
    assert "Kept for you" in text_of(answer)
    hold = PencilHold.objects.get()
    assert (hold.partner_id, hold.customer_id) == (channel.partner.pk, channel.customer.pk)
    rivals = signed_in(channel.rival_seller)
    rival = asked(rivals, channel, partner=channel.rival.public_id)
    assert 'data-light="amber"' in rival.content.decode()
    release = reverse("deals:release-hold", args=[hold.public_id])
    assert rivals.post(release).status_code == 404
    assert seller.post(release).status_code == 302
    assert 'data-light="green"' in asked(rivals, channel, partner=channel.rival.public_id).content.decode()


def test_who_may_not_register_may_not_ask(channel):
    viewer = Client()
    viewer.force_login(MembershipFactory(partner=channel.partner, role="viewer").user)
    assert viewer.post(reverse("deals:check"), typed(channel)).status_code == 404
    assert signed_in(channel.manager).post(reverse("deals:check"), typed(channel)).status_code == 404
