"""The words of customers' names: counted as they are written, by many at once, and made good."""

from datetime import datetime
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction

from crm import queries
from crm.actions.customers import ensure_customer, upsert_customers
from crm.actions.words import count_words, recount_words
from crm.models import Customer, NameWord
from crm.rules.matching import CustomerIdentity
from crm.rules.search import deletions
from tests.crm.rows import CRM, customer_row
from tests.factories.crm import CustomerFactory
from tests.races import outcomes_of

pytestmark = pytest.mark.django_db


def counts() -> dict[str, int]:
    return dict(NameWord.objects.exclude(customer_count=0).values_list("word", "customer_count"))


def names_of(identity: CustomerIdentity) -> list[str]:
    return [found.customer.legal_name for found in queries.customer_candidates(identity)]


def test_words_are_counted_with_the_customers(now: datetime, django_assert_max_num_queries: Any) -> None:
    rows = [customer_row(1, legal_name="Zwack Unicum"), customer_row(2, legal_name="Unicum Intl Ltd")]
    upsert_customers(rows, by=CRM, at=now)
    assert counts() == {"": 2, "zwack": 1, "unicum": 2, "international": 1}
    ensure_customer(CustomerIdentity("Zwack Bitters", "HU"), by=CRM, at=now)
    assert counts() == {"": 3, "zwack": 2, "unicum": 2, "international": 1, "bitters": 1}
    upsert_customers([customer_row(1, legal_name="Zwack Liqueurs")], by=CRM, at=now)
    assert counts() == {"": 3, "zwack": 2, "unicum": 1, "international": 1, "bitters": 1, "liqueurs": 1}
    upsert_customers([customer_row(1, legal_name="Zwack Liqueurs")], by=CRM, at=now)
    assert counts()["zwack"] == 2
    many = [customer_row(number, legal_name=f"Word{number} Other{number}") for number in range(10, 60)]
    with django_assert_max_num_queries(20):
        upsert_customers(many, by=CRM, at=now)


def test_a_recount_makes_good_what_is_wrong(now: datetime) -> None:
    upsert_customers([customer_row(1, legal_name="Zwack Unicum")], by=CRM, at=now)
    NameWord.objects.filter(word="zwack").update(customer_count=7)
    NameWord.objects.filter(word="unicum").delete()
    NameWord.objects.create(word="gone", customer_count=3)
    assert recount_words() == 2  # and one that nobody holds any more
    assert counts() == {"": 1, "zwack": 1, "unicum": 1}
    assert recount_words() == 0


@pytest.mark.parametrize("word", ["", "a", "acme", "zwack", "aaaaa", "łódź5", "international"])
def test_the_database_and_the_rules_delete_the_same_letters(word: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT crm_word_deletions(%s)", [word])
        assert sorted(set(cursor.fetchone()[0])) == deletions(word)


def test_what_customers_are_found_by_is_made_anew() -> None:
    CustomerFactory(legal_name="Zwack Unicum Nyrt.", country="HU")
    CustomerFactory(legal_name='Quote " and \\ backslash', country="HU")
    expected = list(Customer.objects.order_by("pk").values_list("name_key", "identity_key", "name_words"))
    Customer.objects.update(name_key="old", identity_key="old", name_words=[])
    NameWord.objects.all().delete()
    migration = import_module("crm.migrations.0003_matching")
    with connection.cursor() as cursor:
        migration.rewrite_keys(apps, type("Editor", (), {"connection": connection}))
        assert cursor is not None
    assert list(Customer.objects.order_by("pk").values_list("name_key", "identity_key", "name_words")) == expected
    assert counts() == {"": 2, "zwack": 1, "unicum": 1, "quote": 1, "backslash": 1}


@pytest.mark.parametrize(
    ("known", "asked"),
    [
        ("Zwack Unicum Nyrt.", "Unikum Zwack"),
        ("Kowalski Transport Sp. z o.o.", "Kowalsky Transport"),
        ("Jet Blue Airways", "JetBlue Airways Corp"),
        ("JetBlue", "Jet Blue"),
        ("Banco Bilbao Vizcaya Argentaria", "BBVA"),
        ("BBVA", "Banco Bilbao Vizcaya Argentaria SA"),
        ("ПАО Газпром", "Gazprom"),
        ("Gazprom", "G\u0430zprom"),
        ("Acme International Holding", "Acme Intl Hldg"),
        ("Star Media Group", "Media Star"),
    ],
)
def test_like_names_are_found(known: str, asked: str) -> None:
    CustomerFactory(legal_name=known)
    CustomerFactory(legal_name="Zenith Logistics")
    assert names_of(CustomerIdentity(asked, "PL")) == [known]


def test_names_all_of_common_words_are_found_among_many() -> None:
    Customer.objects.bulk_create(
        CustomerFactory.build(legal_name=name, external_id=f"{name}{number}")
        for name in ("Star Energy", "Media Bank", "Star Steel", "Media Steel")
        for number in range(110)
    )
    CustomerFactory(legal_name="Star Media")
    recount_words()
    assert names_of(CustomerIdentity("Media Star Group", "PL")) == ["Star Media"]


def test_letters_that_pose_as_others_are_told() -> None:
    CustomerFactory(legal_name="G\u0430zprom")
    CustomerFactory(legal_name="Acme")
    (found,) = queries.customer_candidates(CustomerIdentity("Gazprom", "PL"))
    assert found.has_lookalikes
    (found,) = queries.customer_candidates(CustomerIdentity("Acme", "PL"))
    assert not found.has_lookalikes


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_writers_of_the_same_new_words_neither_double_them_nor_deadlock(now: datetime) -> None:
    def bring(writer: int) -> None:
        rows = [customer_row(100 * writer + n, legal_name=f"Same{n} New{(n * 7) % 30}") for n in range(30)]
        upsert_customers(rows[::-1] if writer % 2 else rows, by=CRM, at=now)

    raised = [found for found in outcomes_of(*(lambda side=side: bring(side) for side in range(8))) if found]  # type: ignore[misc]
    assert raised == []
    assert NameWord.objects.count() == 61
    recount_words()
    assert counts()[""] == 240


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_a_count() -> None:
    """While one transaction holds a word, another counts all others and goes on."""
    count_words(new=[["held"], ["free"]])

    def other() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
        count_words(new=[["free", "held"]])

    with transaction.atomic():
        count_words(new=[["held"]])
        assert outcomes_of(other) == [None]
    assert (counts()["held"], counts()["free"]) == (2, 2)
