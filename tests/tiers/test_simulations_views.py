"""Pages of simulations: who may open them, how they watch, cancel and read, and what they cost."""

import csv
import io
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from common.actor import SYSTEM
from common.outbox import relay
from common.period import add_months, month_of
from partners.models import Partner, User
from prm import hints
from tests.factories.deals import vendor
from tests.factories.histories import DAY, a_night, a_programme, at_hour, partners_enrolled, put_in_force
from tests.factories.partners import MembershipFactory
from tests.factories.tiers import a_credit, credit
from tiers.actions.drafts import draft_programme
from tiers.actions.simulations import do_waiting, start_simulation
from tiers.models import ProgrammeDraft, Simulation
from tiers.queries.overrides import day_of
from tiers.rules.content import content_of, stored_content

pytestmark = pytest.mark.django_db


@pytest.fixture
def today():
    return day_of(timezone.now())


@pytest.fixture
def partners(today) -> list[int]:
    """Three partners for two months: the first two with 80 of revenue, of which one was there before."""
    first = add_months(today, -2)
    put_in_force(a_programme(50, 150), first)
    ids = partners_enrolled(3, first)
    credit(a_credit(ids[0], "channel_revenue", 80, first), at=at_hour(first))
    credit(a_credit(ids[1], "channel_revenue", 80, first), at=at_hour(first))
    for number in range(4):
        a_night(first + DAY * number, ids)
    return ids


@pytest.fixture
def draft(partners) -> ProgrammeDraft:
    draft = draft_programme(name="Another ladder", by=SYSTEM, at=timezone.now())
    draft.content = stored_content(content_of(a_programme(70, 75)))
    draft.save()
    return draft


def signed_in(actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


@pytest.fixture
def manager() -> Client:
    return signed_in(vendor("channel_manager"))


def address(name: str, row) -> str:
    return reverse(f"tiers:{name}", args=[row.public_id])


@pytest.fixture
def running(draft, today) -> Simulation:
    return start_simulation(
        draft.pk, starts_on=add_months(today, -2), ends_on=today + DAY, by=SYSTEM, at=timezone.now()
    )


@pytest.fixture
def done(running) -> Simulation:
    do_waiting(now=timezone.now)
    running.refresh_from_db()
    return running


def text_of(answer) -> str:
    return " ".join(answer.content.decode().split())


def test_started_from_the_draft_for_so_many_months(manager, draft, today, monkeypatch) -> None:
    woken = []
    monkeypatch.setattr(hints.simulations, "wake", lambda: woken.append(1))
    assert 'value="12"' in text_of(manager.get(address("simulation-new", draft)))
    answer = manager.post(address("simulation-new", draft), {"months": "24", "knowledge": "today"})
    started = Simulation.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, address("simulation", started))
    period = (started.starts_on, started.ends_on, started.knows_today)
    assert period == (add_months(month_of(today).starts_on, -24), today + DAY, True)
    while relay(at=timezone.now()):
        pass
    assert woken == [1]
    again = manager.post(address("simulation-new", draft), {"months": "24", "knowledge": "then"})
    assert (again.status_code, Simulation.objects.count()) == (422, 1)
    assert "A simulation of this draft is running" in text_of(again)


@pytest.mark.parametrize("months", ["0", "25", "x", ""])
def test_months_that_cannot_be_are_refused(manager, draft, months) -> None:
    answer = manager.post(address("simulation-new", draft), {"months": months, "knowledge": "then"})
    assert (answer.status_code, Simulation.objects.count()) == (422, 0)


def test_while_it_runs_the_page_asks_again_and_can_cancel(manager, running) -> None:
    page = text_of(manager.get(address("simulation", running)))
    assert 'hx-trigger="every 1s"' in page
    assert "0 of 3" in page
    answer = manager.post(address("simulation-cancel", running), follow=True)
    assert "The simulation is cancelled." in text_of(answer)
    assert "What had been found was thrown away." in text_of(answer)
    assert "every 1s" not in text_of(answer)
    again = manager.post(address("simulation-cancel", running), follow=True)
    assert "not running any more" in text_of(again)


def test_who_watches_sees_the_whole_page_when_it_is_done(manager, running) -> None:
    watching = {"headers": {"HX-Request": "true", "HX-Target": "simulation"}}
    assert "HX-Refresh" not in manager.get(address("simulation", running), **watching)
    do_waiting(now=timezone.now)
    assert manager.get(address("simulation", running), **watching)["HX-Refresh"] == "true"
    narrowing = {"headers": {"HX-Request": "true", "HX-Target": "tried"}}
    assert "HX-Refresh" not in manager.get(address("simulation", running), **narrowing)


def test_what_it_found(manager, done, partners) -> None:
    answer = manager.get(address("simulation", done))
    page, result = text_of(answer), answer.context["result"]
    assert (result.higher_count, result.lower_count, result.same_count) == (2, 0, 1)
    assert "every 1s" not in page
    assert "For each 1 % of base rebate" in page
    assert [row.partner_id for row in answer.context["page"].rows] == partners
    assert answer.context["charts"]["simulated"]["series"][2]["values"][-1] == 2
    assert answer.context["charts"]["actual"]["series"][1]["values"][-1] == 2
    narrowed = manager.get(address("simulation", done), {"direction": "same", "q": "partner"})
    assert [row.partner_id for row in narrowed.context["page"].rows] == [partners[2]]
    assert "No partner matches" in text_of(manager.get(address("simulation", done), {"q": "nobody"}))


def test_edited_since(manager, done, draft) -> None:
    draft.revision += 1
    draft.save()
    assert "The draft was edited since" in text_of(manager.get(address("simulation", done)))


def test_a_failed_one_says_that_it_is_incomplete(manager, done) -> None:
    Simulation.objects.update(status="failed")
    assert "Not all partners could be tried" in text_of(manager.get(address("simulation", done)))


def test_the_file_has_everybody(manager, done, partners) -> None:
    Partner.objects.filter(pk=partners[0]).update(name="=1+1")
    answer = manager.get(address("simulation-export", done))
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [row["partner_name"] for row in rows] == ["'=1+1", "Partner 001", "Partner 002"]
    assert (rows[0]["actual_level"], rows[0]["simulated_level"], rows[0]["direction"]) == ("middle", "high", "higher")
    assert rows[0]["moves"].endswith("low > high")
    assert Decimal(rows[0]["revenue"]) == 80


def test_nobody_else_finds_them(done, draft, partners) -> None:
    seller = Client()
    seller.force_login(MembershipFactory(partner_id=partners[0], role="admin").user)
    others = [seller, *(signed_in(vendor(role)) for role in ("finance", "ceo"))]
    for client in others:
        for name, row in (("simulation", done), ("simulation-export", done), ("simulation-new", draft)):
            assert client.get(address(name, row)).status_code in (403, 404)
        assert client.post(address("simulation-cancel", done)).status_code in (403, 404)
    assert signed_in(vendor("channel_manager")).get(address("simulation-cancel", done)).status_code == 405


def statements(client: Client, row, **narrowing: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address("simulation", row), narrowing).status_code == 200
    return len(queries)


def test_the_page_costs_the_same_however_many_partners_there_are(manager, done, partners, draft, today) -> None:
    few = statements(manager, done)
    partners_enrolled(60, add_months(today, -1))
    larger = start_simulation(draft.pk, starts_on=done.starts_on, ends_on=done.ends_on, by=SYSTEM, at=timezone.now())
    do_waiting(now=timezone.now)
    larger.refresh_from_db()
    assert larger.partner_count == 63
    page = manager.get(address("simulation", larger)).context["page"]
    assert len(page.rows) == 50
    assert statements(manager, larger) == few
    assert statements(manager, larger, after=page.next_cursor) == few
