"""The chain must notice every kind of tampering; the tamperer here has the owner's power and switches triggers off."""

import pytest
from django.db import IntegrityError, connection, transaction

from common.actor import SYSTEM
from common.audit import entry_of, record, record_all, verify_chain
from common.models import AuditEntry, AuditHead
from tests.factories.partners import PartnerFactory

pytestmark = pytest.mark.django_db


def seal() -> None:
    """What a commit does: run the deferred trigger."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


@pytest.fixture
def chain(now):
    partner = PartnerFactory()
    for number in range(4):
        record("partner.noted", on=partner, by=SYSTEM, at=now, number=number, name="Zażółć gęślą jaźń")
    seal()
    return list(AuditEntry.objects.order_by("position"))


def tamper(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql)
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_an_untouched_chain_is_whole(chain):
    report = verify_chain()
    assert report.entries == 4
    assert report.broken_at is None


def test_the_seal_waits_for_the_commit(now):
    record("partner.noted", on=PartnerFactory(), by=SYSTEM, at=now)
    entry = AuditEntry.objects.get(event="partner.noted")
    assert entry.position is None
    seal()
    entry.refresh_from_db()
    assert entry.position == AuditHead.objects.get().position


def test_all_of_a_transaction_are_sealed_in_the_order_in_which_they_were_written(now):
    partner = PartnerFactory()
    seal()
    record("partner.noted", on=partner, by=SYSTEM, at=now)
    with transaction.atomic():
        record_all(entry_of(event, on=partner, by=SYSTEM, at=now) for event in ("partner.seen", "partner.heard"))
    record("partner.left", on=partner, by=SYSTEM, at=now)
    seal()
    written = AuditEntry.objects.order_by("id")
    assert [entry.position for entry in written] == list(range(1, len(written) + 1))
    assert [entry.event for entry in written][-4:] == ["partner.noted", "partner.seen", "partner.heard", "partner.left"]
    assert verify_chain().broken_at is None


@pytest.mark.parametrize(
    ("sql", "position"),
    [
        ("UPDATE common_auditentry SET facts = '{}' WHERE position = 2", 2),
        ("UPDATE common_auditentry SET actor_key = 'user:1' WHERE position = 3", 3),
        ("UPDATE common_auditentry SET at = at + interval '1 microsecond' WHERE position = 1", 1),
        ("DELETE FROM common_auditentry WHERE position = 2", 3),
        ("UPDATE common_auditentry SET position = 7 - position WHERE position IN (3, 4)", 3),
        ("DELETE FROM common_auditentry WHERE position = 4", 4),
        ("UPDATE common_auditentry SET position = 9 WHERE position = 4", 9),
        ("DELETE FROM common_auditentry WHERE position = 1", 2),
        ("DELETE FROM common_audithead", 5),
    ],
    ids=["edit", "other actor", "other time", "delete", "reorder", "cut the tail", "gap", "cut the start", "no head"],
)
def test_tampering_is_found(chain, sql, position):
    with transaction.atomic():
        tamper("SET CONSTRAINTS ALL IMMEDIATE; " + sql if "7 - position" not in sql else swap_positions())
        report = verify_chain()
    assert report.broken_at == position


def swap_positions() -> str:
    return """UPDATE common_auditentry SET position = 99 WHERE position = 3;
              UPDATE common_auditentry SET position = 3 WHERE position = 4;
              UPDATE common_auditentry SET position = 4 WHERE position = 99"""


def test_an_inserted_entry_is_found(chain):
    tamper("""INSERT INTO common_auditentry
        (event, subject_kind, subject_id, actor_key, actor_label, at, facts, previous_hash, hash, position)
        SELECT 'partner.forged', subject_kind, subject_id, actor_key, actor_label, at, facts, hash, 'x', 5
        FROM common_auditentry WHERE position = 4""")
    assert verify_chain().broken_at == 5


@pytest.mark.parametrize("role", ["", "prm_app"])
@pytest.mark.parametrize("sql", ["UPDATE common_auditentry SET event = 'x'", "DELETE FROM common_auditentry"])
def test_entries_can_be_neither_changed_nor_deleted(chain, sql, role):
    refused = pytest.raises(Exception, match=r"append-only|permission denied")
    with refused as caught, transaction.atomic(), connection.cursor() as cursor:
        if role:
            cursor.execute(f"SET LOCAL ROLE {role}")
        cursor.execute(sql)
    assert isinstance(caught.value, IntegrityError) is (role == "")


def test_the_application_role_can_append(now):
    partner = PartnerFactory()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL ROLE prm_app")
        record("partner.noted", on=partner, by=SYSTEM, at=now)
        seal()
    assert verify_chain().broken_at is None
