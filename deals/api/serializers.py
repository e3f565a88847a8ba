"""What registrations and decisions look like from outside: public ids, decimal strings with a currency, UTC."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.reasons import sentence
from deals.choices.engagement import RuleVerdict
from deals.choices.registrations import DealSource, RegistrationStatus, SalesStage

_AMOUNT: dict[str, Any] = {"max_digits": 19, "decimal_places": 4}


class NewLineSerializer(serializers.Serializer[Any]):
    product = serializers.CharField(max_length=24, help_text="The product's public id.")
    quantity = serializers.IntegerField()
    amount = serializers.DecimalField(max_digits=19, decimal_places=2, help_text="Value of the whole line.")


class NewRegistrationSerializer(serializers.Serializer[Any]):
    """A deal to register for a partner. With `submit` false it is kept as a draft and nothing is decided."""

    partner = serializers.CharField(max_length=24, help_text="The partner's public id.")
    customer_name = serializers.CharField(max_length=10_000, trim_whitespace=True)
    customer_country = serializers.CharField(max_length=10, default="", help_text="ISO 3166 alpha-2.")
    customer_domain = serializers.CharField(max_length=10_000, default="", allow_blank=True)
    customer_tax_id = serializers.CharField(max_length=10_000, default="", allow_blank=True)
    contact = serializers.CharField(max_length=10_000, default="", allow_blank=True)
    expected_close_on = serializers.DateField(default=None, allow_null=True)
    stage = serializers.ChoiceField(SalesStage.choices, default=SalesStage.PROSPECT)
    why_now = serializers.CharField(max_length=20_000, default="", allow_blank=True)
    source = serializers.ChoiceField(DealSource.choices, default=DealSource.OWN)  # type: ignore[assignment]
    currency = serializers.CharField(max_length=3, help_text="ISO 4217.")
    site = serializers.CharField(
        max_length=10_000, default="", allow_blank=True, help_text="Empty: the whole customer."
    )
    lines = NewLineSerializer(many=True, default=list)
    submit = serializers.BooleanField(default=True)


class LineSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    product = serializers.CharField(source="product_public_id")
    family = serializers.CharField(source="family_code")
    quantity = serializers.IntegerField()
    amount = serializers.DecimalField(**_AMOUNT)


class RegistrationSerializer(serializers.Serializer[Any]):
    """A deal registration. `status` is as it reads now: a protection lapses by time alone."""

    public_id = serializers.CharField()
    partner = serializers.CharField(source="partner_public_id")
    status = serializers.ChoiceField(RegistrationStatus.choices, source="current_status")
    customer_name = serializers.CharField()
    customer_country = serializers.CharField(allow_blank=True)
    customer_domain = serializers.CharField(allow_blank=True)
    customer_tax_id = serializers.CharField(allow_blank=True)
    customer = serializers.CharField(
        source="customer_public_id",
        default=None,
        allow_null=True,
        help_text="Who it turned out to be; null: not settled.",
    )
    site = serializers.CharField(allow_blank=True, help_text="Empty: the whole customer.")
    contact = serializers.CharField(allow_blank=True)
    expected_close_on = serializers.DateField(allow_null=True)
    stage = serializers.ChoiceField(SalesStage.choices)
    source = serializers.ChoiceField(DealSource.choices)  # type: ignore[assignment]
    why_now = serializers.CharField(allow_blank=True)
    currency = serializers.CharField()
    total_amount = serializers.DecimalField(**_AMOUNT)
    base_amount = serializers.DecimalField(
        **_AMOUNT, allow_null=True, help_text="In the base currency, at the day's rate."
    )
    submitted_at = serializers.DateTimeField(allow_null=True)
    review_due_at = serializers.DateTimeField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    protected_until = serializers.DateTimeField(allow_null=True, help_text="Half-open: free again from this instant.")
    won_at = serializers.DateTimeField(allow_null=True)
    lost_at = serializers.DateTimeField(allow_null=True)
    lost_reason = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    lines = LineSerializer(many=True, source="read_lines")


class _ReasonSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()


class OutcomeSerializer(serializers.Serializer[Any]):
    """What one rule said."""

    rule = serializers.CharField()
    verdict = serializers.ChoiceField(RuleVerdict.choices)
    reason = serializers.SerializerMethodField()
    inputs = serializers.DictField(help_text="The values it decided on.")
    is_decisive = serializers.BooleanField()

    @extend_schema_field(_ReasonSerializer)
    def get_reason(self, found: Any) -> dict[str, str]:
        return {"code": found.reason.code, "message": sentence(found.reason)}


class DecisionSerializer(serializers.Serializer[Any]):
    """A decision's receipt: every rule of the rulebook's version, in order; the first that does not pass decides."""

    public_id = serializers.CharField()
    sequence = serializers.IntegerField()
    at = serializers.DateTimeField()
    verdict = serializers.ChoiceField(RuleVerdict.choices)
    judged_verdict = serializers.ChoiceField(RuleVerdict.choices, help_text="What the rules said by themselves.")
    reason = serializers.SerializerMethodField()
    decided_by = serializers.CharField(allow_blank=True, help_text="Empty: by the rules.")
    rulebook_version = serializers.IntegerField()
    outcomes = OutcomeSerializer(many=True, source="lines")
    inputs = serializers.DictField(help_text="All facts of the judgement; for the vendor only.")

    @extend_schema_field(_ReasonSerializer)
    def get_reason(self, receipt: Any) -> dict[str, str]:
        return {"code": receipt.reason.code, "message": sentence(receipt.reason)}
