"""What statements look like from outside: decimal strings with a currency, public ids, and the sentences of steps."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from incentives.choices import JournalKind, StatementStatus
from incentives.templatetags.explanations import sentence

_AMOUNT: dict[str, Any] = {"max_digits": 19, "decimal_places": 4}


class StatementSerializer(serializers.Serializer[Any]):
    """A month of what is owed to a partner. Clawbacks and payouts are negative; all figures add up to `closing`."""

    public_id = serializers.CharField()
    partner = serializers.CharField(source="partner.public_id")
    month_starts_on = serializers.DateField()
    currency = serializers.CharField()
    opening = serializers.DecimalField(**_AMOUNT)
    accruals = serializers.DecimalField(**_AMOUNT)
    adjustments = serializers.DecimalField(**_AMOUNT)
    clawbacks = serializers.DecimalField(**_AMOUNT)
    make_goods = serializers.DecimalField(**_AMOUNT, help_text="Paid for protections that direct sales broke.")
    payouts = serializers.DecimalField(**_AMOUNT)
    closing = serializers.DecimalField(**_AMOUNT)
    status = serializers.ChoiceField(StatementStatus.choices, help_text="An open statement still grows every night.")
    updated_at = serializers.DateTimeField(help_text="When its figures last moved, or when it was closed.")
    closed_at = serializers.DateTimeField(allow_null=True)
    content_hash = serializers.CharField(allow_blank=True, help_text="SHA-256 of a closed statement; empty while open.")


class StepSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    params = serializers.DictField(child=serializers.CharField(), help_text="Exact numbers and words as text.")
    amount = serializers.DecimalField(**_AMOUNT)
    sentence = serializers.CharField()


class StatementLineSerializer(serializers.Serializer[Any]):
    """What one plan and period, one make-good or one payout moved in the month. The steps add up to the amount."""

    public_id = serializers.CharField()
    kind = serializers.ChoiceField(JournalKind.choices)
    description = serializers.CharField(
        help_text="The plan's name, the deal made good, or the bank reference of a payout."
    )
    amount = serializers.DecimalField(**_AMOUNT)
    computed_on = serializers.DateField(help_text="Sales booked until the end of this day were counted.")
    period_starts_on = serializers.DateField(source="accrual.period_starts_on", default=None, allow_null=True)
    period_ends_on = serializers.DateField(
        source="accrual.period_ends_on", default=None, allow_null=True, help_text="The first day after the period."
    )
    volume = serializers.DecimalField(**_AMOUNT, allow_null=True, help_text="Sales counted, in the currency.")
    inputs_hash = serializers.CharField(allow_blank=True, help_text="Fingerprint of the sale lines that were counted.")
    steps = serializers.SerializerMethodField()

    @extend_schema_field(StepSerializer(many=True))
    def get_steps(self, line: Any) -> list[dict[str, Any]]:
        currency = line.statement.currency
        return [step | {"sentence": sentence(step["code"], step["params"], currency)} for step in line.steps]


class StatementDetailSerializer(StatementSerializer):
    lines = StatementLineSerializer(many=True)
