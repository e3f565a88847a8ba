"""Pages of the programme: who may open them, what the editor keeps as typed, what is told beside which field."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from partners.models import User
from tests.factories.deals import vendor
from tests.factories.partners import MembershipFactory
from tests.factories.programmes import WORDS, drafted, published, simulated
from tests.factories.tiers import a_credit, credit, default_programme, enrolled_partner_id, hold_level
from tiers.actions.programmes import withdraw_version
from tiers.models import ProgrammeDraft, ProgrammeVersion
from tiers.queries.drafts import proposal_of

pytestmark = pytest.mark.django_db
PROGRAMME = reverse("tiers:programme")


def signed_in(actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


@pytest.fixture
def at():
    return timezone.now()


@pytest.fixture
def chief_actor(db):
    return vendor("channel_chief")


@pytest.fixture
def chief(chief_actor):
    return signed_in(chief_actor)


@pytest.fixture
def manager(db):
    return signed_in(vendor("channel_manager"))


@pytest.fixture
def partner_id(db):
    return enrolled_partner_id(name="Nordlicht Systems")


@pytest.fixture
def reader(partner_id):
    client = Client()
    client.force_login(MembershipFactory(partner_id=partner_id, role="viewer").user)
    return client


@pytest.fixture
def draft(at):
    default_programme()
    return drafted(at=at)


def address(name: str, row) -> str:
    return reverse(f"tiers:programme-{name}", args=[row.public_id])


def as_shown(form) -> dict[str, object]:
    """What a browser would send of the form as it stands."""
    sent: dict[str, object] = {"shape": form.sheet.written_shape}
    for field in form:
        value = field.value()
        if value is True:
            sent[field.html_name] = "on"
        elif value not in (None, False):
            prepared = field.field.prepare_value(value)
            sent[field.html_name] = prepared.isoformat() if isinstance(prepared, date) else str(prepared)
    return sent


def opened(client, draft) -> dict[str, object]:
    return as_shown(client.get(address("edit", draft)).context["form"])


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_everybody_reads_the_programme_in_sentences(reader, manager):
    for client in (reader, manager):
        text = text_of(client.get(PROGRAMME))
        assert "Version 1, in force since 1 Jan 2025." in text
        assert "Channel revenue: at least €500,000 in the last 12 months" in text
        assert "Certified people: at least 7 valid today" in text
        assert "A level is lost only at the end of a year, and only after a notice of 90 days." in text
    assert "yours" in text_of(reader.get(PROGRAMME))
    assert "yours" not in text_of(manager.get(PROGRAMME))


def test_partners_and_others_see_no_draft(reader, draft):
    names = ("draft", "edit", "publish", "discard", "copy")
    others = [reader, *(signed_in(vendor(role)) for role in ("finance", "ceo", "direct_sales", "admin"))]
    for client in others:
        page = client.get(PROGRAMME).content.decode()
        assert "Growth" not in page
        assert "New draft" not in page
        assert client.get(reverse("tiers:programme-new")).status_code == 404
        for name in names:
            assert client.post(address(name, draft)).status_code == 404, name
            if name != "copy":
                assert client.get(address(name, draft)).status_code == 404, name
    assert list(ProgrammeDraft.objects.values_list("pk", flat=True)) == [draft.pk]


def test_managers_draft_and_only_the_chief_publishes(manager, chief, draft):
    assert "Growth" in manager.get(PROGRAMME).content.decode()
    assert address("publish", draft) not in manager.get(address("draft", draft)).content.decode()
    assert manager.get(address("publish", draft)).status_code == 404
    assert manager.post(address("publish", draft)).status_code == 404
    assert manager.get(address("edit", draft)).status_code == 200
    assert chief.get(address("publish", draft)).status_code == 200


def test_a_draft_is_named_edited_and_read_as_partners_will(manager):
    default_programme()
    unnamed = manager.post(reverse("tiers:programme-new"), {"name": "", "start": "current"})
    assert unnamed.status_code == 422
    assert "Enter a name." in unnamed.content.decode()
    answer = manager.post(reverse("tiers:programme-new"), {"name": "Growth 2027", "start": "current"})
    draft = ProgrammeDraft.objects.get()
    assert answer.headers["Location"] == address("edit", draft)
    sent = opened(manager, draft) | {
        "l2-p0-r0-threshold": "600000.50",
        "l3-deal_discount": "12.5",
        "l3-support_level": "premium",
        "words": "One line.\r\nAnother.",
        "notice_days": "60",
    }
    answer = manager.post(address("edit", draft), sent)
    assert answer.status_code == 302
    draft.refresh_from_db()
    said = proposal_of(draft)
    assert said.content.levels[2].paths[0].requirements[0].threshold == Decimal("600000.50")
    assert said.content.levels[3].deal_discount == Decimal("0.125")
    assert (said.content.notice_days, said.words, draft.revision) == (60, "One line.\nAnother.", 2)
    text = text_of(manager.get(address("draft", draft)))
    assert "Gold, path 1 Changed" in text
    assert "Channel revenue: at least €600,000.50 in the last 12 months" in text
    assert "Platinum: Discount on deals" in text
    assert "Notice before a level is lost Changed" in text


def test_saving_the_form_as_shown_changes_nothing(manager, draft):
    assert manager.post(address("edit", draft), opened(manager, draft)).status_code == 302
    revision = draft.revision
    draft.refresh_from_db()
    assert draft.revision == revision


def test_every_problem_is_told_at_once_where_it_is_and_what_was_typed_stays(manager, draft):
    sent = opened(manager, draft) | {
        "name": "",
        "starts_on": "1999-01-01",
        "l1-code": "No Code",
        "l2-p0-r0-threshold": "1,500,000",
        "l2-deal_discount": "NaN",
        "l3-protection_days": "-3",
        "l3-p1-r0-threshold": "1e20",
    }
    answer = manager.post(address("edit", draft), sent)
    assert answer.status_code == 422
    form, page = answer.context["form"], answer.content.decode()
    assert set(form.errors) == set(sent) & {
        *("name", "starts_on", "l1-code", "l2-p0-r0-threshold", "l2-deal_discount"),
        *("l3-protection_days", "l3-p1-r0-threshold"),
    }
    assert "Gold, path 1, requirement 1, At least: Enter a number above 0" in page
    assert 'href="#id_l2-p0-r0-threshold"' in page
    for typed in ("No Code", "1,500,000", "1999-01-01", "1e20"):
        assert f'value="{typed}"' in page
    draft.refresh_from_db()
    assert (draft.name, draft.revision) == ("Growth", 2)


def test_a_date_that_is_none_is_told_beside_what_the_rules_say(manager, draft):
    sent = opened(manager, draft) | {"starts_on": "soon", "l2-p0-r0-threshold": "0"}
    answer = manager.post(address("edit", draft), sent)
    assert set(answer.context["form"].errors) == {"starts_on", "l2-p0-r0-threshold"}


def test_problems_of_a_level_stand_at_the_level(manager, draft):
    sent = opened(manager, draft)
    for number in range(3):
        sent[f"l2-p0-r{number}-threshold"] = sent[f"l1-p0-r{number}-threshold"]
        sent[f"l2-p1-r{number}-threshold"] = sent[f"l1-p1-r{number}-threshold"]
    answer = manager.post(address("edit", draft), sent)
    assert answer.status_code == 422
    sentence = "Whoever reaches Silver reaches Gold too: ask for more, or change the order of the levels."
    assert answer.context["form"].levels[2].problems == [sentence]
    assert f'href="#l2">Gold: {sentence}' in answer.content.decode()


def test_a_falling_benefit_is_kept_when_it_is_meant(manager, draft):
    sent = opened(manager, draft) | {"l3-protection_days": "100"}
    answer = manager.post(address("edit", draft), sent)
    assert set(answer.context["form"].errors) == {"l3-protection_days"}
    assert manager.post(address("edit", draft), sent | {"benefits_may_fall": "on"}).status_code == 302
    draft.refresh_from_db()
    assert draft.content["levels"][3]["protection_days"] == 100
    assert draft.content["benefits_may_fall"] is True


CHANGES = [
    ("add:", "1|3,3|3,3|3,3|1", {"l4-rebate_multiplier": "1"}),
    ("remove:l0", "3,3|3,3|3,3", {"l0-name": "Silver", "l2-p1-r2-threshold": "20"}),
    ("up:l0", "3,3|1|3,3|3,3", {"l0-name": "Silver", "l1-name": "Bronze"}),
    ("down:l3", "1|3,3|3,3|3,3", {"l2-name": "Platinum", "l3-name": "Gold"}),
    ("down:l0", "1|3,3|3,3|3,3", {"l0-name": "Bronze"}),
    ("up:l3", "1|3,3|3,3|3,3", {"l3-name": "Platinum"}),
    ("add:l0", "1,1|3,3|3,3|3,3", {"l0-p1-r0-aggregation": "sum"}),
    ("remove:l1-p0", "1|3|3,3|3,3", {"l1-p0-r0-threshold": "40000"}),
    ("add:l1-p1", "1|3,4|3,3|3,3", {"l1-p1-r3-window": "trailing_12_months"}),
    ("remove:l1-p1-r0", "1|3,2|3,3|3,3", {"l1-p1-r0-metric": "new_customers"}),
    ("remove:l9", "1|3,3|3,3|3,3", {}),
    ("remove:l1-p9-r0", "1|3,3|3,3|3,3", {}),
    ("nonsense", "1|3,3|3,3|3,3", {}),
    ("add:x", "1|3,3|3,3|3,3", {}),
]


@pytest.mark.parametrize(("change", "shape", "shown"), CHANGES, ids=[change for change, _, _ in CHANGES])
def test_the_form_grows_shrinks_and_moves_and_keeps_what_was_typed(manager, draft, change, shape, shown):
    sent = opened(manager, draft) | {"words": "Not saved yet", "l2-protection_days": "typed", "change": change}
    answer = manager.post(address("edit", draft), sent)
    assert answer.status_code == 200
    after = as_shown(answer.context["form"])
    assert after["shape"] == shape
    assert after.items() >= shown.items()
    assert after["words"] == "Not saved yet"
    assert "typed" in after.values()
    draft.refresh_from_db()
    assert draft.words == WORDS


def test_there_is_always_a_level_and_never_too_much(manager, draft):
    sent = opened(manager, draft)
    for _ in range(5):
        sent = as_shown(manager.post(address("edit", draft), sent | {"change": "remove:l0"}).context["form"])
    assert sent["shape"] == "3,3"
    for _ in range(12):
        sent = as_shown(manager.post(address("edit", draft), sent | {"change": "add:"}).context["form"])
    assert sent["shape"].count("|") == 9
    for place in ("l0", "l0-p0"):
        for _ in range(12):
            sent = as_shown(manager.post(address("edit", draft), sent | {"change": f"add:{place}"}).context["form"])
    assert sent["shape"].startswith("10,3,1,1,1|")


@pytest.mark.parametrize("shape", ["x", "1|" * 20, "99", "1,1,1,1,1,1,1", "9" * 500])
def test_a_form_of_no_shape_is_told_and_nothing_is_written(manager, draft, shape):
    answer = manager.post(address("edit", draft), opened(manager, draft) | {"shape": shape, "words": "Lost"})
    assert answer.status_code == 422
    draft.refresh_from_db()
    assert draft.words == WORDS


def test_a_metric_that_was_never_offered_and_choices_that_are_none(manager, draft):
    sent = opened(manager, draft) | {
        "l2-p0-r0-metric": "unheard",
        "l2-p0-r1-window": "never",
        "demotion_period": "week",
    }
    answer = manager.post(address("edit", draft), sent)
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) >= {"l2-p0-r0-metric", "l2-p0-r1-window", "demotion_period"}


def test_the_second_of_two_editors_is_told_and_keeps_what_was_typed(manager, chief, draft):
    both = opened(manager, draft)
    assert manager.post(address("edit", draft), both | {"words": "The manager's"}).status_code == 302
    answer = chief.post(address("edit", draft), both | {"words": "The chief's"})
    assert answer.status_code == 422
    assert "Somebody has changed the draft since you opened it; nothing was overwritten." in answer.content.decode()
    assert "The chief&#x27;s" in answer.content.decode()
    draft.refresh_from_db()
    assert draft.words == "The manager's"


def test_a_draft_is_copied_and_discarded(manager, draft):
    answer = manager.post(address("copy", draft))
    copy = ProgrammeDraft.objects.exclude(pk=draft.pk).get()
    assert answer.headers["Location"] == address("draft", copy)
    assert manager.get(address("copy", draft)).status_code == 405
    assert manager.get(address("discard", copy)).status_code == 200
    assert ProgrammeDraft.objects.count() == 2
    assert manager.post(address("discard", copy)).status_code == 302
    assert list(ProgrammeDraft.objects.all()) == [draft]


def test_a_draft_is_published_after_its_simulation(chief, draft, at):
    page = chief.get(address("publish", draft))
    assert "Not simulated" in page.content.decode()
    asked = as_shown_plain(page.context["form"]) | {"confirmed_number": "3"}
    answer = chief.post(address("publish", draft), asked)
    assert answer.status_code == 422
    text = text_of(answer)
    assert "has not been simulated" in text or "not simulated" in text
    assert "Type the number of the new version, 2, to confirm." in text
    simulated(draft, at=at)
    answer = chief.post(address("publish", draft), asked | {"confirmed_number": "2"})
    assert answer.headers["Location"] == PROGRAMME
    version = ProgrammeVersion.objects.get(number=2)
    assert version.starts_on == draft.starts_on
    assert "Published as version 2" in chief.get(address("draft", draft)).content.decode()
    assert chief.get(address("edit", draft)).status_code == 404
    assert chief.get(address("publish", draft)).status_code == 404


def as_shown_plain(form) -> dict[str, object]:
    return {field.html_name: str(field.value()) for field in form if field.value() is not None}


def test_a_partner_reads_what_a_coming_version_means_for_it(reader, partner_id, manager, at):
    today = timezone.localdate()
    hold_level(partner_id, "gold", starts_on=today - timedelta(days=9))
    certified = a_credit(partner_id, "certified_people", 7, today)
    credit(
        certified,
        a_credit(partner_id, "new_customers", 5, today),
        a_credit(partner_id, "channel_revenue", 550_000, today),
    )
    assert "Changes on" not in reader.get(PROGRAMME).content.decode()
    version = published(at=at)
    text = text_of(reader.get(PROGRAMME))
    assert "Changes on" in text
    assert WORDS in text
    assert "What it means for you" in text
    assert "What counts for you today would be enough for Silver, not for Gold." in text
    assert "€600,000" in text
    vendors = text_of(manager.get(PROGRAMME))
    assert "Changes on" in vendors
    assert "What it means for you" not in vendors
    past = reader.get(PROGRAMME, {"day": (today - timedelta(days=1)).isoformat()})
    assert "Changes on" not in text_of(past)
    later = text_of(reader.get(PROGRAMME, {"day": version.starts_on.isoformat()}))
    assert "Version 2, in force since" in later


def test_what_does_not_concern_the_readers_level_is_said_to_stay(reader, at):
    published(at=at)
    assert "What your level asks and gives stays as it is." in text_of(reader.get(PROGRAMME))


def test_a_withdrawn_version_is_told_with_its_words(reader, chief, chief_actor, manager, at):
    version = published(at=at, by=chief_actor)
    withdraw = reverse("tiers:programme-withdraw")
    for client in (reader, manager):
        assert client.get(withdraw).status_code == 404
    assert chief.get(withdraw).status_code == 200
    assert chief.post(withdraw, {"number": "2", "words": " "}).status_code == 422
    assert chief.post(withdraw, {"number": "7", "words": "Another page"}).status_code == 422
    assert chief.post(withdraw, {"number": "2", "words": "We listened."}).status_code == 302
    version.refresh_from_db()
    assert version.withdrawn_words == "We listened."
    text = text_of(reader.get(PROGRAMME))
    assert "Changes on" not in text
    assert "We listened." in text
    assert chief.get(withdraw).status_code == 404


def test_as_of_any_day(reader, at):
    before = text_of(reader.get(PROGRAMME, {"day": "2024-12-31"}))
    assert "No programme on this day" in before
    for nonsense in ("soon", "0001-01-01", "9999-12-31", ""):
        assert "Version 1, in force since" in text_of(reader.get(PROGRAMME, {"day": nonsense})), nonsense


def test_the_page_takes_as_many_statements_however_many_drafts_and_versions(reader, manager, chief_actor, at):
    def statements(client: Client) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(PROGRAMME).status_code == 200
        return len(captured)

    def withdrawn_and_drafted(count: int) -> None:
        for number in range(count):
            version = published(at=at, by=chief_actor)
            withdraw_version(version.pk, words="No.", by=chief_actor, at=at)
            drafted(at=at, by=chief_actor, revenue=f"{610_000 + number}")

    withdrawn_and_drafted(1)
    published(at=at, by=chief_actor, days_ahead=60)
    few = [statements(client) for client in (reader, manager)]
    last = ProgrammeVersion.objects.get(number=3)
    withdraw_version(last.pk, words="No.", by=chief_actor, at=at)
    withdrawn_and_drafted(4)
    published(at=at, by=chief_actor, days_ahead=60)
    assert [statements(client) for client in (reader, manager)] == few
    assert max(few) <= 30
