"""Drafting and publishing the rules of engagement."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction

from common.actor import Actor
from common.audit import record
from common.errors import NotFound
from common.outbox import after_commit
from common.verdict import ALLOWED, refusal
from deals.actions.locks import take
from deals.models import Rulebook
from deals.queries.calendar import day_of
from deals.queries.facts import rulebook_on
from deals.queries.rulebooks import content_of, is_back_tested, next_version
from deals.rules.revisions import (
    Content,
    Publication,
    content_is_sound,
    fingerprint,
    may_publish,
    rules_and_terms_are_sound,
    spelled_out,
)
from deals.rules.rulebook import DEFAULT_RULES, Rule, rules_from, rules_to_json
from deals.rules.terms import DEFAULT_TERMS, Terms, terms_from, terms_to_json
from partners import rules as partner_rules


def publish_rulebook(
    rules: Sequence[Rule], *, effective_from: date, by: Actor, at: datetime, terms: Terms = DEFAULT_TERMS
) -> Rulebook:
    """Publish the next version outright, in force from the day. Refuses unknown rules and malformed parameters."""
    (partner_rules.may(by, "rulebook.publish") & rules_and_terms_are_sound(tuple(rules), terms)).or_refuse()
    with transaction.atomic():
        rulebook = Rulebook(rules=rules_to_json(rules), terms=terms_to_json(terms), created_at=at, created_by=by.label)
        _publish(rulebook, effective_from, by=by, at=at)
    return rulebook


def publish_default_rulebook(*, effective_from: date, by: Actor, at: datetime) -> Rulebook:
    """The rules that a new installation starts with."""
    return publish_rulebook(DEFAULT_RULES, effective_from=effective_from, by=by, at=at)


def draft_rulebook(*, by: Actor, at: datetime) -> Rulebook:
    """A draft that says what is in force at this instant; the default rules and terms if nothing is."""
    partner_rules.may(by, "rulebook.publish").or_refuse()
    current = rulebook_on(day_of(at))
    rules = rules_from(current.rules) if current else DEFAULT_RULES
    with transaction.atomic():
        draft = Rulebook.objects.create(
            rules=rules_to_json(spelled_out(rules)),
            terms=terms_to_json(terms_from(current.terms) if current else DEFAULT_TERMS),
            created_at=at,
            created_by=by.label,
        )
        record("rulebook.drafted", on=draft, by=by, at=at, from_version=current.version if current else None)
    return draft


def change_draft(rulebook_id: int, content: Content, *, seen: str, by: Actor, at: datetime) -> Rulebook:
    """Write what the draft is to say. `seen` is the fingerprint of what was edited; refuses if it is no longer that."""
    partner_rules.may(by, "rulebook.publish").or_refuse()
    with transaction.atomic():
        draft = _lock_draft(rulebook_id)
        was_seen = fingerprint(content_of(draft)) == seen
        (content_is_sound(content) & (ALLOWED if was_seen else refusal("rulebook.changed_meanwhile"))).or_refuse()
        if fingerprint(content) == seen:
            return draft
        draft.rules = rules_to_json(spelled_out(content.rules))
        draft.terms = terms_to_json(content.terms)
        draft.title = content.title
        draft.save(update_fields=["rules", "terms", "title"])
        record("rulebook.draft_changed", on=draft, by=by, at=at, rules=draft.rules, terms=draft.terms)
    return draft


def delete_draft(rulebook_id: int, *, by: Actor, at: datetime) -> None:
    """Throw a draft away with its back-tests. A published version cannot be deleted."""
    partner_rules.may(by, "rulebook.publish").or_refuse()
    with transaction.atomic():
        draft = _lock_draft(rulebook_id)
        record("rulebook.draft_deleted", on=draft, by=by, at=at, rules=draft.rules, terms=draft.terms)
        draft.delete()


def publish_draft(rulebook_id: int, asked: Publication, *, by: Actor, at: datetime) -> Rulebook:
    """Make the draft the next version, in force from a day that is not past, frozen for ever.

    Partners' people are told. Refuses a draft that nobody back-tested as it is now, unless that is accepted; which is
    recorded.
    """
    partner_rules.may(by, "rulebook.publish").or_refuse()
    with transaction.atomic():
        draft = _lock_draft(rulebook_id)
        _lock_versions()
        tested, version = is_back_tested(draft), next_version()
        may_publish(asked, content_of(draft), version=version, is_tested=tested, today=day_of(at)).or_refuse()
        _publish(draft, asked.effective_from, by=by, at=at, is_tested=tested)
        after_commit("deals.rules_published", at=at, rulebook_id=draft.pk)
    return draft


def _publish(rulebook: Rulebook, effective_from: date, *, by: Actor, at: datetime, is_tested: bool = False) -> None:
    _lock_versions()
    rulebook.version = next_version()
    rulebook.effective_from = effective_from
    rulebook.published_at, rulebook.published_by = at, by.label
    rulebook.save()
    facts = {"version": rulebook.version, "effective_from": effective_from, "back_tested": is_tested}
    record("rulebook.published", on=rulebook, by=by, at=at, **facts)


def _lock_draft(rulebook_id: int) -> Rulebook:
    """The draft, kept from others until the transaction ends. Refuses one that was published meanwhile."""
    found = Rulebook.objects.select_for_update().filter(pk=rulebook_id).first()
    if found is None:
        raise NotFound("rulebook")
    if found.published_at is not None:
        refusal("rulebook.not_draft").or_refuse()
    return found


def _lock_versions() -> None:
    """One publisher at a time until the transaction ends, so that version numbers have no gaps and no doubles."""
    take(["versions of the rulebook"])
