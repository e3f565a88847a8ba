"""Credits that people and other programs report, by file or by REST, and what they take back."""

from collections.abc import Sequence
from datetime import datetime
from zlib import crc32

from django.db import connection, transaction

from common.actor import Actor
from common.audit import entry_of, record_all
from common.batches import Batch, BatchResult
from common.choices import RowOutcome
from common.errors import NotFound
from common.period import Period
from common.sheets import SheetRow, read_sheet
from common.verdict import ALLOWED, Reason, Verdict
from partners import rules as partner_rules
from tiers.actions.scores import NewCredit, Source, credit_scores, reverse_credits
from tiers.choices.scores import REPORTED
from tiers.models import ScoreCredit
from tiers.queries.overrides import day_of
from tiers.queries.reported import known_for
from tiers.rules import credits as rules
from tiers.rules.credits import COLUMNS, PROBLEMS, REQUIRED, CreditRow, Judged, Known, ReversalRow, trimmed

_LOCK = crc32(b"tiers.reported")


def credit_reported(rows: Sequence[CreditRow], *, by: Actor, at: datetime) -> BatchResult:
    """Credit what was reported. All or nothing; refuses without ``score.credit``. The same again changes nothing."""
    partner_rules.may(by, "score.credit").or_refuse()
    rows = [trimmed(row) for row in rows]
    with transaction.atomic():
        _hold_others()
        known = known_for((row.place for row in rows), day=day_of(at))
        judged = rules.judge_rows(rows, known)
        batch = Batch([row.source_key for row in rows], key_field=None)  # a key may credit several partners
        for found in judged:
            batch.add_faults(found.number, found.problems)
            batch.outcomes[found.number] = found.outcome
        if not batch.failed:
            _credit(judged, known, by=by, at=at)
        return batch.result()


def preview_reported(content: bytes, *, by: Actor, at: datetime) -> tuple[list[Judged], Verdict]:
    """What would become of each row of a file, or why it cannot be read at all. Writes nothing."""
    partner_rules.may(by, "score.credit").or_refuse()
    sheet, verdict = read_sheet(content, (*COLUMNS, PROBLEMS), REQUIRED)
    return (_judged(sheet, at)[0], ALLOWED) if verdict else ([], verdict)


def import_reported(content: bytes, *, by: Actor, at: datetime) -> list[Judged]:
    """Credit the good rows of a file; the others are left out and say why. The same file again changes nothing.

    Refuses (all reasons) a file that cannot be read, and anyone without ``score.credit``.
    """
    partner_rules.may(by, "score.credit").or_refuse()
    sheet, verdict = read_sheet(content, (*COLUMNS, PROBLEMS), REQUIRED)
    verdict.or_refuse()
    with transaction.atomic():
        _hold_others()
        judged, known = _judged(sheet, at)
        _credit(judged, known, by=by, at=at)
    return judged


def reverse_reported(rows: Sequence[ReversalRow], *, by: Actor, at: datetime) -> BatchResult:
    """Undo all that was credited under these keys, for the reasons given. All or nothing.

    What was undone before stays as it is. Refuses unknown keys and reasons that say nothing, row by row.
    """
    partner_rules.may(by, "score.credit").or_refuse()
    rows = [trimmed(row) for row in rows]
    batch = Batch([row.source_key for row in rows], key_field="source_key")
    with transaction.atomic():
        _hold_others()
        credits = _credits_of(REPORTED, batch.keys)
        for index, row in enumerate(rows):
            unknown = [] if credits.get(row.source_key) else [_unknown(row.source_key)]
            batch.add_faults(index, [*unknown, *rules.reason_is_sound(row.reason).reasons])
        if batch.failed:
            return batch.result()
        for index, row in enumerate(rows):
            if _reverse(REPORTED, row.source_key, credits[row.source_key], reason=row.reason, by=by, at=at):
                batch.outcomes[index] = RowOutcome.UPDATED
        return batch.result()


def reverse_source(source_kind: str, source_key: str, *, reason: str, by: Actor, at: datetime) -> int:
    """Undo by hand all that a source was credited; returns how many credits were undone.

    Refuses what moves with a sale or a deal, what was undone before, and a reason that says nothing; `NotFound` if
    nothing was ever credited.
    """
    partner_rules.may(by, "score.credit").or_refuse()
    with transaction.atomic():
        _hold_others()
        credits = _credits_of(source_kind, [source_key]).get(source_key, [])
        if not credits:
            raise NotFound(source_key)
        verdict = rules.may_reverse(source_kind, standing_count=len(_standing(credits)))
        (verdict & rules.reason_is_sound(reason.strip())).or_refuse()
        return _reverse(source_kind, source_key, credits, reason=reason.strip(), by=by, at=at)


def _hold_others() -> None:
    """One report at a time, until the transaction ends: what was looked at is what is written."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _judged(sheet: Sequence[SheetRow], at: datetime) -> tuple[list[Judged], Known]:
    places = [trimmed(rules.row_of(record)[0]).place for record in sheet]
    known = known_for(places, day=day_of(at))
    return rules.judge_sheet(sheet, known), known


def _credit(judged: Sequence[Judged], known: Known, *, by: Actor, at: datetime) -> None:
    """Write the new ones, each with an entry that says who reported it."""
    new = [found.row for found in judged if found.is_new and found.row is not None]
    credits = [
        NewCredit(
            partner_id=known.partners[row.partner],
            metric=row.metric,
            amount=row.amount,
            period=Period(row.valid_from, row.valid_until),
            source=Source(REPORTED, row.source_key, row.label, row.holder),
        )
        for row in new
    ]
    credit_scores(credits, at=at)
    amounts = {row.place: row.amount for row in new}
    keys = {row.source_key for row in new}
    written = ScoreCredit.objects.filter(source_kind=REPORTED, source_key__in=keys, reverses=None)
    rows = written.select_related("partner", "metric").order_by("pk")
    record_all(
        entry_of("score.credited", on=row, by=by, at=at, key=row.source_key, amount=row.amount, metric=row.metric.code)
        for row in rows
        if (row.source_key, row.partner.public_id, row.metric.code) in amounts
    )


def _credits_of(source_kind: str, keys: Sequence[str]) -> dict[str, list[ScoreCredit]]:
    """What was credited under each key, with what undid it."""
    found: dict[str, list[ScoreCredit]] = {}
    credits = ScoreCredit.objects.filter(source_kind=source_kind, source_key__in=list(keys), reverses=None)
    for credit in credits.prefetch_related("reversals").order_by("pk"):
        found.setdefault(credit.source_key, []).append(credit)
    return found


def _standing(credits: Sequence[ScoreCredit]) -> list[ScoreCredit]:
    return [credit for credit in credits if not credit.reversals.all()]


def _reverse(
    source_kind: str, key: str, credits: Sequence[ScoreCredit], *, reason: str, by: Actor, at: datetime
) -> int:
    standing = _standing(credits)
    record_all(entry_of("score.reversed", on=credit, by=by, at=at, key=key, reason=reason) for credit in standing)
    return reverse_credits(source_kind, [key], at=at) if standing else 0


def _unknown(key: str) -> Reason:
    return Reason("score.key_unknown", {"key": key[:80]}, "source_key")
