"""Endpoints of the check before a registration and of pencil holds."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.idempotency import idempotent
from common.api.views import ApiView
from common.money import Money
from common.reasons import sentence
from common.verdict import ALLOWED, Reason, refusal
from crm import queries as crm_queries
from crm.rules.matching import CustomerIdentity
from deals.actions.checks import preflight
from deals.actions.pencils import hold_customer, release_hold
from deals.api.views import partner_named
from deals.choices.checks import Light
from deals.choices.registrations import DealSource
from deals.queries.calendar import day_of
from deals.queries.holds import holds_visible_to
from deals.rules.preflight import PreflightQuestion, question_is_complete


class PreflightQuestionSerializer(serializers.Serializer[Any]):
    """Who the customer is and what is to be sold; without an amount nothing is said of its size."""

    partner = serializers.CharField(max_length=24, help_text="The partner's public id.")
    customer_name = serializers.CharField(max_length=300)
    customer_country = serializers.CharField(max_length=2, help_text="ISO 3166 alpha-2.")
    customer_domain = serializers.CharField(max_length=253, default="", allow_blank=True)
    customer_tax_id = serializers.CharField(max_length=40, default="", allow_blank=True)
    products = serializers.ListField(child=serializers.CharField(max_length=24), min_length=1, max_length=20)
    site = serializers.CharField(max_length=120, default="", allow_blank=True)
    source = serializers.ChoiceField(DealSource.choices, default=DealSource.OWN)  # type: ignore[assignment]
    amount = serializers.DecimalField(max_digits=19, decimal_places=2, default=None, allow_null=True)
    currency = serializers.CharField(max_length=3, default="", allow_blank=True, help_text="ISO 4217, of the amount.")


class LightSerializer(serializers.Serializer[Any]):
    """`green`: free. `amber`: a person will look. `red`: it would be rejected, in one text whoever is the reason."""

    light = serializers.ChoiceField(Light.choices)
    code = serializers.CharField()
    message = serializers.CharField()


class HoldSerializer(serializers.Serializer[Any]):
    """A free customer that is kept for a partner until `ends_at`, half-open."""

    public_id = serializers.CharField()
    partner = serializers.CharField(source="partner.public_id")
    customer_name = serializers.CharField()
    customer_country = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


class Preflight(ApiView):
    required_scopes = {"POST": "deals.write"}
    serializer_class = LightSerializer

    @extend_schema(
        summary="Ask what would be decided",
        description="By the rules in force, without registering anything. A partner's own clients are limited to the "
        "published number of different customers an hour.",
        request=PreflightQuestionSerializer,
        responses={200: LightSerializer},
    )
    def post(self, request: Request) -> Response:
        at = timezone.now()
        partner_id, question = _question(request.data, at)
        answer = preflight(partner_id, question, by=self.actor, at=at)
        message = sentence(Reason(answer.code, answer.params))
        return Response({"light": answer.light, "code": answer.code, "message": message})


class PencilHoldList(ApiView):
    required_scopes = {"GET": "deals.read", "POST": "deals.write"}
    serializer_class = HoldSerializer

    @extend_schema(summary="List live pencil holds", responses={200: HoldSerializer(many=True)})
    def get(self, request: Request) -> Response:
        return Response(HoldSerializer(holds_visible_to(self.actor, at=timezone.now()), many=True).data)

    @extend_schema(
        summary="Keep a free customer for a partner",
        request=PreflightQuestionSerializer,
        responses={201: HoldSerializer},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        at = timezone.now()
        partner_id, question = _question(request.data, at)
        hold = hold_customer(partner_id, question, by=self.actor, at=at)
        return Response(HoldSerializer(hold).data, status=status.HTTP_201_CREATED)


class PencilHoldDetail(ApiView):
    required_scopes = {"DELETE": "deals.write"}

    @extend_schema(summary="Give a pencil hold up", responses={204: None})
    def delete(self, request: Request, public_id: str) -> Response:
        release_hold(public_id, by=self.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


def _question(data: Any, at: datetime) -> tuple[int, PreflightQuestion]:
    """The partner and its question. Refuses unknown partners and products, and who is no company."""
    typed = PreflightQuestionSerializer(data=data)
    typed.is_valid(raise_exception=True)
    values: Mapping[str, Any] = typed.validated_data
    known = {product.public_id: product.family_id for product in crm_queries.product_choices()}
    unknown = [place for place, product in enumerate(values["products"]) if product not in known]
    products = refusal("registration.unknown_product", field=f"products[{unknown[0]}]") if unknown else ALLOWED
    identity = CustomerIdentity(
        *(values["customer_name"], values["customer_country"], values["customer_domain"], values["customer_tax_id"])
    )
    partner_id = partner_named(values["partner"])
    families = tuple(sorted({known[product] for product in values["products"] if product in known}))
    amount = _in_base_currency(values["amount"], values["currency"], at)
    question = PreflightQuestion(identity, families, values["site"], amount, values["source"])
    (products & question_is_complete(question)).or_refuse()
    return partner_id, question


def _in_base_currency(amount: Decimal | None, currency: str, at: datetime) -> Decimal | None:
    if amount is None:
        return None
    day = day_of(at)
    rate = crm_queries.rate_on(currency, day)
    if rate is None:
        refusal("registration.no_rate", field="currency", currency=currency, day=day.isoformat()).or_refuse()
        raise AssertionError
    return Money(amount * rate, settings.BASE_CURRENCY).rounded().amount
