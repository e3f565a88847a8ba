"""Keeping the lists: who may, what overlaps, what has begun stays, files, and what partners read of it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from common.actor import Actor
from common.audit import entries_about
from common.errors import NotFound, Refused
from common.models import AuditEntry
from deals.actions.policies import add_entry, change_entry, end_entry, import_entries, preview_import, take_back_entry
from deals.models import Authorisation, BlockedCustomer, ExclusiveGrant, Holiday, NamedAccount
from deals.queries import policies as queries
from deals.rules.policies import (
    AuthorisationEntry,
    BlockedCustomerEntry,
    ExclusiveGrantEntry,
    HolidayEntry,
    NamedAccountEntry,
)
from deals.rules.policy_rows import write_sheet
from tests.factories.crm import CustomerFactory
from tests.factories.deals import vendor

TODAY = date(2026, 10, 14)
NEXT_YEAR = date(2027, 1, 1)


def codes(caught) -> list[str]:
    return [reason.code for reason in caught.value.reasons]


@pytest.fixture
def chief(channel):
    return vendor("channel_chief")


def one_of_each(channel) -> list:
    family = channel.product.family_id
    return [
        NamedAccountEntry(customer_id=channel.customer.pk, starts_on=NEXT_YEAR, note="=Key"),
        BlockedCustomerEntry(customer_id=channel.customer.pk, starts_on=TODAY, reason="sanctioned"),
        ExclusiveGrantEntry(
            partner_id=channel.partner.pk, starts_on=TODAY, ends_on=NEXT_YEAR, countries=("DE", "AT"), family_id=family
        ),
        AuthorisationEntry(
            partner_id=channel.rival.pk, starts_on=date(2020, 5, 1), segment="Public sector", certificate="C-17"
        ),
        HolidayEntry(on=date(2026, 12, 25), name="Christmas Day"),
    ]


def test_one_of_each_is_added_and_recorded(channel, chief, now):
    for entry in one_of_each(channel):
        row = add_entry(entry, by=chief, at=now)
        assert queries.entry_of_row(entry.kind, row) == entry
        (recorded,) = entries_about(row)
        assert recorded.event.endswith(".added")
        assert recorded.actor_key == chief.key
    counts = queries.live_counts(TODAY)
    assert {kind.value: count for kind, count in counts.items()} == {
        "named-accounts": 0,
        "blocked-customers": 1,
        "exclusive-grants": 1,
        "authorisations": 1,
        "holidays": 1,
    }


def test_only_the_chief_and_clients_that_write_keep_the_lists(channel, chief, now):
    (entry, *_) = one_of_each(channel)
    row = add_entry(entry, by=chief, at=now)
    writer = Actor(kind="client", key="client:x", label="CRM", scopes=frozenset({"deals.write", "deals.read"}))
    of_a_partner = replace(writer, partner_roles={channel.partner.pk: "admin"})
    reader = replace(writer, scopes=frozenset({"deals.read"}))
    other = replace(entry, customer_id=CustomerFactory().pk)
    for actor in (channel.seller, channel.manager, vendor("finance"), of_a_partner, reader):
        for act in (
            lambda actor=actor: add_entry(other, by=actor, at=now),
            lambda actor=actor: change_entry(entry.kind, row.public_id, replace(entry, note="x"), by=actor, at=now),
            lambda actor=actor: take_back_entry(entry.kind, row.public_id, by=actor, at=now),
            lambda actor=actor: import_entries(entry.kind, b"", by=actor, at=now),
            lambda actor=actor: preview_import(entry.kind, b"", by=actor, at=now),
        ):
            with pytest.raises(Refused) as caught:
                act()
            assert codes(caught) == ["actor.not_permitted"]
    assert NamedAccount.objects.get().note == "=Key"
    add_entry(other, by=writer, at=now)
    assert NamedAccount.objects.count() == 2


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        (NamedAccountEntry(customer_id=0, starts_on=TODAY), "policy.customer_unknown"),
        (ExclusiveGrantEntry(partner_id=0, starts_on=TODAY, segment="x"), "policy.partner_unknown"),
    ],
)
def test_of_nobody(chief, now, entry, code):
    with pytest.raises(Refused) as caught:
        add_entry(entry, by=chief, at=now)
    assert codes(caught) == [code]


def test_unknown_family_and_country_at_once(channel, chief, now):
    entry = AuthorisationEntry(partner_id=channel.partner.pk, starts_on=TODAY, family_id=0, countries=("DE", "XX"))
    with pytest.raises(Refused) as caught:
        add_entry(entry, by=chief, at=now)
    assert codes(caught) == ["policy.family_unknown", "policy.country_unknown"]
    assert Authorisation.objects.count() == 0


def test_what_overlaps_is_refused_and_the_database_would_refuse_it_too(channel, chief, now, monkeypatch):
    for entry in one_of_each(channel):
        add_entry(entry, by=chief, at=now)
        with pytest.raises(Refused) as caught:
            add_entry(entry, by=chief, at=now)
        assert codes(caught)[0].endswith("overlaps")
    rows = (NamedAccount, BlockedCustomer, ExclusiveGrant, Authorisation, Holiday)
    assert [model.objects.count() for model in rows] == [1, 1, 1, 1, 1]
    for row in (NamedAccount.objects.get(), BlockedCustomer.objects.get(), Holiday.objects.get()):
        row.pk, row.public_id = None, "other"
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save(force_insert=True)
    monkeypatch.setattr(queries, "held_entries", lambda kind: [])  # as if nobody had looked
    with pytest.raises(Refused) as caught:
        add_entry(one_of_each(channel)[0], by=chief, at=now)
    assert codes(caught) == ["policy.overlaps"]


def test_a_rival_s_grant_of_the_same_is_named_to_the_vendor(channel, chief, now):
    grant = one_of_each(channel)[2]
    add_entry(grant, by=chief, at=now)
    with pytest.raises(Refused) as caught:
        add_entry(replace(grant, partner_id=channel.rival.pk, family_id=None), by=chief, at=now)
    assert caught.value.reasons[0].params == {"partner": channel.partner.name}
    add_entry(replace(grant, partner_id=channel.rival.pk, starts_on=NEXT_YEAR, ends_on=None), by=chief, at=now)


def test_what_has_begun_is_ended_and_stays(channel, chief, now):
    blocked = add_entry(one_of_each(channel)[1], by=chief, at=now)
    tomorrow = TODAY + timedelta(days=1)
    end_entry("blocked-customers", blocked.public_id, ends_on=tomorrow, by=chief, at=now)
    blocked.refresh_from_db()
    assert blocked.ends_on == tomorrow
    assert [found.title for found in queries.history_of(blocked)] == ["End set", "Added"]
    entry = queries.entry_of_row("blocked-customers", blocked)
    later = now + timedelta(days=1)
    for change in ({"note": "x"}, {"reason": "barred"}, {"ends_on": None}):
        with pytest.raises(Refused):
            change_entry("blocked-customers", blocked.public_id, replace(entry, **change), by=chief, at=later)
    with pytest.raises(Refused) as caught:
        take_back_entry("blocked-customers", blocked.public_id, by=chief, at=now)
    assert codes(caught) == ["policy.has_begun"]
    assert BlockedCustomer.objects.get().ends_on == tomorrow
    assert AuditEntry.objects.filter(event__startswith="blocked_customer").count() == 2


def test_what_has_not_begun_is_corrected_or_taken_back(channel, chief, now):
    named = add_entry(one_of_each(channel)[0], by=chief, at=now)
    entry = queries.entry_of_row("named-accounts", named)
    corrected = replace(entry, starts_on=NEXT_YEAR + timedelta(days=31), note="")
    change_entry("named-accounts", named.public_id, corrected, by=chief, at=now)
    change_entry("named-accounts", named.public_id, corrected, by=chief, at=now)  # says the same: nothing is written
    assert [found.event for found in entries_about(named)] == ["named_account.added", "named_account.corrected"]
    take_back_entry("named-accounts", named.public_id, by=chief, at=now)
    assert NamedAccount.objects.count() == 0
    assert AuditEntry.objects.get(event="named_account.taken_back").facts["starts_on"] == "2027-02-01"
    holiday = add_entry(one_of_each(channel)[4], by=chief, at=now)
    with pytest.raises(Refused):
        end_entry("holidays", "2026-12-25", ends_on=TODAY, by=chief, at=now)
    take_back_entry("holidays", "2026-12-25", by=chief, at=now)
    assert not Holiday.objects.filter(pk=holiday.pk).exists()
    for missing in ("2026-12-25", "nonsense"):
        with pytest.raises(NotFound):
            take_back_entry("holidays", missing, by=chief, at=now)


# Lists


def test_a_list_is_searched_narrowed_and_sorted(channel, chief, now):
    others = [CustomerFactory(legal_name=name, country="DE") for name in ("Aal GmbH", "zebra AG", "Mitte AG")]
    spans = [(date(2025, 1, 1), date(2026, 1, 1)), (TODAY, None), (NEXT_YEAR, None)]
    for customer, (starts_on, ends_on) in zip(others, spans, strict=True):
        entry = NamedAccountEntry(customer_id=customer.pk, starts_on=starts_on, ends_on=ends_on)
        add_entry(entry, by=chief, at=now)

    def names(words="", validity="", sort="name", day=TODAY):
        found = queries.policy_list(chief, "named-accounts", queries.Narrowing(words, validity, sort), day=day)
        return [row.subject for row in queries.policy_rows("named-accounts", found, day=day)]

    assert names() == ["Aal GmbH", "Mitte AG", "zebra AG"]
    assert names(sort="-start") == ["Mitte AG", "zebra AG", "Aal GmbH"]
    assert names("AG") == ["Mitte AG", "zebra AG"]
    assert (names(validity="live"), names(validity="ended"), names(validity="announced")) == (
        ["zebra AG"],
        ["Aal GmbH"],
        ["Mitte AG"],
    )
    assert names(validity="live", day=date(2025, 12, 31)) == ["Aal GmbH"]
    assert names(validity="live", day=date(2026, 1, 1)) == []


def test_each_list_can_be_searched_and_has_one_statement(channel, chief, now, django_assert_num_queries):
    for entry in one_of_each(channel):
        add_entry(entry, by=chief, at=now)
        wanted = queries.Narrowing("a", sort="start")
        with django_assert_num_queries(1):
            rows = queries.policy_rows(entry.kind, queries.policy_list(chief, entry.kind, wanted, day=TODAY), day=TODAY)
        assert len(rows) == 1
        for validity in ("live", "ended", "announced"):
            queries.policy_list(chief, entry.kind, queries.Narrowing("x", validity), day=TODAY).count()


def test_partners_see_the_published_list_and_their_own_rights_only(channel, chief, now):
    for entry in one_of_each(channel):
        add_entry(entry, by=chief, at=now)
    kinds = ("named-accounts", "blocked-customers", "exclusive-grants", "authorisations", "holidays")

    def counts(actor):
        return [queries.policies_visible_to(actor, kind).count() for kind in kinds]

    assert counts(channel.seller) == [1, 0, 1, 0, 0]
    assert counts(channel.rival_seller) == [1, 0, 0, 1, 0]
    assert counts(channel.manager) == counts(chief) == [1, 1, 1, 1, 1]
    assert counts(vendor("finance")) == [0, 0, 0, 0, 0]
    grants = queries.own_rights(channel.seller, "exclusive-grants", day=TODAY)
    assert [row.last_day for row in grants] == [date(2026, 12, 31)]
    assert queries.own_rights(channel.seller, "exclusive-grants", day=NEXT_YEAR) == []
    assert queries.own_rights(channel.rival_seller, "exclusive-grants", day=TODAY) == []
    assert queries.own_rights(channel.manager, "exclusive-grants", day=TODAY) == []


def test_customers_are_found_by_what_one_knows_of_them(channel, chief):
    customer = CustomerFactory(legal_name="Nordwind Energie AG", country="DE", domain="nordwind.de", external_id="N-77")
    for words in ("N-77", customer.public_id, "nordwind.de", "Nordwind Energie", "energie", " NORDWIND ENERGIE AG "):
        assert customer.pk in [found.pk for found in queries.customers_found(chief, words)], words
    assert queries.customers_found(chief, "") == queries.customers_found(channel.seller, "N-77") == []


# Files


def written(kind: str) -> bytes:
    rows = queries.written_rows(kind, queries.MODELS[kind]._default_manager.all())
    return "".join(write_sheet(kind, rows)).encode()


def outcomes(planned) -> list[str]:
    return [row.outcome.value for row in planned]


def test_an_export_is_an_import_that_changes_nothing(channel, chief, now):
    before = AuditEntry.objects.count()
    for entry in one_of_each(channel):
        add_entry(entry, by=chief, at=now)
        content = written(entry.kind)
        assert outcomes(import_entries(entry.kind, content, by=chief, at=now)) == ["unchanged"]
        assert written(entry.kind) == content
    assert AuditEntry.objects.count() == before + 5


def test_an_export_fills_an_empty_list_again(channel, chief, now):
    for entry in one_of_each(channel):
        add_entry(entry, by=chief, at=now)
        content = written(entry.kind)
        queries.MODELS[entry.kind]._default_manager.all().delete()
        assert outcomes(import_entries(entry.kind, content, by=chief, at=now)) == ["new"]
        assert written(entry.kind).decode().split(",")[1:] == content.decode().split(",")[1:]
        assert [held.entry for held in queries.held_entries(entry.kind)] == [entry]


def test_the_good_rows_are_imported_and_the_same_file_again_changes_nothing(channel, chief, now):
    named = add_entry(NamedAccountEntry(customer_id=channel.customer.pk, starts_on=date(2026, 1, 1)), by=chief, at=now)
    other = CustomerFactory(external_id="C-2")
    lines = [
        "customer;starts_on;last_day;note",
        f"{channel.customer.public_id};01.01.2026;31.12.2026;ends",
        "C-2;2026-11-01;;new",
        "C-3;2026-11-01;;nobody",
        "C-2;2027-11-01;;overlaps",
    ]
    content = "\n".join(lines).encode("utf-8-sig")
    preview, verdict = preview_import("named-accounts", content, by=chief, at=now)
    assert verdict
    assert outcomes(preview) == ["changed", "new", "wrong", "wrong"]
    assert [[(r.code, r.field) for r in row.problems] for row in preview[2:]] == [
        [("policy.customer_unknown", "customer")],
        [("policy.overlaps", "customer")],
    ]
    assert NamedAccount.objects.count() == 1  # nothing was done yet
    assert outcomes(import_entries("named-accounts", content, by=chief, at=now)) == outcomes(preview)
    named.refresh_from_db()
    assert (named.ends_on, named.note) == (NEXT_YEAR, "ends")
    assert NamedAccount.objects.get(customer=other).starts_on == date(2026, 11, 1)
    events = AuditEntry.objects.count()
    again = outcomes(import_entries("named-accounts", content, by=chief, at=now))
    assert again == ["unchanged", "unchanged", "wrong", "wrong"]
    assert AuditEntry.objects.count() == events


def test_a_file_that_cannot_be_read_changes_nothing(channel, chief, now):
    with pytest.raises(Refused) as caught:
        import_entries("holidays", b"day;name\n2027-01-01;New Year", by=chief, at=now)
    assert codes(caught) == ["sheet.column_missing", "sheet.column_unknown"]
    assert Holiday.objects.count() == 0


def test_two_thousand_rows_take_few_statements_to_look_at(channel, chief, now, django_assert_max_num_queries):
    customers = [CustomerFactory(external_id=f"M-{number}") for number in range(40)]
    rows = "\n".join(f"{customer.external_id},2027-01-01" for customer in customers)
    with django_assert_max_num_queries(8):
        planned, _verdict = preview_import("named-accounts", f"customer,starts_on\n{rows}".encode(), by=chief, at=now)
    assert outcomes(planned) == ["new"] * 40


def test_an_entry_of_a_merged_customer_still_comes_back_as_it_was(channel, chief, now):
    survivor = CustomerFactory()
    add_entry(NamedAccountEntry(customer_id=channel.customer.pk, starts_on=TODAY), by=chief, at=now)
    content = written("named-accounts")
    type(survivor).objects.filter(pk=channel.customer.pk).update(merged_into=survivor)
    assert outcomes(import_entries("named-accounts", content, by=chief, at=now)) == ["unchanged"]
