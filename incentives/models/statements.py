"""What a partner is told: one statement per month and currency, its lines, and the months that are closed."""

from decimal import Decimal
from functools import partial

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q

from common.database import are_numbers
from common.ids import public_id
from incentives.choices import JournalKind, StatementStatus
from incentives.models.ledger import Accrual, MakeGood, money_check


class Statement(models.Model):
    """A month of a partner's payable account; made with its first posting, frozen (by a trigger) when it is closed.

    All amounts are signed from the partner's view: clawbacks and payouts are negative.
    """

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "stm"), editable=False)
    partner = models.ForeignKey("partners.Partner", models.PROTECT, related_name="statements")
    month_starts_on = models.DateField()
    currency = models.CharField(max_length=3)
    opening = models.DecimalField(max_digits=19, decimal_places=4, default=0)
    accruals = models.DecimalField(max_digits=19, decimal_places=4, default=0)
    adjustments = models.DecimalField(max_digits=19, decimal_places=4, default=0)
    clawbacks = models.DecimalField(max_digits=19, decimal_places=4, default=0)
    make_goods = models.DecimalField(max_digits=19, decimal_places=4, default=0)
    payouts = models.DecimalField(max_digits=19, decimal_places=4, default=0)
    closing = models.DecimalField(max_digits=19, decimal_places=4, default=0)
    status = models.CharField(max_length=8, choices=StatementStatus, default=StatementStatus.OPEN)
    updated_at = models.DateTimeField()  # when its figures last moved, or when it was closed
    closed_at = models.DateTimeField(null=True, blank=True)
    content_hash = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-month_starts_on", "-id"]
        indexes = [
            models.Index(fields=["-month_starts_on", "-id"], name="statement_by_month"),
            models.Index(fields=["updated_at", "public_id"], name="statement_by_change"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["partner", "month_starts_on", "currency"], name="statement_once"),
            models.CheckConstraint(
                condition=Q(
                    closing=F("opening")
                    + F("accruals")
                    + F("adjustments")
                    + F("clawbacks")
                    + F("make_goods")
                    + F("payouts")
                ),
                name="statement_adds_up",
            ),
            models.CheckConstraint(condition=Q(clawbacks__lte=0), name="statement_clawbacks_take"),
            models.CheckConstraint(condition=are_numbers("closing", "opening"), name="statement_numbers"),
            models.CheckConstraint(condition=Q(month_starts_on__day=1), name="statement_of_a_month"),
            models.CheckConstraint(
                condition=Q(status="open", closed_at__isnull=True, content_hash="")
                | Q(status="closed", closed_at__isnull=False) & ~Q(content_hash=""),
                name="statement_closed_with_hash",
            ),
        ]

    @property
    def corrections(self) -> Decimal:
        """What corrected and cancelled sales of ended periods moved, up and down, and what was made good."""
        return self.adjustments + self.clawbacks + self.make_goods

    def __str__(self) -> str:
        return f"{self.partner_id} {self.month_starts_on} {self.currency}"


class StatementLine(models.Model):
    """What one accrual, make-good or payout moved in the month, with its explanation as it was last posted.

    The journals of a line sum to its `amount`, and so do its `steps`.
    """

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "stl"), editable=False)
    statement = models.ForeignKey(Statement, models.PROTECT, related_name="lines")
    kind = models.CharField(max_length=12, choices=JournalKind)
    accrual = models.ForeignKey(Accrual, models.PROTECT, null=True, blank=True, related_name="lines")
    make_good = models.OneToOneField(MakeGood, models.PROTECT, null=True, blank=True, related_name="line")
    description = models.CharField(
        max_length=200
    )  # the plan's name, the deal that is made good, or the payout's reference
    amount = models.DecimalField(max_digits=19, decimal_places=4)
    computed_on = models.DateField()
    volume = models.DecimalField(max_digits=19, decimal_places=4, null=True, blank=True)
    inputs_hash = models.CharField(max_length=64, blank=True)
    steps = models.JSONField(default=list, encoder=DjangoJSONEncoder)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["statement", "accrual", "kind"], name="statement_line_once"),
            models.CheckConstraint(condition=Q(kind__in=JournalKind.values), name="statement_line_kind_known"),
            money_check("statement_line_amount_is_money", may_be_zero=True),
        ]

    def __str__(self) -> str:
        return f"{self.description} {self.amount}"


class ClosedMonth(models.Model):
    """A month into which nothing is posted any more (a trigger sees to it), and the hash over its statements."""

    month_starts_on = models.DateField(unique=True)
    closed_at = models.DateTimeField()
    statement_count = models.PositiveIntegerField()
    content_hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["month_starts_on"]

    def __str__(self) -> str:
        return str(self.month_starts_on)
