"""Pages of the score book and of metrics: who sees them, what they show, taking back, and credits from a file."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from common.models import AuditEntry
from common.period import Period
from partners.actions.views import save_view
from partners.queries import actor_of
from tests.factories.partners import MembershipFactory, PartnerFactory, VendorRoleFactory
from tests.factories.tiers import credit, default_programme
from tiers.actions.scores import NewCredit, Source, define_metric
from tiers.models import Metric, ScoreCredit
from tiers.rules.credits import COLUMNS

pytestmark = pytest.mark.django_db
DAY = date(2026, 5, 1)
AT = datetime(2026, 5, 1, 9, 0, tzinfo=UTC)
BOOK, REVERSE, IMPORT = "/tier/scores/", "/tier/scores/reverse/", "/tier/scores/import/"


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def staff(role: str) -> Client:
    return signed_in(VendorRoleFactory(role=role).user)


@pytest.fixture
def chief():
    default_programme()
    return staff("channel_chief")


@pytest.fixture
def partner():
    return PartnerFactory(name="Bałtyk IT")


def reported(partner, key, amount=1, metric="training", kind="reported", **source):
    return NewCredit(partner.pk, metric, Decimal(amount), Period(DAY), Source(kind, key, **source))


def text(answer, status=200) -> str:
    assert answer.status_code == status, answer.content[:2000]
    return answer.content.decode()


@pytest.mark.parametrize(
    ("role", "reads", "credits"),
    [
        ("channel_chief", True, True),
        ("admin", True, True),
        ("channel_manager", True, False),
        ("finance", True, False),
        ("ceo", True, False),
        ("direct_sales", False, False),
    ],
)
def test_who_reads_the_book_and_who_credits_it(partner, role, reads, credits):
    default_programme()
    credit(reported(partner, "k"))
    client = staff(role)
    for address in (BOOK, f"{BOOK}export/", "/tier/metrics/"):
        assert client.get(address).status_code == (200 if reads else 404), address
    for address in (IMPORT, f"{IMPORT}example/", f"{REVERSE}?kind=reported&key=k", "/tier/metrics/new/"):
        assert client.get(address).status_code == (200 if credits else 404), address
    if reads:
        assert ("Credit from a file" in text(client.get(BOOK))) is credits
        assert ("scores/reverse/" in text(client.get(BOOK))) is credits


def test_a_partners_people_find_no_book(partner):
    default_programme()
    Metric.objects.create(code="webinars", name="Webinars", unit="number")
    client = signed_in(MembershipFactory(partner=partner, role="admin").user)
    credit(reported(partner, "k"))
    for address in (BOOK, f"{BOOK}export/", IMPORT, f"{REVERSE}?kind=reported&key=k", "/tier/metrics/webinars/"):
        assert client.get(address).status_code == 404, address


def rows_of(client, **query):
    return [row.credit.source_key for row in client.get(BOOK, query).context["rows"]]


def test_the_book_is_narrowed(chief, partner):
    other = PartnerFactory(name="Rival Systems")
    credit(reported(partner, "a"), reported(other, "b", metric="nps"), at=AT)
    credit(
        reported(partner, "c", kind="certificate"), reported(partner, "d", kind="sale_line"), at=AT + timedelta(hours=1)
    )
    assert rows_of(chief)[2:]
    assert set(rows_of(chief)[:2]) == {"c", "d"}
    assert set(rows_of(chief, partner="bałtyk")) == set(rows_of(chief, partner=partner.public_id)) == {"a", "c", "d"}
    assert rows_of(chief, partner="nobody") == rows_of(chief, metric="golf") == rows_of(chief, key="z") == []
    assert rows_of(chief, metric="nps") == rows_of(chief, partner="rival", metric="nps") == ["b"]
    assert rows_of(chief, kind="certificate") == ["c"]
    assert (
        rows_of(chief, kind="sale_line")
        == rows_of(chief, key="d")
        == rows_of(chief, key="d", kind="sale_line")
        == ["d"]
    )
    assert rows_of(chief, key="d", kind="reported") == []
    assert len(rows_of(chief, state="strange", after="no cursor")) == 4


def test_a_reversal_stands_beside_what_it_reverses_and_says_why(chief, partner):
    credit(reported(partner, "k 1/ä&b", 3, label="Course"), reported(partner, "kept"))
    address = f"{REVERSE}?kind=reported&key=k%201/%C3%A4%26b"
    assert f'href="{REVERSE}?kind=reported&amp;key=k%201%2F%C3%A4%26b"' in text(chief.get(BOOK))
    assert "Course" in text(chief.get(address))
    assert "Say why." in text(chief.post(address, {"reason": " "}), 422)
    assert ScoreCredit.objects.count() == 2
    answer = chief.post(address, {"reason": "Sent by mistake."}, follow=True)
    shown = text(answer)
    assert "1 credit was reversed." in shown
    assert shown.count("Sent by mistake.") == 2
    assert [row.credit.amount for row in answer.context["rows"]] == [-3, 3]
    assert [row.source_key for row in ScoreCredit.objects.filter(reverses__isnull=False)] == ["k 1/ä&b"]
    assert AuditEntry.objects.get(event="score.reversed").facts["reason"] == "Sent by mistake."
    states = {(row.credit.source_key, row.state.value) for row in chief.get(BOOK).context["rows"]}
    assert states == {("k 1/ä&b", "reversed"), ("k 1/ä&b", "reversal"), ("kept", "standing")}
    assert rows_of(chief, state="standing") == ["kept"]
    assert rows_of(chief, state="reversed") == rows_of(chief, state="reversal") == ["k 1/ä&b"]
    assert "This was reversed before." in text(chief.get(address))
    assert "This was reversed before." in text(chief.post(address, {"reason": "Again."}), 422)
    assert ScoreCredit.objects.count() == 3


@pytest.mark.parametrize("kind", ["sale_line", "first_sale", "registration"])
def test_what_follows_a_sale_or_deal_is_not_reversed_by_hand(chief, partner, kind):
    credit(reported(partner, "k", kind=kind))
    address = f"{REVERSE}?kind={kind}&key=k"
    assert "correct that" in text(chief.get(address))
    assert "correct that" in text(chief.post(address, {"reason": "x"}), 422)
    assert "scores/reverse/" not in text(chief.get(BOOK))
    assert ScoreCredit.objects.count() == 1
    assert chief.get(f"{REVERSE}?kind={kind}&key=missing").status_code == chief.get(REVERSE).status_code == 404


def test_every_page_of_the_book_costs_the_same(chief, partner):
    def cost(**query):
        with CaptureQueriesContext(connection) as captured:
            answer = chief.get(BOOK, query)
        return len(captured), answer

    credit(reported(partner, "first"))
    few, _ = cost()
    for hour in range(5):
        others = [PartnerFactory() for _ in range(4)]
        rows = [reported(others[n % 4], f"{hour}-{n}", metric=("nps", "training")[n % 2]) for n in range(24)]
        credit(*rows, at=AT + timedelta(hours=hour))
    many, answer = cost()
    assert many == few <= 14
    keys = [row.credit.source_key for row in answer.context["rows"]]
    while answer.context["next_cursor"]:
        count, answer = cost(after=answer.context["next_cursor"])
        assert count == few
        keys += [row.credit.source_key for row in answer.context["rows"]]
    assert len(keys) == len(set(keys)) == 121


def test_the_book_is_exported_as_narrowed_and_views_are_kept(chief, partner):
    credit(reported(partner, "=1+1"), reported(PartnerFactory(), "other", metric="nps"))
    answer = chief.get(f"{BOOK}export/", {"metric": "training"})
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert len(lines) == 2
    assert "'=1+1" in lines[1]
    assert partner.public_id in lines[1]
    user = VendorRoleFactory(role="admin").user
    save_view("tiers.scores", name="Surveys", query="metric=nps", is_shared=True, by=actor_of(user))
    assert "Surveys" in text(chief.get(BOOK))


def test_metrics_are_listed_defined_and_renamed(chief, partner):
    credit(reported(partner, "k"), reported(partner, "l"))
    shown = text(chief.get("/tier/metrics/"))
    assert "Won registered deals" in shown
    assert "Gold" in shown
    wrong = text(chief.post("/tier/metrics/new/", {"name": "", "code": "Web inars", "unit": "number"}), 422)
    assert "lower-case letters" in wrong
    assert "Enter the metric" in wrong
    made = chief.post("/tier/metrics/new/", {"name": "Webinars", "code": "webinars", "unit": "number"}, follow=True)
    assert "Webinars" in text(made)
    assert "already a metric" in text(
        chief.post("/tier/metrics/new/", {"name": "W", "code": "webinars", "unit": "score"}), 422
    )
    renamed = chief.post("/tier/metrics/webinars/", {"name": "Web seminars"}, follow=True)
    assert "Web seminars" in text(renamed)
    assert AuditEntry.objects.get(event="metric.renamed").facts == {"before": "Webinars", "after": "Web seminars"}
    assert "keeps its name" in text(chief.post("/tier/metrics/training/", {"name": "Drill"}), 422)
    assert chief.get("/tier/metrics/golf/").status_code == 404
    assert Metric.objects.get(code="training").name != "Drill"


def test_who_may_not_define_a_metric_sees_no_button_and_finds_no_page():
    default_programme()
    Metric.objects.create(code="webinars", name="Webinars", unit="number")
    manager = staff("channel_manager")
    assert "metrics/new/" not in text(manager.get("/tier/metrics/"))
    assert manager.post("/tier/metrics/webinars/", {"name": "x"}).status_code == 404
    assert Metric.objects.get(code="webinars").name == "Webinars"


# From a file


def sheet(*rows: dict) -> bytes:
    return "\r\n".join([";".join(COLUMNS), *(";".join(row.get(name, "") for name in COLUMNS) for row in rows)]).encode()


def cells(partner, **changes) -> dict:
    row = {"partner": partner.public_id, "metric": "training", "amount": "2", "valid_from": "2026-05-01"}
    return row | {"source_key": "lms-1", "holder": "Anna Kovács", **changes}


def upload(client, content: bytes):
    return client.post(IMPORT, {"file": SimpleUploadedFile("credits.csv", content, "text/csv")})


def test_a_file_is_looked_at_first_and_then_its_good_rows_are_credited(chief, partner):
    content = sheet(
        cells(partner),
        cells(partner, metric="golf", source_key="lms-2") | {"partner": "ptn_x"},
        cells(partner),
        cells(partner, source_key="lms-4", metric="channel_revenue", amount="1250,5", currency="EUR"),
        cells(partner, source_key="lms-5", amount="NaN"),
    )
    looked = upload(chief, content)
    shown = text(looked)
    assert "There is no partner with this number." in shown
    assert "There is no metric called" in shown
    assert "as in row 2" in shown
    assert "Write the amount as" in shown
    assert "Credit the 2 good rows" in shown
    assert ScoreCredit.objects.count() == 0
    mend = chief.post(f"{IMPORT}problems/", {"content": looked.context["content"]})
    to_mend = b"".join(mend.streaming_content).decode()
    assert to_mend.splitlines()[0].endswith("holder,problems")
    assert len(to_mend.splitlines()) == 4
    done = chief.post(IMPORT, {"content": looked.context["content"], "apply": "1"})
    assert (done.context["good"], done.context["wrong"]) == (2, 3)
    found = {row.source_key: row for row in ScoreCredit.objects.all()}
    assert {key: row.amount for key, row in found.items()} == {"lms-1": 2, "lms-4": Decimal("1250.5")}
    assert found["lms-1"].holder == "Anna Kovács"
    assert AuditEntry.objects.filter(event="score.credited").count() == 2
    again = chief.post(IMPORT, {"content": looked.context["content"], "apply": "1"})
    assert (again.context["good"], again.context["unchanged"], again.context["wrong"]) == (0, 2, 3)
    assert ScoreCredit.objects.count() == 2


def test_a_mended_file_can_be_looked_at_again(chief, partner):
    looked = upload(chief, sheet(cells(partner, amount="many")))
    mend = b"".join(chief.post(f"{IMPORT}problems/", {"content": looked.context["content"]}).streaming_content)
    again = upload(chief, mend.replace(b"many", b"3"))
    assert (again.context["good"], again.context["wrong"]) == (1, 0)


def test_the_example_can_be_read(chief):
    content = b"".join(chief.get(f"{IMPORT}example/").streaming_content)
    shown = text(upload(chief, content))
    assert "There is no partner with this number." in shown  # it is made up, and all else is right
    assert shown.count('class="problem"') == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The column “partner” is missing."),
        (b"\xff\xfe\xfd", "This is no text in UTF-8."),
        (b"a,b\n1,2", "There is no column “a”"),
        (b"x" * 500_001, "The file is larger than 500 kB."),
        (",".join(COLUMNS).encode(), "The file has no rows."),
    ],
)
def test_a_file_that_cannot_be_read(chief, content, said):
    assert said in text(upload(chief, content), 422)


def test_a_preview_costs_the_same_however_many_rows(chief, partner):
    def cost(*rows) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert upload(chief, sheet(*rows)).context["good"] == len(rows)
        return len(captured)

    few = cost(cells(partner))
    assert cost(*(cells(PartnerFactory(), source_key=f"k{number}") for number in range(30))) == few <= 12


def test_a_metric_of_ones_own_is_credited_from_a_file(chief, partner):
    admin = actor_of(VendorRoleFactory(role="admin").user)
    define_metric("webinars", name="Webinars", unit="number", by=admin, at=timezone.now())
    assert upload(chief, sheet(cells(partner, metric="WEBINARS"))).context["good"] == 1
