"""Drafts of a programme: begun, changed, copied, discarded; refused as a whole, and never over somebody's change."""

from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest
from django.utils import timezone

from common.errors import NotFound, Refused
from common.models import AuditEntry
from tests.factories.deals import vendor
from tests.factories.programmes import asked_for, drafted, gold_costs, published, simulated
from tests.factories.tiers import a_credit, credit, default_programme, enrolled_partner_id
from tests.races import at_once
from tiers.actions.drafts import change_draft, copy_draft, discard_draft, draft_programme
from tiers.actions.programmes import publish_draft
from tiers.actions.scores import define_metric
from tiers.choices.programmes import Window
from tiers.models import ProgrammeDraft, ProgrammeVersion, Simulation
from tiers.queries.drafts import drafts_visible_to, is_simulated, proposal_of
from tiers.queries.programmes import programme_on
from tiers.rules.content import PathContent, Proposal, RequirementContent, content_of, fingerprint, read_content
from tiers.rules.default import default_programme as starting_values

pytestmark = pytest.mark.django_db


@pytest.fixture
def at():
    return timezone.now()


@pytest.fixture
def chief(db):
    return vendor("channel_chief")


@pytest.fixture
def manager(db):
    return vendor("channel_manager")


def refused(call, *arguments, **named) -> set[tuple[str, str]]:
    with pytest.raises(Refused) as caught:
        call(*arguments, **named)
    return {(reason.code, reason.field) for reason in caught.value.reasons}


def changed(draft, *, by, at, seen=None, **said):
    now = proposal_of(draft)
    wanted = Proposal(
        said.get("name", now.name),
        said.get("content", now.content),
        said.get("starts_on", now.starts_on),
        said.get("words", now.words),
    )
    return change_draft(draft.pk, wanted, seen=seen or fingerprint(now), by=by, at=at)


def test_a_draft_says_what_is_in_force(manager, at):
    default_programme()
    version = published(at=at - timedelta(days=60), days_ahead=45)
    draft = draft_programme(name="Growth", by=manager, at=at)
    assert read_content(draft.content) == content_of(programme_on(at.date()))
    assert read_content(draft.content) == gold_costs(content_of(starting_values()), "600000")
    assert (draft.revision, draft.starts_on, draft.words, draft.created_by) == (1, None, "", manager.label)
    entry = AuditEntry.objects.get(event="programme.drafted", subject_id=str(draft.pk))
    assert entry.facts == {"name": "Growth", "from_version": version.number}


def test_a_draft_begins_with_the_default_where_nothing_is_in_force_or_when_asked(manager, at):
    assert read_content(draft_programme(name="First", by=manager, at=at).content) == content_of(starting_values())
    assert ProgrammeVersion.objects.count() == 0
    default_programme()
    published(at=at - timedelta(days=60), days_ahead=45)
    anew = draft_programme(name="Anew", from_default=True, by=manager, at=at)
    assert read_content(anew.content) == content_of(starting_values())


@pytest.mark.parametrize("name", ["", "n" * 121, "a\x07"])
def test_a_draft_has_a_name(manager, at, name):
    assert {field for _, field in refused(draft_programme, name=name, by=manager, at=at)} == {"name"}
    assert not ProgrammeDraft.objects.exists()


def test_only_the_channel_drafts(at):
    default_programme()
    draft = drafted(at=at)
    for role in ("finance", "ceo", "admin", "direct_sales"):
        actor = vendor(role)
        assert refused(draft_programme, name="X", by=actor, at=at) == {("actor.not_permitted", "")}
        assert refused(copy_draft, draft.pk, by=actor, at=at) == {("actor.not_permitted", "")}
        assert refused(changed, draft, by=actor, at=at, name="X") == {("actor.not_permitted", "")}
        assert refused(discard_draft, draft.pk, by=actor, at=at) == {("actor.not_permitted", "")}
        assert not drafts_visible_to(actor).exists()
    assert list(drafts_visible_to(vendor("channel_manager"))) == [draft]
    assert list(ProgrammeDraft.objects.values_list("name", flat=True)) == ["Growth"]


def test_only_another_programme_is_another_revision(manager, at):
    default_programme()
    draft = drafted(at=at, by=manager)
    assert draft.revision == 2
    simulated(draft, at=at)
    draft = changed(draft, by=manager, at=at, name="Growth 2027", words="Otherwise.", starts_on=None)
    assert (draft.name, draft.words, draft.starts_on, draft.revision) == ("Growth 2027", "Otherwise.", None, 2)
    assert is_simulated(draft)
    draft = changed(draft, by=manager, at=at, content=gold_costs(proposal_of(draft).content, "600000.0001"))
    assert draft.revision == 3
    assert not is_simulated(draft)
    assert AuditEntry.objects.filter(event="programme.draft_changed").count() == 3


def test_saving_what_is_there_changes_nothing(manager, at):
    default_programme()
    draft = drafted(at=at, by=manager)
    same = changed(draft, by=vendor("channel_chief"), at=at + timedelta(hours=1))
    assert (same.revision, same.updated_at, same.updated_by) == (2, at, manager.label)


def test_the_second_save_of_what_was_opened_is_refused_and_overwrites_nothing(manager, chief, at):
    default_programme()
    draft = drafted(at=at)
    opened = fingerprint(proposal_of(draft))
    changed(draft, by=manager, at=at, seen=opened, words="The manager's words.")
    draft.refresh_from_db()
    reasons = refused(changed, draft, by=chief, at=at, seen=opened, words="The chief's words.")
    assert reasons == {("programme.changed_meanwhile", "")}
    draft.refresh_from_db()
    assert draft.words == "The manager's words."


@pytest.mark.django_db(transaction=True)
def test_of_saves_at_once_one_is_kept(manager, at):
    default_programme()
    draft = drafted(at=at)
    opened = fingerprint(proposal_of(draft))

    def save(number: int) -> str:
        try:
            changed(draft, by=manager, at=at, seen=opened, words=f"Words {number}")
        except Refused as error:
            return error.reasons[0].code
        return f"Words {number}"

    answers = at_once(save)
    kept = [answer for answer in answers if answer.startswith("Words")]
    assert len(kept) == 1
    assert set(answers) - set(kept) == {"programme.changed_meanwhile"}
    draft.refresh_from_db()
    assert draft.words == kept[0]


def test_all_that_is_wrong_is_refused_at_once_and_nothing_is_kept(manager, at):
    default_programme()
    draft = drafted(at=at)
    draft.refresh_from_db()
    before = draft.content
    content = gold_costs(proposal_of(draft).content, "-1")
    reasons = refused(
        changed, draft, by=manager, at=at, name="", content=content, starts_on=at.date() - timedelta(days=3)
    )
    assert reasons == {
        ("programme.name_missing", "name"),
        ("programme.starts_in_past", "starts_on"),
        ("programme.threshold_invalid", "levels.2.paths.0.requirements.0.threshold"),
    }
    draft.refresh_from_db()
    assert (draft.content, draft.name, draft.revision) == (before, "Growth", 2)


def test_a_new_metric_can_be_asked_for_once_somebody_credits_it(manager, chief, at):
    default_programme()
    define_metric("lms_courses", name="Courses in the LMS", unit="number", by=chief, at=at)
    draft = drafted(at=at)
    content = proposal_of(draft).content
    platinum = content.levels[3]
    wanted = RequirementContent("lms_courses", Window.TRAILING_12_MONTHS, Decimal(5))
    paths = tuple(PathContent((*path.requirements, wanted)) for path in platinum.paths)
    levels = (*content.levels[:3], msgspec.structs.replace(platinum, paths=paths))
    content = msgspec.structs.replace(content, levels=levels)
    reasons = refused(changed, draft, by=manager, at=at, content=content)
    assert reasons == {
        ("programme.metric_never_credited", f"levels.3.paths.{path}.requirements.3.metric") for path in (0, 1)
    }
    credit(a_credit(enrolled_partner_id(), "lms_courses", 1, at.date()), at=at)
    assert changed(draft, by=manager, at=at, content=content).revision == 3


def test_a_copy_says_the_same_and_leaves_the_original(manager, at):
    default_programme()
    draft = drafted(at=at)
    copy, second = (copy_draft(draft.pk, by=manager, at=at) for _ in range(2))
    assert (copy.name, second.name) == ("Growth (2)", "Growth (3)")
    assert (read_content(copy.content), copy.words, copy.starts_on, copy.revision) == (
        read_content(draft.content),
        draft.words,
        None,
        1,
    )
    changed(copy, by=manager, at=at, words="Other words.")
    draft.refresh_from_db()
    assert draft.words != "Other words."
    with pytest.raises(NotFound):
        copy_draft(0, by=manager, at=at)


def test_a_discarded_draft_is_gone_with_its_simulations(manager, at):
    default_programme()
    draft = drafted(at=at)
    draft.refresh_from_db()
    running = simulated(draft, at=at, status="running")
    assert refused(discard_draft, draft.pk, by=manager, at=at) == {("programme.simulation_running", "")}
    Simulation.objects.filter(pk=running.pk).update(status="done")
    discard_draft(draft.pk, by=manager, at=at)
    assert not ProgrammeDraft.objects.exists()
    assert not Simulation.objects.exists()
    assert AuditEntry.objects.get(event="programme.draft_discarded").facts["content"] == draft.content
    with pytest.raises(NotFound):
        discard_draft(draft.pk, by=manager, at=at)


def test_what_became_a_version_stays_as_it_is_and_can_be_copied(chief, at):
    default_programme()
    draft = drafted(at=at, by=chief)
    simulated(draft, at=at)
    publish_draft(draft.pk, asked_for(draft, at.date() + timedelta(days=45)), by=chief, at=at)
    assert refused(changed, draft, by=chief, at=at, words="Late.") == {("programme.not_draft", "")}
    assert refused(discard_draft, draft.pk, by=chief, at=at) == {("programme.not_draft", "")}
    assert copy_draft(draft.pk, by=chief, at=at).version_id is None
