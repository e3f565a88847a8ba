"""Endpoints of appeals and breaches."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.idempotency import idempotent
from common.api.views import ApiView
from deals.actions.appeals import file_appeal
from deals.actions.breaches import acknowledge_breach, reject_breach, settle_breach
from deals.choices.cases import AppealStatus, BreachSource, BreachStatus
from deals.choices.registrations import RegistrationStatus
from deals.queries import appeals as appeal_queries
from deals.queries import breaches as breach_queries
from deals.queries.registrations import find_registration
from deals.templatetags.make_goods import sentence

_AMOUNT: dict[str, Any] = {"max_digits": 19, "decimal_places": 4}


class NewAppealSerializer(serializers.Serializer[Any]):
    registration = serializers.CharField(max_length=24, help_text="The registration's public id.")
    grounds = serializers.CharField(max_length=10_000)


class AppealSerializer(serializers.Serializer[Any]):
    """An appeal against a rejection, or against the end of a protection."""

    public_id = serializers.CharField()
    registration = serializers.CharField(source="registration.public_id")
    decision = serializers.CharField(source="decision.public_id", help_text="The decision appealed against.")
    status = serializers.ChoiceField(AppealStatus.choices)
    status_before = serializers.ChoiceField(RegistrationStatus.choices)
    grounds = serializers.CharField()
    filed_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(help_text="It is judged by then.")
    judged_at = serializers.DateTimeField(allow_null=True)
    words = serializers.CharField(allow_blank=True, help_text="The judge's reasons.")
    outcome = serializers.CharField(
        source="outcome.public_id", default=None, allow_null=True, help_text="The decision that the judgement is."
    )


class MakeGoodStepSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    params = serializers.DictField(child=serializers.CharField(), help_text="Exact numbers and words as text.")
    amount = serializers.DecimalField(**_AMOUNT)
    sentence = serializers.CharField()


class BreachSerializer(serializers.Serializer[Any]):
    """Direct sales was active inside a live protection. The steps add up to `amount`, the make-good proposed."""

    public_id = serializers.CharField()
    registration = serializers.CharField(source="registration.public_id")
    partner = serializers.CharField(source="partner.public_id")
    source = serializers.ChoiceField(BreachSource.choices)  # type: ignore[assignment]
    source_external_id = serializers.SerializerMethodField(
        help_text="The CRM's id of the opportunity or sale; empty for a partner's client."
    )
    status = serializers.ChoiceField(BreachStatus.choices)
    found_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(help_text="It is acknowledged by then.")
    amount = serializers.DecimalField(**_AMOUNT)
    currency = serializers.CharField()
    steps = serializers.SerializerMethodField()
    acknowledged_at = serializers.DateTimeField(allow_null=True)
    words = serializers.CharField(allow_blank=True, help_text="What went wrong.")
    settled_amount = serializers.DecimalField(**_AMOUNT, allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    closing_words = serializers.CharField(allow_blank=True)

    def get_source_external_id(self, breach: Any) -> str:
        return str(breach.source_external_id) if self.context["view"].actor.is_vendor else ""

    @extend_schema_field(MakeGoodStepSerializer(many=True))
    def get_steps(self, breach: Any) -> list[dict[str, Any]]:
        return [step | {"sentence": sentence(step["code"], step["params"], breach.currency)} for step in breach.steps]


class AppealFilter(filters.FilterSet):
    status = filters.ChoiceFilter(choices=AppealStatus.choices)
    registration = filters.CharFilter(field_name="registration__public_id", help_text="The registration's public id.")


class BreachFilter(filters.FilterSet):
    status = filters.ChoiceFilter(choices=BreachStatus.choices)
    partner = filters.CharFilter(field_name="partner__public_id", help_text="The partner's public id.")
    registration = filters.CharFilter(field_name="registration__public_id", help_text="The registration's public id.")


class Appeals(ApiView):
    keyset = "filed_at"
    required_scopes = {"GET": "deals.read", "POST": "deals.write"}
    lookup_field = "public_id"

    def get_queryset(self) -> QuerySet[Any]:
        return appeal_queries.appeals_visible_to(self.actor).select_related("outcome")


@extend_schema_view(get=extend_schema(summary="List appeals", description="In the order of filing, oldest first."))
class AppealList(Appeals, ListAPIView):
    serializer_class = AppealSerializer
    filterset_class = AppealFilter

    @extend_schema(
        summary="Appeal for a partner",
        description="Against a rejection, or the end of a protection. Judged by a person who did not decide before.",
        request=NewAppealSerializer,
        responses={201: AppealSerializer},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        typed = NewAppealSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        registration = find_registration(self.actor, typed.validated_data["registration"])
        grounds = typed.validated_data["grounds"]
        appeal = file_appeal(registration.pk, grounds=grounds, by=self.actor, at=timezone.now())
        return Response(AppealSerializer(appeal).data, status=status.HTTP_201_CREATED)


@extend_schema_view(get=extend_schema(summary="Show an appeal"))
class AppealDetail(Appeals, RetrieveAPIView):
    serializer_class = AppealSerializer


class Breaches(ApiView):
    keyset = "found_at"
    required_scopes = {"GET": "deals.read", "POST": "deals.read deals.write"}
    lookup_field = "public_id"

    def get_queryset(self) -> QuerySet[Any]:
        return breach_queries.breaches_visible_to(self.actor)

    def answer(self, public_id: str) -> Response:
        found = breach_queries.find_breach(self.actor, public_id)
        return Response(BreachSerializer(found, context={"view": self}).data)


@extend_schema_view(get=extend_schema(summary="List breaches", description="In the order of being found."))
class BreachList(Breaches, ListAPIView):
    serializer_class = BreachSerializer
    filterset_class = BreachFilter


@extend_schema_view(get=extend_schema(summary="Show a breach"))
class BreachDetail(Breaches, RetrieveAPIView):
    serializer_class = BreachSerializer


class AcknowledgementSerializer(serializers.Serializer[Any]):
    words = serializers.CharField(max_length=10_000, help_text="What went wrong; the partner reads it.")


class SettlementSerializer(serializers.Serializer[Any]):
    amount = serializers.DecimalField(max_digits=19, decimal_places=4, help_text="In the breach's currency.")
    words = serializers.CharField(
        max_length=10_000, default="", allow_blank=True, help_text="Needed if it is not the amount proposed."
    )


class RejectionSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=10_000, help_text="The partner reads it.")


class BreachAcknowledgement(Breaches):
    serializer_class = BreachSerializer

    @extend_schema(summary="Acknowledge a breach", request=AcknowledgementSerializer, responses={200: BreachSerializer})
    @idempotent()
    def post(self, request: Request, public_id: str) -> Response:
        typed = AcknowledgementSerializer(data=request.data)
        found = breach_queries.find_breach(self.actor, public_id)
        typed.is_valid(raise_exception=True)
        acknowledge_breach(found.pk, by=self.actor, at=timezone.now(), **typed.validated_data)
        return self.answer(public_id)


class BreachSettlement(Breaches):
    serializer_class = BreachSerializer

    @extend_schema(
        summary="Make a breach good",
        description="Posts the amount to the partner's statement. Above the published limit it takes a second person.",
        request=SettlementSerializer,
        responses={200: BreachSerializer},
    )
    @idempotent()
    def post(self, request: Request, public_id: str) -> Response:
        typed = SettlementSerializer(data=request.data)
        found = breach_queries.find_breach(self.actor, public_id)
        typed.is_valid(raise_exception=True)
        settle_breach(found.pk, by=self.actor, at=timezone.now(), **typed.validated_data)
        return self.answer(public_id)


class BreachRejection(Breaches):
    serializer_class = BreachSerializer

    @extend_schema(summary="Reject a breach", request=RejectionSerializer, responses={200: BreachSerializer})
    @idempotent()
    def post(self, request: Request, public_id: str) -> Response:
        typed = RejectionSerializer(data=request.data)
        found = breach_queries.find_breach(self.actor, public_id)
        typed.is_valid(raise_exception=True)
        reject_breach(found.pk, by=self.actor, at=timezone.now(), **typed.validated_data)
        return self.answer(public_id)
