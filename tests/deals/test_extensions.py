"""More time for a protection: the first by rule, later ones by a manager, with evidence."""

from datetime import UTC, date, datetime, timedelta

import pytest

from common import outbox
from common.errors import NotFound, Refused
from common.models import AuditEntry
from deals.actions.attachments import attach
from deals.actions.extensions import grant_extension, refuse_extension, request_extension
from deals.actions.outcomes import lose_registration
from deals.models import Extension, Protection, Registration
from deals.rules.extensions import Extensions, end_after, evidence_is_given, may_extend, steps_of
from deals.rules.terms import Terms
from partners.models import Notification
from tests.factories.deals import a_channel, registered, vendor
from tests.races import outcomes_of

TERMS = Terms()
DAY = timedelta(days=1)
WORDS = "The customer signed the offer and asked for a second site."
END = datetime(2026, 12, 13, 10, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def codes(caught) -> tuple[str, ...]:
    return tuple(reason.code for reason in caught.value.reasons)


def ask(registration, channel, at, *, words=WORDS, **evidence) -> Extension:
    evidence = {"evidence_on": at.date(), **evidence}
    return request_extension(registration.pk, words=words, by=channel.seller, at=at, **evidence)


def events(registration) -> list[str]:
    entries = AuditEntry.objects.filter(subject_kind="deals.registration", subject_id=str(registration.pk))
    return list(entries.order_by("id").values_list("event", flat=True))


@pytest.mark.parametrize(
    ("at", "before", "expected"),
    [
        (END - TICK, Extensions(0, False), ()),
        (END, Extensions(0, False), ("extension.not_live",)),
        (END + TICK, Extensions(0, False), ("extension.not_live",)),
        (END - DAY, Extensions(1, False), ()),
        (END - DAY, Extensions(2, False), ("extension.used_up",)),
        (END - DAY, Extensions(3, False), ("extension.used_up",)),
        (END - DAY, Extensions(1, True), ("extension.pending",)),
        (END, Extensions(2, True), ("extension.not_live", "extension.pending", "extension.used_up")),
    ],
)
def test_who_may_ask(at, before, expected):
    assert may_extend(before, protected_until=END, at=at, terms=TERMS).codes == expected


def test_nobody_without_a_protection_may_ask():
    assert may_extend(Extensions(0, False), protected_until=None, at=END, terms=TERMS).codes == ("extension.not_live",)


TODAY = date(2026, 10, 14)


@pytest.mark.parametrize(
    ("evidence_on", "expected"),
    [
        (TODAY + DAY, ("extension.evidence_in_future",)),
        (TODAY, ()),
        (TODAY - DAY, ()),
        (TODAY - 29 * DAY, ()),
        (TODAY - 30 * DAY, ()),
        (TODAY - 31 * DAY, ("extension.evidence_too_old",)),
        (None, ("extension.day_missing",)),
    ],
)
def test_the_day_of_the_evidence(evidence_on, expected):
    found = evidence_is_given(WORDS, evidence_on=evidence_on, has_file=False, day=TODAY, terms=TERMS)
    assert found.codes == expected


@pytest.mark.parametrize(
    ("words", "has_file", "expected"),
    [
        ("x" * 19, False, ("extension.evidence_missing",)),
        ("x" * 20, False, ()),
        ("x" * 21, False, ()),
        ("x" + " " * 30 + "y", False, ("extension.evidence_missing",)),
        ("See the offer", True, ()),
        ("  ", True, ("registration.words_missing",)),
        ("", False, ("registration.words_missing",)),
        ("x" * 2000, False, ()),
        ("x" * 2001, False, ("registration.text_too_long",)),
        ("evidence \u202e that turns around", False, ("registration.text_characters",)),
    ],
)
def test_the_words_of_the_evidence(words, has_file, expected):
    found = evidence_is_given(words, evidence_on=TODAY, has_file=has_file, day=TODAY, terms=TERMS)
    assert found.codes == expected


def test_the_steps_add_up():
    before, days, after = steps_of(END, 60, end_after(END, 60))
    assert (before.at, days.days, after.at) == (END, 60, END + 60 * DAY)
    assert before.at + days.days * DAY == after.at
    assert [step.code for step in steps_of(END, 60, None)] == ["ends_before", "days"]


def test_the_first_is_granted_at_once(channel, now):
    approved = registered(channel, at=now)
    before = approved.protected_until
    extension = ask(approved, channel, now + 10 * DAY)
    assert (extension.status, extension.number, extension.decided_by) == ("granted", 1, "")
    assert (extension.ends_before, extension.ends_after) == (before, before + 60 * DAY)
    approved.refresh_from_db()
    assert approved.protected_until == before + 60 * DAY
    assert approved.last_activity_at == now + 10 * DAY
    assert Protection.objects.get().ends_at == before + 60 * DAY
    assert events(approved)[-1] == "registration.extended"


def test_the_second_waits_for_a_manager_who_grants_it(channel, now):
    approved = registered(channel, at=now)
    ask(approved, channel, now)
    second = ask(approved, channel, now + DAY)
    approved.refresh_from_db()
    until = approved.protected_until
    assert (second.status, second.ends_after) == ("pending", None)
    with pytest.raises(Refused) as caught:
        ask(approved, channel, now + DAY)
    assert codes(caught) == ("extension.pending",)
    granted = grant_extension(second.pk, words="Good", by=channel.manager, at=now + 2 * DAY)
    assert (granted.status, granted.ends_after) == ("granted", until + 60 * DAY)
    assert (granted.answer, granted.decided_by) == ("Good", channel.manager.label)
    assert Protection.objects.get().ends_at == until + 60 * DAY
    with pytest.raises(Refused) as caught:
        ask(approved, channel, now + 3 * DAY)
    assert codes(caught) == ("extension.used_up",)
    with pytest.raises(Refused) as caught:
        grant_extension(second.pk, by=channel.manager, at=now + 3 * DAY)
    assert codes(caught) == ("extension.not_waiting",)
    assert events(approved)[-3:] == [
        "registration.extended",
        "registration.extension_requested",
        "registration.extended",
    ]


def test_a_manager_refuses_in_words_and_the_partner_may_ask_again(channel, now):
    approved = registered(channel, at=now)
    ask(approved, channel, now)
    second = ask(approved, channel, now)
    until = Registration.objects.get().protected_until
    with pytest.raises(Refused) as caught:
        refuse_extension(second.pk, words=" ", by=channel.manager, at=now)
    assert codes(caught) == ("registration.words_missing",)
    refused = refuse_extension(second.pk, words="No progress", by=channel.manager, at=now)
    assert (refused.status, refused.answer, refused.ends_after) == ("refused", "No progress", None)
    assert Registration.objects.get().protected_until == Protection.objects.get().ends_at == until
    assert ask(approved, channel, now).status == "pending"


@pytest.mark.parametrize("act", [grant_extension, refuse_extension])
def test_only_managers_answer(channel, now, act):
    approved = registered(channel, at=now)
    ask(approved, channel, now)
    second = ask(approved, channel, now)
    for outsider in (channel.seller, channel.rival_seller, vendor("finance")):
        with pytest.raises(Refused) as caught:
            act(second.pk, words="Mine", by=outsider, at=now)
        assert codes(caught) == ("actor.not_permitted",)
    with pytest.raises(NotFound):
        act(0, words="None", by=channel.manager, at=now)
    second.refresh_from_db()
    assert second.status == "pending"


def test_nothing_changes_when_it_is_refused(channel, now):
    approved = registered(channel, at=now)
    until, entries = approved.protected_until, AuditEntry.objects.count()
    attempts = [
        ("extension.not_live", {}, until),
        ("extension.evidence_too_old", {"evidence_on": (now - 31 * DAY).date()}, now),
        ("extension.unknown_file", {"attachment_id": 0}, now),
    ]
    for code, evidence, at in attempts:
        with pytest.raises(Refused) as caught:
            ask(approved, channel, at, **evidence)
        assert codes(caught) == (code,)
    for outsider in (channel.rival_seller, channel.manager):
        with pytest.raises(Refused) as caught:
            request_extension(approved.pk, words=WORDS, evidence_on=now.date(), by=outsider, at=now)
        assert codes(caught) == ("actor.not_permitted",)
    assert not Extension.objects.exists()
    assert (Registration.objects.get().protected_until, AuditEntry.objects.count()) == (until, entries)


def test_one_instant_before_the_end_is_in_time(channel, now):
    approved = registered(channel, at=now)
    until = approved.protected_until
    assert ask(approved, channel, until - TICK).ends_after == until + 60 * DAY


def test_a_file_of_the_registration_is_evidence(channel, now):
    approved = registered(channel, at=now)
    kept = attach(approved.pk, name="offer.txt", content=b"signed", stream="shared", by=channel.seller, at=now)
    internal = attach(approved.pk, name="a.txt", content=b"ours", stream="internal", by=channel.manager, at=now)
    with pytest.raises(Refused) as caught:
        ask(approved, channel, now, words="See it", attachment_id=internal.pk)
    assert codes(caught) == ("extension.unknown_file",)
    assert ask(approved, channel, now, words="See it", attachment_id=kept.pk).evidence == kept


def test_it_is_refused_cleanly_where_somebody_is_protected_afterwards(channel, now):
    approved = registered(channel, at=now)
    held = approved.protections.get()
    other = registered(channel, at=now, by_rival=True, customer_name="Elsewhere", customer_domain="")
    Protection.objects.create(
        registration=other,
        partner=channel.rival,
        customer=held.customer,
        family=held.family,
        starts_at=held.ends_at + 10 * DAY,
        ends_at=held.ends_at + 20 * DAY,
    )
    with pytest.raises(Refused) as caught:
        ask(approved, channel, now)
    assert codes(caught) == ("extension.protected_after",)
    assert not Extension.objects.exists()
    assert approved.protections.get().ends_at == held.ends_at


def test_what_waits_ends_with_the_deal(channel, now):
    approved = registered(channel, at=now)
    ask(approved, channel, now)
    second = ask(approved, channel, now)
    lose_registration(approved.pk, reason="price", by=channel.seller, at=now)
    second.refresh_from_db()
    assert second.status == "lapsed"


def test_both_sides_are_told(channel, now):
    approved = registered(channel, at=now)
    ask(approved, channel, now)
    second = ask(approved, channel, now)
    grant_extension(second.pk, by=channel.manager, at=now)
    outbox.relay(at=now + DAY)
    told = set(Notification.objects.values_list("code", "user_id"))
    assert ("protection.extension_asked", channel.manager.user_id) in told
    assert ("protection.extended", channel.seller.user_id) in told
    assert channel.rival_seller.user_id not in {user for code, user in told if code.startswith("protection")}


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("granted_before", [0, 1])
def test_of_many_requests_at_once_each_finds_what_the_others_left(now, granted_before):
    """With one granted before, one waits and the others are refused; otherwise the first is granted as well."""
    channel, approved = _approved(now, granted_before)
    found = outcomes_of(*[lambda: ask(approved, channel, now) for _ in range(6)])
    granted = Extension.objects.filter(status="granted").count()
    assert (granted, Extension.objects.filter(status="pending").count()) == (1, 1)
    refused = [tuple(reason.code for reason in one.reasons) for one in found if isinstance(one, Refused)]
    assert refused == [("extension.pending",)] * (5 if granted_before else 4)
    assert not [one for one in found if isinstance(one, Exception) and not isinstance(one, Refused)]


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_only_the_constraint_is_left(now, monkeypatch):
    """Were the row not locked, requests would meet in the database, as errors that nobody could explain."""
    channel, approved = _approved(now, 1)
    monkeypatch.setattr("deals.actions.extensions.lock_registration", lambda pk, **_: Registration.objects.get(pk=pk))
    found = outcomes_of(*[lambda: ask(approved, channel, now) for _ in range(6)])
    assert Extension.objects.filter(status="pending").count() <= 1
    assert [one for one in found if isinstance(one, Exception) and not isinstance(one, Refused)]


def _approved(now, granted_before):
    channel = a_channel()
    approved = registered(channel, at=now)
    for _ in range(granted_before):
        ask(approved, channel, now)
    return channel, approved
