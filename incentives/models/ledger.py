"""What is owed: accruals are the targets, journals and their entries the only record of money."""

from functools import partial

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Func, Q, Value

from common.database import are_numbers
from common.ids import public_id
from incentives.choices import AccountCode, JournalKind
from incentives.models.plans import PlanVersion


def money_check(name: str, *, may_be_zero: bool, field: str = "amount") -> models.CheckConstraint:
    """A real number with at most two decimals and, for entries, not zero."""
    whole = Q(**{field: Func(F(field), Value(2), function="round")}) & are_numbers(field)
    return models.CheckConstraint(condition=whole if may_be_zero else whole & ~Q(**{field: 0}), name=name)


class Accrual(models.Model):
    """What a partner has earned under a plan version in a period, as of the business date `computed_on`: the target.

    The journals of an accrual sum to `amount`, and so do its `steps`; `inputs_hash` is over the sale lines counted.
    """

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "acc"), editable=False)
    plan_version = models.ForeignKey(PlanVersion, models.PROTECT, related_name="accruals")
    partner = models.ForeignKey("partners.Partner", models.PROTECT, related_name="accruals")
    period_starts_on = models.DateField()
    period_ends_on = models.DateField()
    computed_on = models.DateField()  # sales booked until the end of this day are in
    currency = models.CharField(max_length=3)
    volume = models.DecimalField(max_digits=19, decimal_places=4)
    amount = models.DecimalField(max_digits=19, decimal_places=4)
    steps = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    inputs_hash = models.CharField(max_length=64)
    posting_count = models.PositiveIntegerField(default=0)  # of journals: the next one's sequence, guessed by nobody

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["partner", "plan_version", "period_starts_on"], name="accrual_once"),
            models.CheckConstraint(condition=Q(period_ends_on__gt=F("period_starts_on")), name="accrual_period"),
            models.CheckConstraint(
                condition=Q(computed_on__gte=F("period_starts_on")), name="accrual_computed_in_time"
            ),
            models.CheckConstraint(condition=are_numbers("volume"), name="accrual_volume_is_a_number"),
            money_check("accrual_amount_is_money", may_be_zero=True),
        ]

    def __str__(self) -> str:
        return f"{self.plan_version} {self.partner_id} {self.period_starts_on}"


class Account(models.Model):
    """Where money is counted. A partner's payable account is its own; the others belong to the vendor."""

    code = models.CharField(max_length=20, choices=AccountCode)
    partner = models.ForeignKey("partners.Partner", models.PROTECT, null=True, blank=True, related_name="accounts")
    currency = models.CharField(max_length=3)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["partner", "code", "currency"], name="account_once", nulls_distinct=False),
            models.CheckConstraint(condition=Q(code__in=AccountCode.values), name="account_code_known"),
            models.CheckConstraint(
                condition=Q(code="partner_payable", partner__isnull=False)
                | (~Q(code="partner_payable") & Q(partner__isnull=True)),
                name="account_payable_has_a_partner",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.partner_id or ''} {self.currency}"


class Recalculation(models.Model):
    """One look at a set of partners that posted something: which run, as of which day. Its audit entry hangs on it."""

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "rcl"), editable=False)
    run_key = models.CharField(max_length=120)
    business_date = models.DateField()
    at = models.DateTimeField()
    accruals_changed = models.PositiveIntegerField()
    journals_posted = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["-business_date", "-id"], name="recalculation_history")]

    def __str__(self) -> str:
        return f"{self.run_key} {self.public_id}"


class MakeGood(models.Model):
    """What the vendor pays for a broken promise: a settled breach of a protection, once. Append-only.

    Taken back only by a counter-entry: a row of its own with the opposite amount that `reverses` it. The steps add up
    to the amount.
    """

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "mkg"), editable=False)
    partner = models.ForeignKey("partners.Partner", models.PROTECT, related_name="make_goods")
    breach_public_id = models.CharField(max_length=24)
    reverses = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="reversed_by")
    amount = models.DecimalField(max_digits=19, decimal_places=4)
    currency = models.CharField(max_length=3)
    steps = models.JSONField(encoder=DjangoJSONEncoder)
    words = models.TextField(blank=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["breach_public_id"], name="make_good_once", condition=Q(reverses__isnull=True)
            ),
            models.CheckConstraint(
                condition=Q(reverses__isnull=True, amount__gt=0) | Q(reverses__isnull=False, amount__lt=0),
                name="make_good_pays_and_its_counter_entry_takes",
            ),
            money_check("make_good_amount_is_money", may_be_zero=False),
        ]

    def __str__(self) -> str:
        return f"{self.public_id} {self.breach_public_id}"


_NOT_RECALCULATED = Q(accrual__isnull=True, sequence__isnull=True, recalculation__isnull=True)


class Journal(models.Model):
    """One posting. Its entries sum to zero per currency when the transaction commits, or there is no commit."""

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "jrn"), editable=False)
    kind = models.CharField(max_length=12, choices=JournalKind)
    partner = models.ForeignKey("partners.Partner", models.PROTECT, related_name="journals")
    posted_on = models.DateField()
    line = models.ForeignKey("incentives.StatementLine", models.PROTECT, related_name="journals")
    accrual = models.ForeignKey(Accrual, models.PROTECT, null=True, blank=True, related_name="journals")
    make_good = models.OneToOneField(MakeGood, models.PROTECT, null=True, blank=True, related_name="journal")
    sequence = models.PositiveIntegerField(null=True, blank=True)  # within the accrual, from 1
    recalculation = models.ForeignKey(Recalculation, models.PROTECT, null=True, blank=True, related_name="journals")
    reference = models.CharField(max_length=80, blank=True)  # of a payout, from the bank
    memo = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["partner", "posted_on"], name="journal_of_partner")]
        constraints = [
            # Two writers who both saw the same posted amount would both write the same sequence: one of them fails.
            models.UniqueConstraint(fields=["accrual", "sequence"], name="journal_sequence_once"),
            models.UniqueConstraint(
                fields=["partner", "reference"], name="payout_reference_once", condition=Q(kind="payout")
            ),
            models.CheckConstraint(condition=Q(kind__in=JournalKind.values), name="journal_kind_known"),
            models.CheckConstraint(
                condition=Q(kind="payout", make_good__isnull=True) & _NOT_RECALCULATED & ~Q(reference="")
                | Q(kind="make_good", make_good__isnull=False, reference="") & _NOT_RECALCULATED
                | ~Q(kind__in=["payout", "make_good"])
                & Q(accrual__isnull=False, sequence__gte=1, recalculation__isnull=False, reference="")
                & Q(make_good__isnull=True),
                name="journal_comes_from_somewhere",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"


class Entry(models.Model):
    """Debits are positive, credits negative: what we owe a partner is minus the sum of its payable account."""

    journal = models.ForeignKey(Journal, models.PROTECT, related_name="entries")
    account = models.ForeignKey(Account, models.PROTECT, related_name="entries")
    amount = models.DecimalField(max_digits=19, decimal_places=4)
    currency = models.CharField(max_length=3)

    class Meta:
        verbose_name_plural = "entries"
        constraints = [money_check("entry_amount_is_money", may_be_zero=False)]

    def __str__(self) -> str:
        return f"{self.account} {self.amount}"
