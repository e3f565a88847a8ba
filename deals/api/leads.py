"""Endpoints of leads and their offers."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.idempotency import idempotent
from common.api.views import ApiView
from crm import queries as crm_queries
from deals.actions import leads as actions
from deals.choices.leads import LeadStatus, OfferAnswer
from deals.queries import leads as queries
from deals.rules.leads import NewLead

_AMOUNT: dict[str, Any] = {"max_digits": 19, "decimal_places": 4}


class NewLeadSerializer(serializers.Serializer[Any]):
    """A company that asked the vendor. Offered to the best partner at once unless `offer` is false."""

    customer_name = serializers.CharField(max_length=10_000)
    customer_country = serializers.CharField(max_length=10, help_text="ISO 3166 alpha-2.")
    customer_domain = serializers.CharField(max_length=10_000, default="", allow_blank=True)
    customer_segment = serializers.CharField(max_length=10_000, default="", allow_blank=True)
    family = serializers.CharField(max_length=40, help_text="The product family's code.")
    contact_name = serializers.CharField(max_length=10_000)
    contact_email = serializers.CharField(max_length=10_000, default="", allow_blank=True)
    contact_phone = serializers.CharField(max_length=10_000, default="", allow_blank=True)
    words = serializers.CharField(max_length=20_000, help_text="Partners read it before they accept.")
    value = serializers.DecimalField(max_digits=19, decimal_places=2, help_text="In the base currency.")
    offer = serializers.BooleanField(default=True)


class LeadSerializer(serializers.Serializer[Any]):
    public_id = serializers.CharField()
    status = serializers.ChoiceField(LeadStatus.choices)
    customer_name = serializers.CharField()
    customer_country = serializers.CharField()
    customer_domain = serializers.CharField(allow_blank=True)
    customer_segment = serializers.CharField(allow_blank=True)
    family = serializers.CharField(source="family.code")
    contact_name = serializers.CharField()
    contact_email = serializers.CharField(allow_blank=True)
    contact_phone = serializers.CharField(allow_blank=True)
    words = serializers.CharField()
    value = serializers.DecimalField(**_AMOUNT, help_text="In the base currency.")
    created_at = serializers.DateTimeField()


class LeadOfferSerializer(serializers.Serializer[Any]):
    """A lead offered to a partner. Company and contacts are empty until it is accepted."""

    public_id = serializers.CharField()
    partner = serializers.CharField(help_text="The partner's public id.")
    country = serializers.CharField()
    segment = serializers.CharField(allow_blank=True)
    family = serializers.CharField()
    value = serializers.DecimalField(**_AMOUNT, help_text="In the base currency.")
    words = serializers.CharField()
    offered_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(help_text="Half-open: over from this instant.")
    answer = serializers.ChoiceField(OfferAnswer.choices)
    answered_at = serializers.DateTimeField(allow_null=True)
    customer_name = serializers.CharField(allow_blank=True)
    customer_domain = serializers.CharField(allow_blank=True)
    contact_name = serializers.CharField(allow_blank=True)
    contact_email = serializers.CharField(allow_blank=True)
    contact_phone = serializers.CharField(allow_blank=True)
    registration = serializers.CharField(allow_blank=True, help_text="The draft of the deal, once accepted.")

    def to_representation(self, instance: Any) -> Any:
        return super().to_representation(queries.as_shown(instance, at=timezone.now()))


class DeclinationSerializer(serializers.Serializer[Any]):
    words = serializers.CharField(max_length=10_000, default="", allow_blank=True)


class LeadFilter(filters.FilterSet):
    status = filters.ChoiceFilter(choices=LeadStatus.choices)


class OfferFilter(filters.FilterSet):
    answer = filters.ChoiceFilter(choices=OfferAnswer.choices, help_text="As stored: one that is over may still wait.")


class Leads(ApiView):
    keyset = "created_at"
    required_scopes = {"GET": "deals.read", "POST": "deals.read deals.write"}
    lookup_field = "public_id"

    def get_queryset(self) -> QuerySet[Any]:
        return queries.leads_visible_to(self.actor)


@extend_schema_view(get=extend_schema(summary="List leads", description="In the order of entry, oldest first."))
class LeadList(Leads, ListAPIView):
    serializer_class = LeadSerializer
    filterset_class = LeadFilter

    @extend_schema(summary="Enter a lead", request=NewLeadSerializer, responses={201: LeadSerializer})
    @idempotent()
    def post(self, request: Request) -> Response:
        typed = NewLeadSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        values, at = dict(typed.validated_data), timezone.now()
        is_offered = values.pop("offer")
        known = {family.code: family.pk for family in crm_queries.families()}
        lead = actions.create_lead(NewLead(family_id=known.get(values.pop("family")), **values), by=self.actor, at=at)
        if is_offered:
            lead = actions.offer_lead(lead.pk, by=self.actor, at=at)
        return Response(LeadSerializer(lead).data, status=status.HTTP_201_CREATED)


@extend_schema_view(get=extend_schema(summary="Show a lead"))
class LeadDetail(Leads, RetrieveAPIView):
    serializer_class = LeadSerializer


class LeadOffering(Leads):
    serializer_class = LeadSerializer

    @extend_schema(summary="Offer a lead to the best partner", request=None, responses={200: LeadSerializer})
    @idempotent()
    def post(self, request: Request, public_id: str) -> Response:
        found = queries.find_lead(self.actor, public_id)
        return Response(LeadSerializer(actions.offer_lead(found.pk, by=self.actor, at=timezone.now())).data)


class LeadClosing(Leads):
    serializer_class = LeadSerializer

    @extend_schema(summary="Close a lead", request=None, responses={200: LeadSerializer})
    @idempotent()
    def post(self, request: Request, public_id: str) -> Response:
        found = queries.find_lead(self.actor, public_id)
        return Response(LeadSerializer(actions.close_lead(found.pk, by=self.actor, at=timezone.now())).data)


class Offers(ApiView):
    keyset = "offered_at"
    required_scopes = {"GET": "deals.read", "POST": "deals.read deals.write"}
    lookup_field = "public_id"

    def get_queryset(self) -> QuerySet[Any]:
        return queries.offers_visible_to(self.actor)


@extend_schema_view(get=extend_schema(summary="List offers of leads", description="Oldest first."))
class OfferList(Offers, ListAPIView):
    serializer_class = LeadOfferSerializer
    filterset_class = OfferFilter


@extend_schema_view(get=extend_schema(summary="Show an offer of a lead"))
class OfferDetail(Offers, RetrieveAPIView):
    serializer_class = LeadOfferSerializer


class Acceptance(Offers):
    serializer_class = LeadOfferSerializer

    @extend_schema(
        summary="Accept a lead",
        description="For the own company only. A draft of the deal is there from now on.",
        request=None,
        responses={200: LeadOfferSerializer},
    )
    @idempotent()
    def post(self, request: Request, public_id: str) -> Response:
        actions.accept_offer(public_id, by=self.actor, at=timezone.now())
        return Response(LeadOfferSerializer(queries.find_own_offer(self.actor, public_id)).data)


class Declination(Offers):
    serializer_class = LeadOfferSerializer

    @extend_schema(
        summary="Decline a lead",
        description="For the own company only. It is never offered to it again.",
        request=DeclinationSerializer,
        responses={200: LeadOfferSerializer},
    )
    @idempotent()
    def post(self, request: Request, public_id: str) -> Response:
        typed = DeclinationSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        actions.decline_offer(public_id, by=self.actor, at=timezone.now(), **typed.validated_data)
        return Response(LeadOfferSerializer(queries.find_own_offer(self.actor, public_id)).data)
