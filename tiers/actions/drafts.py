"""Writing drafts of a programme: nothing of it binds anybody before it is published."""

from datetime import datetime

from django.db import transaction

from common.actor import Actor
from common.audit import record
from common.errors import NotFound
from common.verdict import ALLOWED, refusal
from partners import rules as partner_rules
from tiers.actions.programmes import ensure_default_programme
from tiers.models import Programme, ProgrammeDraft
from tiers.queries.drafts import is_being_simulated, proposal_of, surroundings_of
from tiers.queries.overrides import day_of
from tiers.queries.programmes import programme_on
from tiers.rules.content import ProgrammeContent, Proposal, content_of, fingerprint, read_content, stored_content
from tiers.rules.default import default_programme
from tiers.rules.programme_checks import NAME_LENGTH, proposal_is_sound


def draft_programme(*, name: str, by: Actor, at: datetime, from_default: bool = False) -> ProgrammeDraft:
    """A draft that says what is in force at this instant; what an installation starts with if nothing is, or if asked.

    Refuses a name that is empty, too long or cannot be read.
    """
    partner_rules.may(by, "programme.draft").or_refuse()
    with transaction.atomic():
        programme = ensure_default_programme()
        current = None if from_default else programme_on(day_of(at), programme.pk)
        content = content_of(current or default_programme())
        facts = {"from_version": current.number if current else None}
        return _begin(programme, Proposal(name, content), by=by, at=at, **facts)


def copy_draft(draft_id: int, *, by: Actor, at: datetime) -> ProgrammeDraft:
    """Another draft that says the same under another name; of a published one too, to go on from it."""
    partner_rules.may(by, "programme.draft").or_refuse()
    with transaction.atomic():
        original = ProgrammeDraft.objects.select_related("programme").filter(pk=draft_id).first()
        if original is None:
            raise NotFound("draft")
        said = proposal_of(original)
        return _begin(
            original.programme,
            Proposal(_name_of_copy(said.name), said.content, words=said.words),
            by=by,
            at=at,
            copied_from=original.public_id,
        )


def _name_of_copy(name: str) -> str:
    """Numbered, whatever the language: “Growth 2027 (2)”, then “(3)”."""
    taken = set(ProgrammeDraft.objects.values_list("name", flat=True))
    number = 2
    while (new := f"{name[: NAME_LENGTH - 6]} ({number})") in taken:
        number += 1
    return new


def change_draft(draft_id: int, proposal: Proposal, *, seen: str, by: Actor, at: datetime) -> ProgrammeDraft:
    """Write what the draft is to say. `seen` is the fingerprint of what was edited; refuses if it is no longer that.

    Refuses with everything that stands against it as a programme. A new revision only if the programme is another one:
    what was simulated stays simulated when only name, first day or words change.
    """
    partner_rules.may(by, "programme.draft").or_refuse()
    with transaction.atomic():
        draft = lock_draft(draft_id)
        was_seen = fingerprint(proposal_of(draft)) == seen
        around = surroundings_of(draft.programme, proposal, day=day_of(at))
        sound = proposal_is_sound(proposal, around)
        (sound & (ALLOWED if was_seen else refusal("programme.changed_meanwhile"))).or_refuse()
        if fingerprint(proposal) == seen:
            return draft
        if _is_another(proposal.content, draft):
            draft.content, draft.revision = stored_content(proposal.content), draft.revision + 1
        draft.name, draft.starts_on, draft.words = proposal.name, proposal.starts_on, proposal.words
        draft.updated_at, draft.updated_by = at, by.label
        draft.save()
        record(
            "programme.draft_changed",
            on=draft,
            by=by,
            at=at,
            name=draft.name,
            revision=draft.revision,
            starts_on=draft.starts_on,
            content=draft.content,
        )
    return draft


def discard_draft(draft_id: int, *, by: Actor, at: datetime) -> None:
    """Throw a draft away with its simulations. Refuses a published one, and one that is just being simulated."""
    partner_rules.may(by, "programme.draft").or_refuse()
    with transaction.atomic():
        draft = lock_draft(draft_id)
        (refusal("programme.simulation_running") if is_being_simulated(draft) else ALLOWED).or_refuse()
        record("programme.draft_discarded", on=draft, by=by, at=at, name=draft.name, content=draft.content)
        draft.simulations.all().delete()
        draft.delete()


def lock_draft(draft_id: int) -> ProgrammeDraft:
    """The draft, kept from others until the transaction ends. Refuses one that was published meanwhile."""
    locked = ProgrammeDraft.objects.select_for_update(of=("self",)).select_related("programme")
    found = locked.filter(pk=draft_id).first()
    if found is None:
        raise NotFound("draft")
    if found.version_id is not None:
        refusal("programme.not_draft").or_refuse()
    return found


def _begin(programme: Programme, said: Proposal, *, by: Actor, at: datetime, **facts: object) -> ProgrammeDraft:
    around = surroundings_of(programme, said, day=day_of(at))
    named = [reason for reason in proposal_is_sound(said, around).reasons if reason.field == "name"]
    if named:
        refusal(named[0].code, field="name", **named[0].params).or_refuse()
    draft = ProgrammeDraft.objects.create(
        programme=programme,
        name=said.name,
        content=stored_content(said.content),
        words=said.words,
        created_at=at,
        created_by=by.label,
        updated_at=at,
        updated_by=by.label,
    )
    record("programme.drafted", on=draft, by=by, at=at, name=said.name, **facts)
    return draft


def _is_another(content: ProgrammeContent, draft: ProgrammeDraft) -> bool:
    return read_content(draft.content) != content
