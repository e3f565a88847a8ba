"""Pages of the lists: who opens them, searching customers, what is kept as typed, files from upload to apply."""

import base64
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from common.reasons import sentences
from common.sheets import read_sheet
from deals.actions.policies import add_entry
from deals.choices.policies import PolicyKind
from deals.models import BlockedCustomer, ExclusiveGrant, Holiday, NamedAccount
from deals.rules.policies import AuthorisationEntry, ExclusiveGrantEntry, HolidayEntry, NamedAccountEntry
from deals.rules.policy_rows import COLUMNS, REQUIRED
from partners.models import User
from tests.factories.crm import CustomerFactory
from tests.factories.deals import vendor

KINDS = [kind.value for kind in PolicyKind]


def signed_in(actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


@pytest.fixture
def at():
    return timezone.now()


@pytest.fixture
def today():
    return timezone.localdate()


@pytest.fixture
def chief_actor(channel):
    return vendor("channel_chief")


@pytest.fixture
def chief(chief_actor):
    return signed_in(chief_actor)


def address(name: str, *args: str) -> str:
    return reverse(f"deals:{name}", args=args)


PAGES = ("policy-list", "policy-new", "policy-import", "policy-export", "policy-example")


@pytest.mark.parametrize("kind", KINDS)
def test_the_chief_opens_everything_and_managers_only_read(kind, chief, channel):
    assert {name: chief.get(address(name, kind)).status_code for name in PAGES} == dict.fromkeys(PAGES, 200)
    manager = signed_in(channel.manager)
    read = {"policy-list", "policy-export"}
    seen = {name: manager.get(address(name, kind)).status_code for name in PAGES}
    assert seen == {name: 200 if name in read else 404 for name in PAGES}
    page = manager.get(address("policy-list", kind)).content.decode()
    assert "The list is empty" in page
    assert "Add the first" not in page
    for nobody in (channel.seller, vendor("finance")):
        assert {signed_in(nobody).get(address(name, kind)).status_code for name in PAGES} == {404}


def test_an_unknown_list_does_not_exist(chief):
    assert chief.get(address("policy-list", "nonsense")).status_code == 404
    assert chief.get(address("policy", "holidays", "nonsense")).status_code == 404
    assert chief.get(address("policy", "named-accounts", "nac_0000000000000000")).status_code == 404


def test_the_overview_counts_what_is_in_force(chief, channel, chief_actor, at, today):
    add_entry(NamedAccountEntry(customer_id=channel.customer.pk, starts_on=today), by=chief_actor, at=at)
    page = chief.get(address("policies"))
    assert next((entry["kind"], entry["count"]) for entry in page.context["lists"]) == ("named-accounts", 1)
    assert signed_in(channel.seller).get(address("policies")).status_code == 404


def test_a_customer_is_searched_chosen_and_added(chief, channel, today):
    found = chief.get(address("policy-customers"), {"customer_words": "zwack"})
    assert channel.customer.public_id in found.content.decode()
    assert "<html" not in found.content.decode()
    assert signed_in(channel.seller).get(address("policy-customers"), {"customer_words": "zwack"}).status_code == 404
    sent = {"customer_words": "zwack", "starts_on": str(today), "last_day": "", "note": "Strategic"}
    without_script = chief.post(address("policy-new", "named-accounts"), {**sent, "find": "1"})
    assert without_script.status_code == 200
    assert channel.customer.public_id in without_script.content.decode()
    assert 'value="Strategic"' in without_script.content.decode()
    unchosen = chief.post(address("policy-new", "named-accounts"), sent)
    assert unchosen.status_code == 422
    assert "Choose the customer." in unchosen.content.decode()
    for wrong in ("cus_0000000000000000", "nonsense"):
        answer = chief.post(address("policy-new", "named-accounts"), {**sent, "customer": wrong})
        assert answer.status_code == 422
        assert "There is no such customer." in answer.content.decode()
    chosen = {**sent, "customer": channel.customer.public_id}
    assert chief.post(address("policy-new", "named-accounts"), chosen).status_code == 302
    assert NamedAccount.objects.get().note == "Strategic"
    again = chief.post(address("policy-new", "named-accounts"), chosen)
    assert again.status_code == 422
    assert "already on the list" in again.content.decode()
    assert "checked" in again.content.decode()
    assert NamedAccount.objects.count() == 1


def test_the_last_day_still_belongs_to_it(chief, channel, today):
    sent = {"customer": channel.customer.public_id, "reason": "sanctioned", "starts_on": str(today)}
    chief.post(address("policy-new", "blocked-customers"), {**sent, "last_day": str(today)})
    assert BlockedCustomer.objects.get().ends_on == today + timedelta(days=1)


def test_everything_wrong_at_once_and_kept_as_typed(chief, channel, today):
    sent = {
        "partner": channel.partner.pk,
        "countries": "DE, XX",
        "segment": "",
        "family": "",
        "starts_on": str(today),
        "last_day": str(today - timedelta(days=1)),
        "note": "a\u202eb",
    }
    answer = chief.post(address("policy-new", "exclusive-grants"), sent)
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"countries"}  # who and what must be known before the rest is asked
    answer = chief.post(address("policy-new", "exclusive-grants"), {**sent, "countries": "de, at"})
    assert set(answer.context["form"].errors) == {"last_day", "note"}
    assert 'value="de, at"' in answer.content.decode()
    right = {**sent, "countries": "de, at", "last_day": "", "note": ""}
    assert chief.post(address("policy-new", "exclusive-grants"), right).status_code == 302
    assert ExclusiveGrant.objects.get().countries == ["DE", "AT"]


def test_what_has_begun_can_be_ended_and_what_is_over_not(chief, channel, chief_actor, at, today):
    entry = AuthorisationEntry(partner_id=channel.partner.pk, starts_on=today - timedelta(days=30), segment="Public")
    row = add_entry(entry, by=chief_actor, at=at)
    page = address("policy", "authorisations", row.public_id)
    assert list(chief.get(page).context["form"].fields) == ["last_day", "note"]
    assert "Take back" not in chief.get(page).content.decode()
    manager = signed_in(channel.manager)
    assert "End it" not in manager.get(page).content.decode()
    assert manager.post(page, {"last_day": str(today)}).status_code == 404
    early = chief.post(page, {"last_day": str(today - timedelta(days=2))})
    assert early.status_code == 422
    assert set(early.context["form"].errors) == {"last_day"}
    assert chief.post(page, {"last_day": str(today - timedelta(days=1)), "partner": "999"}).status_code == 302
    row.refresh_from_db()
    assert (row.ends_on, row.partner_id) == (today, channel.partner.pk)
    over = chief.get(page).content.decode()
    assert "It has ended" in over
    assert "End set" in over
    assert chief.post(page, {"last_day": "", "note": "x"}).status_code == 422


def test_what_has_not_begun_is_corrected_or_taken_back(chief, channel, chief_actor, at, today):
    later = today + timedelta(days=30)
    row = add_entry(NamedAccountEntry(customer_id=channel.customer.pk, starts_on=later), by=chief_actor, at=at)
    page = address("policy", "named-accounts", row.public_id)
    assert "customer" not in chief.get(page).context["form"].fields
    sent = {"starts_on": str(later + timedelta(days=1)), "last_day": "", "note": "moved"}
    assert chief.post(page, sent).status_code == 302
    row.refresh_from_db()
    assert (row.starts_on, row.note, row.customer_id) == (later + timedelta(days=1), "moved", channel.customer.pk)
    question = address("policy-take-back", "named-accounts", row.public_id)
    assert "Keep it" in chief.get(question).content.decode()
    assert signed_in(channel.manager).get(question).status_code == 404
    assert chief.post(question).status_code == 302
    assert NamedAccount.objects.count() == 0
    assert chief.get(page).status_code == 404


def test_holidays_by_their_day(chief, chief_actor, at, today):
    day = today + timedelta(days=3)
    assert chief.post(address("policy-new", "holidays"), {"on": str(day), "name": "Founders' day"}).status_code == 302
    page = address("policy", "holidays", str(day))
    assert chief.post(page, {"on": str(day), "name": "Founders' Day"}).status_code == 302
    assert Holiday.objects.get().name == "Founders' Day"
    past = chief.post(address("policy-new", "holidays"), {"on": str(today - timedelta(days=1)), "name": "x"})
    assert past.status_code == 422
    assert "the clock has already run" in past.content.decode()
    add_entry(HolidayEntry(on=today, name="Today"), by=chief_actor, at=at)
    assert "It has ended" not in chief.get(address("policy", "holidays", str(today))).content.decode()
    assert chief.post(address("policy-take-back", "holidays", str(today))).status_code == 422


def upload(client, kind: str, text: str | bytes):
    content = text if isinstance(text, bytes) else text.encode()
    return client.post(address("policy-import", kind), {"file": SimpleUploadedFile("list.csv", content)})


def test_a_file_is_looked_at_first_and_then_its_good_rows_are_imported(chief, today):
    day = today + timedelta(days=400)
    text = f"on;name\n{day};Good day\n{day};Twice\n31.13.2027;Never\n{day + timedelta(days=1)};\n"
    preview = upload(chief, "holidays", text)
    assert preview.status_code == 200
    assert preview.context["counts"] == {"new": 1, "changed": 0, "unchanged": 0, "wrong": 3}
    page = preview.content.decode()
    for told in ("Import the 1 good row", "Import nothing", "<code>on</code>", "<code>name</code>", "twice"):
        assert told in page
    assert Holiday.objects.count() == 0
    applied = chief.post(
        address("policy-import", "holidays"), {"content": preview.context["content"], "apply": "1"}, follow=True
    )
    assert "1 added, 0 changed, 0 as they were, 3 left out." in applied.content.decode()
    assert Holiday.objects.get().name == "Good day"
    again = upload(chief, "holidays", f"on;name\n{day};Good day\n")
    assert "The list says all of this already." in again.content.decode()
    assert 'name="apply"' not in again.content.decode()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "sheet.empty"),
        (b"\xff\xfe\xfd", "sheet.not_text"),
        (b"a,b\n1,2", "sheet.column_unknown"),
        (b"x" * 500_001, "sheet.too_large"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(chief, content, code):
    answer = upload(chief, "holidays", content)
    assert answer.status_code == 422
    assert code in [reason.code for reason in answer.context["reasons"]]
    assert all(sentences(answer.context["reasons"]))
    assert "Columns" in answer.content.decode()


def test_no_file_and_a_broken_form(chief):
    assert chief.post(address("policy-import", "holidays"), {}).status_code == 422
    for content in ("§", base64.b64encode(b"\xff\xfe\xfd").decode()):
        sent = {"content": content, "apply": "1"}
        assert chief.post(address("policy-import", "holidays"), sent).status_code == 422
    assert Holiday.objects.count() == 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_has_the_columns_of_an_import(chief, kind):
    content = b"".join(chief.get(address("policy-example", kind)).streaming_content)
    rows, verdict = read_sheet(content, COLUMNS[kind], REQUIRED)
    assert (len(rows), verdict.codes) == (1, ())


def test_the_export_is_a_download(chief, channel, chief_actor, at, today):
    entry = NamedAccountEntry(customer_id=channel.customer.pk, starts_on=today, note="=HYPERLINK(1)")
    add_entry(entry, by=chief_actor, at=at)
    answer = chief.get(address("policy-export", "named-accounts"))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="named-accounts.csv"'
    assert ",'=HYPERLINK(1)" in b"".join(answer.streaming_content).decode()


def test_lists_narrow_and_their_statements_do_not_grow(chief, chief_actor, at, today):
    def page_of(**narrowed):
        with CaptureQueriesContext(connection) as seen:
            answer = chief.get(address("policy-list", "named-accounts"), narrowed)
        return [row.subject for row in answer.context["rows"]], len(seen)

    names = ["Aal", "Barsch", "Zander"]
    for offset, name in enumerate(names):
        customer = CustomerFactory(legal_name=name)
        starts_on = today + timedelta(days=10 * offset)
        add_entry(NamedAccountEntry(customer_id=customer.pk, starts_on=starts_on), by=chief_actor, at=at)
        if offset == 0:
            _rows, few = page_of()
    assert page_of() == (names, few)
    assert page_of(q="bar")[0] == ["Barsch"]
    assert page_of(sort="-start")[0] == names[::-1]
    assert page_of(validity="announced")[0] == ["Barsch", "Zander"]
    assert page_of(on=str(today + timedelta(days=10)))[0] == ["Aal", "Barsch"]
    assert page_of(validity="nonsense", on="nonsense", sort="nonsense")[0] == names
    nothing = chief.get(address("policy-list", "named-accounts"), {"q": "nothing"}).content.decode()
    assert "No entry matches" in nothing


def test_partners_read_the_published_list_and_their_own_rights(chief, channel, chief_actor, at, today):
    grant = ExclusiveGrantEntry(partner_id=channel.partner.pk, starts_on=today, segment="Canary segment", note="Secret")
    add_entry(grant, by=chief_actor, at=at)
    announced = NamedAccountEntry(
        customer_id=channel.customer.pk, starts_on=today + timedelta(days=9), note="Secret note"
    )
    add_entry(announced, by=chief_actor, at=at)
    own = signed_in(channel.seller).get(address("rules")).content.decode()
    for told in (
        "Canary segment",
        "Zwack Unicum",
        "Announced",
        f"Named accounts, Q{(today.month + 2) // 3} {today.year}",
    ):
        assert told in own
    rival = signed_in(channel.rival_seller).get(address("rules")).content.decode()
    assert "Canary segment" not in rival
    assert "No exclusive grant" in rival
    assert "Zwack Unicum" in rival
    assert "Secret" not in own + rival
    staff = signed_in(channel.manager).get(address("rules")).content.decode()
    assert "Granted to you alone" not in staff
