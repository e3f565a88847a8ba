"""Overrides and freezes through HTTP: the list, the forms, the answers, the file, and who finds nothing there."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from partners.models import Partner, User
from tests.factories.overrides import REASON, Bench, staff
from tests.factories.partners import MembershipFactory, VendorRoleFactory
from tests.factories.tiers import enrolled_partner_id
from tiers.actions.freezes import set_freeze
from tiers.actions.overrides import decline_override
from tiers.models import Freeze, Override
from tiers.rules.overrides import NewFreeze

pytestmark = pytest.mark.django_db
LIST = reverse("tiers:overrides")


@pytest.fixture
def today() -> date:
    return timezone.localdate()


@pytest.fixture
def bench() -> Bench:
    found = Bench()
    Partner.objects.filter(pk=found.partner_id).update(name="Nordlicht Systems")
    return found


def as_(actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


def partner_page(bench: Bench, name: str) -> str:
    return reverse(f"tiers:{name}", args=[Partner.objects.get(pk=bench.partner_id).public_id])


def made(bench: Bench, today: date, *, approved: bool = False) -> Override:
    days = (today + timedelta(days=1), today + timedelta(days=31))
    return (bench.approved if approved else bench.requested)(*days, at=timezone.now())


def frozen(bench: Bench, today: date) -> Freeze:
    asked = NewFreeze(bench.partner_id, REASON, today, today + timedelta(days=30))
    return set_freeze(asked, by=bench.manager, at=timezone.now())


def test_one_asks_and_another_approves(bench: Bench, today: date) -> None:
    typed = {"level": "gold", "starts_on": today, "last_day": today + timedelta(days=30), "reason": REASON}
    answer = as_(bench.manager).post(partner_page(bench, "override-new"), typed)
    override = Override.objects.get()
    url = reverse("tiers:override", args=[override.public_id])
    assert (answer.status_code, answer.url) == (302, url)
    assert override.ends_on == today + timedelta(days=31)
    assert "waits for a second person" in as_(bench.manager).get(LIST).content.decode()
    own = as_(bench.manager).get(url).content.decode()
    assert "Withdraw the request" in own
    assert ">Approve<" not in own
    chief = as_(bench.chief)
    assert ">Approve<" in chief.get(url).content.decode()
    assert chief.post(url, {"deed": "approve", "answer": "Agreed"}).status_code == 302
    page = chief.get(url).content.decode()
    assert "In force" in page
    assert "End it early" in page
    assert "By the requirements" in page
    events = [one.title for one in chief.get(url).context["page"].timeline]
    assert events == ["Approved", "Requested"] if override.starts_on > today else ["Began", "Approved", "Requested"]
    assert chief.post(url, {"deed": "end", "reason": "The tender was lost"}).status_code == 302
    assert Override.objects.get().ends_on == today + timedelta(days=1)


def test_everything_wrong_is_said_at_once_and_what_was_typed_stays(bench: Bench, today: date) -> None:
    typed = {"level": "diamond", "starts_on": today - timedelta(days=1), "last_day": "", "reason": "too short"}
    answer = as_(bench.manager).post(partner_page(bench, "override-new"), typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    for text in ("Select a valid choice", "This field is required", "Say why in at least 3 words", "too short"):
        assert text in page
    typed |= {"level": "bronze", "last_day": today - timedelta(days=2)}
    page = as_(bench.manager).post(partner_page(bench, "override-new"), typed).content.decode()
    for text in ("holds Bronze on the first day", "cannot be before today", "cannot be before the first", "too short"):
        assert text in page
    assert not Override.objects.exists()


def test_a_freeze_is_set_and_ended(bench: Bench, today: date) -> None:
    manager = as_(bench.manager)
    url = partner_page(bench, "freeze-new")
    wrong = manager.post(url, {"starts_on": today, "last_day": today - timedelta(days=1), "reason": "no"})
    assert wrong.status_code == 422
    assert "cannot be before the first" in wrong.content.decode()
    assert "Say why in at least 3 words" in wrong.content.decode()
    answer = manager.post(url, {"starts_on": today, "last_day": today + timedelta(days=9), "reason": REASON})
    freeze = Freeze.objects.get()
    assert answer.url == reverse("tiers:freeze", args=[freeze.public_id])
    assert "neither rises nor falls; reviews go on" in manager.get(answer.url).content.decode()
    assert manager.post(answer.url, {"reason": "no"}).status_code == 422
    assert manager.post(answer.url, {"deed": "end", "reason": "Back on track again"}).status_code == 302
    assert Freeze.objects.get().ends_on == today + timedelta(days=1)


def test_an_answer_without_words_is_said_at_its_field(bench: Bench, today: date) -> None:
    url = reverse("tiers:override", args=[made(bench, today).public_id])
    chief = as_(bench.chief)
    required, too_few = "This field is required", "Say why in at least 3 words"
    for deed, words, text in (("approve", " ", required), ("decline", "", required), ("decline", "No", too_few)):
        answer = chief.post(url, {"deed": deed, "answer": words})
        assert answer.status_code == 422
        assert text in answer.content.decode()
    assert chief.post(url, {"deed": "decline", "answer": "Not this year please"}).status_code == 302
    assert chief.post(url, {"deed": "approve", "answer": "Yes"}).status_code == 422  # too late: said, not done
    assert Override.objects.get().status == "declined"


def test_who_asked_withdraws(bench: Bench, today: date) -> None:
    url = reverse("tiers:override", args=[made(bench, today).public_id])
    assert as_(bench.manager).post(url, {"deed": "withdraw"}).status_code == 302
    assert Override.objects.get().status == "withdrawn"
    assert as_(bench.manager).post(url, {"deed": "something"}).status_code == 404


def test_a_review_by_hand_shows_what_it_found(bench: Bench) -> None:
    url = partner_page(bench, "review-now")
    assert "None yet" in as_(bench.manager).get(url).content.decode()
    assert as_(bench.manager).post(url).status_code == 302
    page = as_(bench.manager).get(url).content.decode()
    assert "changed nothing" in page
    assert "Channel revenue" in page


@pytest.mark.parametrize("role", ["ceo", "finance", "admin"])
def test_others_of_the_channel_read_and_do_not_ask(bench: Bench, today: date, role: str) -> None:
    override, freeze = made(bench, today), frozen(bench, today)
    reader = as_(staff(role))
    for name, public_id in (("override", override.public_id), ("freeze", freeze.public_id)):
        assert reader.get(reverse(f"tiers:{name}", args=[public_id])).status_code == 200
    assert reader.get(LIST).status_code == 200
    for name in ("override-new", "freeze-new", "review-now"):
        assert reader.get(partner_page(bench, name)).status_code == 404
        assert reader.post(partner_page(bench, name)).status_code == 404
    assert reader.post(reverse("tiers:freeze", args=[freeze.public_id]), {"reason": REASON}).status_code == 404
    url = reverse("tiers:override", args=[override.public_id])
    assert reader.post(url, {"deed": "withdraw"}).status_code == 404
    answered = reader.post(url, {"deed": "approve", "answer": "Yes"}).status_code
    assert answered == (302 if role == "ceo" else 404)


def test_partners_and_direct_sales_find_nothing(bench: Bench, today: date) -> None:
    override, freeze = made(bench, today, approved=True), frozen(bench, today)
    own = MembershipFactory(partner_id=bench.partner_id, role="admin").user
    sales = VendorRoleFactory(role="direct_sales").user
    for user in (own, sales, MembershipFactory(partner_id=enrolled_partner_id()).user):
        client = Client()
        client.force_login(user)
        addresses = [LIST, reverse("tiers:override-export"), reverse("tiers:override", args=[override.public_id])]
        addresses += [reverse("tiers:freeze", args=[freeze.public_id])]
        addresses += [partner_page(bench, name) for name in ("override-new", "freeze-new", "review-now")]
        assert {client.get(address).status_code for address in addresses} == {404}


def test_the_tier_page_tells_both_levels_and_leads_on(bench: Bench, today: date) -> None:
    bench.approved(today, today + timedelta(days=30), at=timezone.now())
    frozen(bench, today)
    url = partner_page(bench, "partner")
    own = Client()
    own.force_login(MembershipFactory(partner_id=bench.partner_id, role="viewer").user)
    manager, ceo = as_(bench.manager), as_(staff("ceo"))
    for client, leads in ((own, 0), (manager, 1), (ceo, 0)):
        page = client.get(url).content.decode()
        assert "Gold is given for a time" in page
        assert "By the requirements the level is Bronze" in page
        assert "neither rises nor falls; reviews go on" in page
        assert REASON not in page
        for name in ("override-new", "freeze-new", "review-now"):
            assert page.count(partner_page(bench, name)) == leads


# The list


def test_what_waits_comes_first_and_the_list_is_narrowed(bench: Bench, today: date) -> None:
    live = frozen(bench, today)
    waiting = made(bench, today)
    other = Bench(partner_id=enrolled_partner_id(name="Another One"))
    declined = made(other, today)
    decline_override(declined.public_id, reason="Not this year please", by=bench.chief, at=timezone.now())
    client = as_(bench.manager)

    def shown(**chosen: str) -> list[str]:
        return [row.public_id for row in client.get(LIST, chosen).context["rows"]]

    assert shown() == [waiting.public_id, live.public_id, declined.public_id]
    assert shown(kind="freeze") == [live.public_id]
    assert shown(kind="nonsense") == shown()
    assert shown(state="declined") == [declined.public_id]
    assert shown(state="live") == [live.public_id]
    assert shown(level="gold", q="nordlicht") == [waiting.public_id]
    assert shown(sort="partner")[0] == declined.public_id
    assert shown(sort="-partner")[-1] == declined.public_id
    assert shown(q="nothing like it") == []
    assert "Show all" in client.get(LIST, {"q": "nothing like it"}).content.decode()


def test_the_file_has_what_the_list_has(bench: Bench, today: date) -> None:
    Partner.objects.filter(pk=bench.partner_id).update(name="=1+1")
    waiting, live = made(bench, today), frozen(bench, today)
    answer = as_(bench.manager).get(reverse("tiers:override-export"), {"kind": "override"})
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert lines[0].startswith("kind,id,partner,partner_name,level,first_day,last_day,status")
    assert len(lines) == 2
    assert waiting.public_id in lines[1]
    assert "'=1+1" in lines[1]
    assert f",gold,{today + timedelta(days=1)},{today + timedelta(days=30)},waiting," in lines[1]
    assert live.public_id not in lines[1]


def test_a_long_list_costs_what_a_short_one_does(bench: Bench, today: date) -> None:
    client = as_(bench.manager)
    made(bench, today)

    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client.get(LIST).status_code == 200
        return len(captured)

    few = statements()
    for number in range(6):
        other = Bench(partner_id=enrolled_partner_id(name=f"More {number}"), manager=bench.manager, chief=bench.chief)
        made(other, today)
        frozen(other, today)
    assert statements() == few
