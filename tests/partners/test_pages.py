"""The pages of notices and saved views, through HTTP."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from partners import queries
from partners.actions import views
from partners.models import Membership, Notification, SavedView
from partners.rules import NoticeWish
from tests.factories.notices import tell
from tests.factories.partners import MembershipFactory, VendorRoleFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("kinds")]


@pytest.fixture
def seller():
    return MembershipFactory(role="seller").user


@pytest.fixture
def page(client, seller) -> Client:
    client.force_login(seller)
    return client


def html_of(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


def bell(client) -> str:
    return " ".join(
        re.search(r'<a class="btn btn-icon bell".*?</a>', html_of(client.get("/deals/")), re.DOTALL)[0].split()
    )


def test_the_bell_says_how_much_is_new(page, seller, now, monkeypatch):
    assert "bell-count" not in bell(page)
    tell(seller.pk, at=now), tell(seller.pk, at=now)
    assert "Notices: 2 unread" in bell(page)
    monkeypatch.setattr(queries, "MANY", 2)
    assert "Notices: 1+ unread" in bell(page)
    page.post("/notices/read/")
    assert "bell-count" not in bell(page)


def test_the_bell_costs_one_statement(page, seller, now, django_assert_max_num_queries):
    tell(seller.pk, at=now)
    with django_assert_max_num_queries(20) as asked:
        page.get("/deals/")
    assert sum("partners_notification" in query["sql"] for query in asked) == 1


def test_a_click_leads_to_the_thing_and_the_notice_is_read(page, seller, now):
    tell(seller.pk, at=now, url="/deals/?status=won")
    html = html_of(page.get("/notices/"))
    assert "The registration of Zwack is approved for €1,234.50." in html
    (address,) = re.findall(r'class="news-text" href="([^"]*)"', html)
    answer = page.get(address)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/deals/?status=won")
    assert Notification.objects.get().read_at
    assert "is-unread" not in html_of(page.get("/notices/"))


def test_a_notice_without_an_address_leads_to_the_list(page, seller, now):
    tell(seller.pk, at=now, url="")
    answer = page.get(reverse("notices:follow", args=[Notification.objects.get().public_id]))
    assert answer.headers["Location"] == "/notices/"


def test_one_or_all_are_marked_as_read_without_leaving(page, seller, now):
    for _ in range(3):
        tell(seller.pk, at=now)
    first = Notification.objects.earliest("pk")
    assert page.get(reverse("notices:read", args=[first.public_id])).status_code == 405
    assert page.post(reverse("notices:read", args=[first.public_id])).headers["Location"] == "/notices/"
    assert list(Notification.objects.filter(read_at=None)) == list(Notification.objects.exclude(pk=first.pk))
    assert page.get("/notices/read/").status_code == 405
    page.post("/notices/read/")
    assert not Notification.objects.filter(read_at=None).exists()


def test_the_list_has_pages(page, seller, now, monkeypatch):
    monkeypatch.setattr(queries, "NOTICES_PER_PAGE", 2)
    for _ in range(3):
        tell(seller.pk, at=now)
    html = html_of(page.get("/notices/"))
    assert html.count("news-item") == 2
    (following,) = re.findall(r'href="(\?after=[^"]*)" rel="next"', html)
    last = html_of(page.get(f"/notices/{following}"))
    assert last.count("news-item") == 1
    assert "First page" in last
    assert 'rel="next"' not in last


def test_what_only_comes_by_mail_is_not_listed_but_can_be_followed(page, seller, now):
    page.post("/notices/preferences/", {"email-sample.decided": "now", "email-sample.money": "off"})
    tell(seller.pk, at=now)
    assert "No notices" in html_of(page.get("/notices/"))
    assert page.get(reverse("notices:follow", args=[Notification.objects.get().public_id])).status_code == 302


def test_preferences_show_the_kinds_of_ones_side_and_are_kept(page, seller):
    html = html_of(page.get("/notices/preferences/"))
    assert "Decisions" in html
    assert "Review queue" not in html
    typed = {"portal-sample.money": "on", "email-sample.decided": "off", "email-sample.money": "now"}
    assert page.post("/notices/preferences/", typed | {"email-sample.queue": "now"}).status_code == 302
    assert queries.wishes_of(queries.actor_of(seller)) == {
        "sample.decided": NoticeWish(in_portal=False, email="off"),
        "sample.money": NoticeWish(in_portal=True, email="now"),
    }
    assert seller.notification_preferences.count() == 2
    again = html_of(page.get("/notices/preferences/"))
    assert again.count(" checked") == 1
    assert '<option value="now" selected>' in again


def test_what_is_no_choice_is_refused_and_nothing_changes(page, seller):
    answer = page.post("/notices/preferences/", {"email-sample.decided": "hourly", "email-sample.money": "now"})
    assert answer.status_code == 422
    assert "hourly is not one of the available choices" in answer.content.decode()
    assert not seller.notification_preferences.exists()


def test_notices_of_others_are_missing(page, seller, now):
    stranger = MembershipFactory(partner=seller.memberships.get().partner, role="admin").user
    tell(stranger.pk, at=now)
    foreign = Notification.objects.get().public_id
    for public_id in (foreign, foreign[:-3] + "zzz"):
        assert page.get(reverse("notices:follow", args=[public_id])).status_code == 404
        assert page.post(reverse("notices:read", args=[public_id])).status_code == 404
    assert Notification.objects.get().read_at is None
    assert "Zwack" not in html_of(page.get("/notices/"))


def test_who_left_sees_nothing_any_more(page, seller, now):
    tell(seller.pk, at=now)
    Membership.objects.update(is_active=False)
    assert "No notices" in html_of(page.get("/notices/"))
    assert page.get(reverse("notices:follow", args=[Notification.objects.get().public_id])).status_code == 404


def test_a_view_is_saved_from_the_list_shown_on_it_and_deleted(page, seller):
    html = html_of(page.get("/deals/?q=Zwack+%26+Co&status=draft"))
    assert 'name="query" value="q=Zwack+%26+Co&amp;status=draft"' in html
    typed = {
        "page": "deals.list",
        "name": "Drafts of Z & Co",
        "query": "q=Zwack+%26+Co&status=draft",
        "is_shared": "on",
    }
    answer = page.post("/views/", typed)
    assert answer.headers["Location"] == "/deals/?q=Zwack+%26+Co&status=draft"
    html = html_of(page.get(answer.headers["Location"]))
    assert 'href="?q=Zwack+%26+Co&amp;status=draft" aria-current="true">Drafts of Z &amp; Co</a>' in html
    colleague = Client()
    colleague.force_login(MembershipFactory(partner=seller.memberships.get().partner).user)
    shown = html_of(colleague.get("/deals/"))
    assert "Drafts of Z &amp; Co" in shown
    view = SavedView.objects.get()
    assert view.public_id not in shown  # nothing to delete it with
    delete = reverse("views:delete", args=[view.public_id])
    assert colleague.post(delete).status_code == 404
    assert page.post(delete).headers["Location"] == "/deals/"
    assert not SavedView.objects.exists()


def test_a_view_that_cannot_be_saved_says_why_and_keeps_the_selection(page):
    answer = page.post("/views/", {"page": "deals.list", "name": " ", "query": "status=draft"}, follow=True)
    assert answer.request["QUERY_STRING"] == "status=draft"
    assert "Enter a name for the view." in html_of(answer)
    assert not SavedView.objects.exists()


@pytest.mark.parametrize("name", ["", "nowhere", "https://example.com/", "//example.com", "deals.detail", "deals:x"])
def test_a_view_of_no_page_is_missing(name, page):
    assert page.post("/views/", {"page": name, "name": "Mine", "query": ""}).status_code == 404
    assert not SavedView.objects.exists()


def test_views_of_the_vendor_are_for_its_people(page):
    manager = VendorRoleFactory(role="channel_manager").user
    views.save_view("deals.list", name="Late", query="", is_shared=True, by=queries.actor_of(manager))
    assert "Late" not in html_of(page.get("/deals/"))
    chief = Client()
    chief.force_login(VendorRoleFactory(role="channel_chief").user)
    assert "Late" in html_of(chief.get("/deals/"))
