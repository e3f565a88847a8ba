"""Rulebooks: what can be set, what differs, who drafts and publishes what, and how it reads."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import msgspec
import pytest
from django.db import IntegrityError, transaction

from common.actor import SYSTEM
from common.audit import entries_about
from common.errors import NotFound, Refused
from common.models import AuditEntry
from deals.actions.backtests import do_waiting, start_back_test
from deals.actions.rulebooks import (
    change_draft,
    delete_draft,
    draft_rulebook,
    publish_draft,
    publish_rulebook,
)
from deals.choices.engagement import RULE_LABELS, RULE_QUESTIONS, RuleVerdict
from deals.choices.rulebooks import PARAM_LABELS, PRIVATE_TERMS, TERM_GROUPS, TERM_LABELS
from deals.models import BackTest, Rulebook
from deals.queries import rulebooks as queries
from deals.queries.facts import rulebook_on
from deals.rules.params import TERM_PARAMS, Kind, params_are_sound, params_of_rule
from deals.rules.revisions import Content, Publication, content_is_sound, differences, fingerprint, may_publish
from deals.rules.rulebook import DEFAULT_RULES, Params, Rule
from deals.rules.terms import DEFAULT_TERMS, Terms
from tests.factories.deals import vendor

CONTENT = Content(DEFAULT_RULES, DEFAULT_TERMS)
TODAY = date(2026, 10, 14)
SIZE = Rule("size", {"minimum_amount": "1000", "auto_approve_up_to": {"bronze": "10000"}})


def codes(caught) -> list[str]:
    return [reason.code for reason in caught.value.reasons]


# Words and parameters


def test_everything_that_can_be_set_has_words():
    for code in Params:
        names = {param.name for param in params_of_rule(code)}
        assert code in RULE_LABELS
        assert names == set(PARAM_LABELS.get(code, {})), code
        RULE_QUESTIONS[code] % dict.fromkeys(names, "x")
        for param in params_of_rule(code):
            assert param.kind is not Kind.CHOICE or {*param.choices} <= {*RuleVerdict.values}
    grouped = [name for _title, names in (*TERM_GROUPS, PRIVATE_TERMS) for name in names]
    assert sorted(grouped) == sorted(TERM_LABELS) == sorted(param.name for param in TERM_PARAMS)


@pytest.mark.parametrize(
    ("rule", "wrong"),
    [
        (Rule("direct_opportunity", {"alive_days": 0}), []),
        (
            Rule("direct_opportunity", {"alive_days": -1}),
            [("rulebook.number_invalid", "direct_opportunity.alive_days")],
        ),
        (Rule("direct_opportunity", {"alive_days": 10_000}), []),
        (
            Rule("direct_opportunity", {"alive_days": 10_001}),
            [("rulebook.number_invalid", "direct_opportunity.alive_days")],
        ),
        (Rule("incumbency", {"share_bps": 10_000}), []),
        (Rule("incumbency", {"share_bps": 10_001}), [("rulebook.number_invalid", "incumbency.share_bps")]),
        (Rule("similar_customer", {"from_score": 89, "same_score": 90}), []),
        (
            Rule("similar_customer", {"from_score": 90, "same_score": 90}),
            [("rulebook.scores_crossed", "similar_customer.same_score")],
        ),
        (SIZE, []),
        (
            Rule("size", {"minimum_amount": "-0.01", "auto_approve_up_to": {"bronze": "NaN"}}),
            [
                ("rulebook.amount_invalid", "size.minimum_amount"),
                ("rulebook.amount_invalid", "size.auto_approve_up_to"),
            ],
        ),
    ],
)
def test_parameters_make_sense(rule, wrong):
    assert [(reason.code, reason.field) for reason in params_are_sound((rule,)).reasons] == wrong


def test_everything_unsound_at_once():
    rules = (Rule("similar_customer", {"from_score": 95, "same_score": 90}),)
    terms = msgspec.structs.replace(DEFAULT_TERMS, review_days=0, warn_days=(0,))
    verdict = content_is_sound(Content(rules, terms, "x" * 121))
    assert [reason.field for reason in verdict.reasons] == [
        "similar_customer.same_score",
        "review_days",
        "warn_days",
        "title",
    ]
    assert content_is_sound(Content((Rule("nonsense"),), DEFAULT_TERMS)).codes == ("rulebook.rule_unknown",)


# What differs


def told(before: Content, after: Content) -> list[tuple]:
    return [(d.kind, d.rule, d.name, d.before, d.after) for d in differences(before, after)]


def test_nothing_differs_from_itself_however_it_is_written():
    spelled = tuple(Rule(r.code, {**r.params}) for r in DEFAULT_RULES)
    assert told(CONTENT, Content(spelled, DEFAULT_TERMS, "another title")) == []


def test_rules_added_removed_moved_and_changed():
    before = Content((Rule("standing"), Rule("named_account"), Rule("earlier_claim"), SIZE), DEFAULT_TERMS)
    after_rules = (
        Rule("named_account"),
        Rule("standing"),
        Rule("blocked_customer"),
        Rule("size", {**SIZE.params, "minimum_amount": "2000"}),
    )
    after = Content(after_rules, msgspec.structs.replace(DEFAULT_TERMS, review_days=2))
    found = told(before, after)
    assert ("added", "blocked_customer", "", None, 3) in found
    assert ("removed", "earlier_claim", "", 3, None) in found
    assert ("changed", "size", "minimum_amount", Decimal(1000), Decimal(2000)) in found
    assert ("changed", "", "review_days", 1, 2) in found
    assert [kind for kind, *_ in found].count("moved") == 1  # two rules changed places: one of them moved
    assert len(found) == 5


@pytest.mark.parametrize(
    ("order", "moved"), [("abcd", set()), ("bacd", {"a"}), ("dabc", {"d"}), ("bcda", {"a"}), ("dcba", {"a", "b", "c"})]
)
def test_the_fewest_moves_are_told(order, moved):
    known = dict(zip("abcd", ("standing", "named_account", "earlier_claim", "pencil_hold"), strict=True))
    before, after = (
        Content(tuple(Rule(known[letter]) for letter in letters), DEFAULT_TERMS) for letters in ("abcd", order)
    )
    found = {rule for kind, rule, *_ in told(before, after) if kind == "moved"}
    assert len(found) == len(moved)
    if len(moved) == 1 and order != "bacd":
        assert found == {known[letter] for letter in moved}


# Publishing, as a rule


@pytest.mark.parametrize(
    ("changes", "tested", "refused"),
    [
        ({}, True, []),
        ({"effective_from": TODAY}, True, []),
        ({"effective_from": TODAY - timedelta(days=1)}, True, ["rulebook.in_past"]),
        ({"seen": "other"}, True, ["rulebook.changed_meanwhile"]),
        ({"confirmed_version": 3}, True, ["rulebook.not_confirmed"]),
        ({"confirmed_version": None}, True, ["rulebook.not_confirmed"]),
        ({}, False, ["rulebook.not_back_tested"]),
        ({"accepts_untested": True}, False, []),
    ],
)
def test_who_publishes_says_what_from_when_and_that_it_is_meant(changes, tested, refused):
    asked = replace(Publication(TODAY + timedelta(days=1), fingerprint(CONTENT), 2), **changes)
    assert list(may_publish(asked, CONTENT, version=2, is_tested=tested, today=TODAY).codes) == refused


# Actions


@pytest.fixture
def chief(channel):
    return vendor("channel_chief")


@pytest.fixture
def draft(chief, now):
    return draft_rulebook(by=chief, at=now)


def changed(draft: Rulebook, **changes) -> Content:
    return replace(queries.content_of(draft), **changes)


def seen(draft: Rulebook) -> str:
    return fingerprint(queries.content_of(draft))


def asked(draft: Rulebook, **changes) -> Publication:
    return replace(Publication(TODAY, seen(draft), 2, accepts_untested=True), **changes)


def test_a_draft_says_what_is_in_force(draft, now):
    current = rulebook_on(now.date())
    assert differences(queries.content_of(current), queries.content_of(draft)) == ()
    assert (draft.version, draft.published_at) == (None, None)
    assert [entry.event for entry in entries_about(draft)] == ["rulebook.drafted"]


def test_without_any_rulebook_a_draft_says_the_usual(db, now):
    draft = draft_rulebook(by=vendor("channel_chief"), at=now)
    assert differences(CONTENT, queries.content_of(draft)) == ()


def test_a_draft_is_changed_and_published_and_then_frozen(draft, chief, now):
    terms = Terms(review_days=2)
    change_draft(draft.pk, changed(draft, terms=terms, title="Slower"), seen=seen(draft), by=chief, at=now)
    draft.refresh_from_db()
    tomorrow = TODAY + timedelta(days=1)
    publish_draft(draft.pk, asked(draft, effective_from=tomorrow), by=chief, at=now)
    draft.refresh_from_db()
    assert (draft.version, draft.effective_from, draft.published_by) == (2, tomorrow, chief.label)
    assert (rulebook_on(TODAY).version, rulebook_on(tomorrow).version) == (1, 2)
    assert queries.content_of(rulebook_on(tomorrow)).terms == terms
    published = AuditEntry.objects.get(event="rulebook.published", subject_id=str(draft.pk))
    assert published.facts == {"version": 2, "effective_from": str(tomorrow), "back_tested": False}
    with pytest.raises(Refused) as caught:
        change_draft(draft.pk, changed(draft, title="x"), seen=seen(draft), by=chief, at=now)
    assert codes(caught) == ["rulebook.not_draft"]
    with pytest.raises(Refused):
        delete_draft(draft.pk, by=chief, at=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Rulebook.objects.filter(pk=draft.pk).update(title="rewritten")


def test_saving_what_is_there_writes_nothing(draft, chief, now):
    change_draft(draft.pk, queries.content_of(draft), seen=seen(draft), by=chief, at=now)
    assert [entry.event for entry in entries_about(draft)] == ["rulebook.drafted"]


def test_only_the_chief_drafts_and_publishes(draft, channel, now):
    manager = channel.manager
    acts = [
        lambda: draft_rulebook(by=manager, at=now),
        lambda: change_draft(draft.pk, changed(draft, title="x"), seen=seen(draft), by=manager, at=now),
        lambda: publish_draft(draft.pk, asked(draft), by=manager, at=now),
        lambda: delete_draft(draft.pk, by=manager, at=now),
        lambda: start_back_test(draft.pk, starts_on=TODAY, ends_on=TODAY + timedelta(days=1), by=manager, at=now),
    ]
    for act in acts:
        with pytest.raises(Refused) as caught:
            act()
        assert codes(caught) == ["actor.not_permitted"]
    draft.refresh_from_db()
    assert (draft.title, draft.version, BackTest.objects.count(), Rulebook.objects.count()) == ("", None, 0, 2)


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(draft, chief, now):
    first = seen(draft)
    change_draft(draft.pk, changed(draft, title="One"), seen=first, by=chief, at=now)
    with pytest.raises(Refused) as caught:
        change_draft(draft.pk, changed(draft, title="Two"), seen=first, by=chief, at=now)
    assert codes(caught) == ["rulebook.changed_meanwhile"]
    with pytest.raises(Refused) as caught:
        publish_draft(draft.pk, asked(draft, seen=first), by=chief, at=now)
    assert codes(caught) == ["rulebook.changed_meanwhile"]
    draft.refresh_from_db()
    assert (draft.title, draft.published_at) == ("One", None)


def test_an_unsound_draft_is_not_kept(draft, chief, now):
    with pytest.raises(Refused) as caught:
        change_draft(draft.pk, changed(draft, rules=()), seen=seen(draft), by=chief, at=now)
    assert codes(caught) == ["rulebook.empty"]
    with pytest.raises(Refused):
        publish_rulebook(DEFAULT_RULES, effective_from=TODAY, by=chief, at=now, terms=Terms(review_days=0))
    assert Rulebook.objects.filter(published_at__isnull=False).count() == 1


def test_an_untested_draft_needs_a_word_and_any_edit_makes_it_untested(draft, chief, now):
    with pytest.raises(Refused) as caught:
        publish_draft(draft.pk, asked(draft, accepts_untested=False), by=chief, at=now)
    assert codes(caught) == ["rulebook.not_back_tested"]
    start_back_test(draft.pk, starts_on=TODAY - timedelta(days=9), ends_on=TODAY, by=chief, at=now)
    do_waiting(now=lambda: now)
    assert queries.is_back_tested(draft)
    fewer = queries.content_of(draft).rules[1:]
    change_draft(draft.pk, changed(draft, rules=fewer), seen=seen(draft), by=chief, at=now)
    draft.refresh_from_db()
    assert not queries.is_back_tested(draft)
    change_draft(draft.pk, changed(draft, rules=(Rule("blocked_customer"), *fewer)), seen=seen(draft), by=chief, at=now)
    draft.refresh_from_db()
    publish_draft(draft.pk, asked(draft, accepts_untested=False), by=chief, at=now)
    published = AuditEntry.objects.get(event="rulebook.published", subject_id=str(draft.pk))
    assert published.facts["back_tested"] is True


def test_a_draft_is_deleted_with_its_back_tests(draft, chief, now):
    start_back_test(draft.pk, starts_on=TODAY - timedelta(days=9), ends_on=TODAY, by=chief, at=now)
    delete_draft(draft.pk, by=chief, at=now)
    assert (Rulebook.objects.count(), BackTest.objects.count()) == (1, 0)
    assert AuditEntry.objects.filter(event="rulebook.draft_deleted", subject_id=str(draft.pk)).count() == 1
    with pytest.raises(NotFound):
        delete_draft(draft.pk, by=chief, at=now)


# In words, and who may read which version


def test_who_sees_which_version(draft, chief, channel, now):
    announced = publish_rulebook(DEFAULT_RULES, effective_from=TODAY + timedelta(days=9), by=SYSTEM, at=now)

    def states(actor):
        return [(v.rulebook.version, v.state.value) for v in queries.versions_for(actor, day=TODAY)]

    published = [(2, "announced"), (1, "in_force")]
    assert states(channel.seller) == published
    assert states(channel.manager) == states(chief) == [(None, "draft"), *published]
    assert states(vendor("finance")) == []
    later = [(v.rulebook.version, v.state.value) for v in queries.versions_for(chief, day=announced.effective_from)]
    assert later[1:] == [(2, "in_force"), (1, "superseded")]
    with pytest.raises(NotFound):
        queries.find_rulebook(channel.seller, draft.public_id)
    with pytest.raises(NotFound):
        queries.find_draft(chief, announced.public_id)


def test_rules_and_terms_in_words(channel, draft, chief, now):
    words = queries.in_words(draft, queries.names_on(TODAY))
    said = {rule.code: rule for rule in words.rules}
    assert "within 90 days" in said["direct_opportunity"].question
    sayings = {saying.label: saying.text for saying in said["size"].sayings}
    assert sayings["Least value"] == "€1,000"
    assert sayings["Approved automatically up to"].startswith("Bronze €10,000, Silver €25,000")
    terms = {saying.label: saying.text for group in words.terms for saying in group.sayings}
    assert terms["A registration is reviewed within"] == "1 business day"
    assert terms["We warn before protection ends"] == "30, 14 and 3 days"
    assert terms["A change of the value is judged again above"] == "25%"
    assert terms["Business days"] == "Monday, Tuesday, Wednesday, Thursday and Friday"
    assert "watched" not in " ".join(terms).lower()


def test_differences_in_words(draft, chief, now):
    size = next(rule for rule in queries.content_of(draft).rules if rule.code == "size")
    dearer = Rule("size", {**size.params, "minimum_amount": "2500.50"})
    rules = tuple(dearer if rule.code == "size" else rule for rule in queries.content_of(draft).rules)
    content = changed(draft, rules=rules, terms=Terms(pencil_hours=1))
    change_draft(draft.pk, content, seen=seen(draft), by=chief, at=now)
    draft.refresh_from_db()
    found = queries.differences_in_words(rulebook_on(TODAY), draft, queries.names_on(TODAY))
    assert [(d.about, d.before, d.after) for d in found] == [
        ("R10 Size: Least value", "€1,000", "€2,500.50"),
        ("A pencil hold lasts", "72 hours", "1 hour"),
    ]
