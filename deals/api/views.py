"""Endpoints of registrations and their decisions."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.idempotency import idempotent
from common.api.views import ApiView
from common.verdict import refusal
from crm import queries as crm_queries
from deals.actions.registrations import register_deal, save_draft, submit_registration
from deals.api.filters import RegistrationFilter
from deals.api.serializers import DecisionSerializer, NewRegistrationSerializer, RegistrationSerializer
from deals.queries.decisions import receipts_of
from deals.queries.registrations import (
    find_registration,
    registration_with_lines,
    registrations_with_lines,
)
from deals.rules.drafts import DraftLine, RegistrationDraft
from partners import queries as partner_queries

_SHOWN = RegistrationSerializer()  # one for all answers: a new one would copy its forty fields each time


class Registrations(ApiView):
    required_scopes = {"GET": "deals.read", "POST": "deals.write"}
    lookup_field = "public_id"

    def get_queryset(self) -> QuerySet[Any]:
        return registrations_with_lines(self.actor, at=timezone.now())

    def answer(self, public_id: str, status_code: int) -> Response:
        """What the client just did, also for one that may write but not read."""
        shown = registration_with_lines(public_id, at=timezone.now())
        return Response(_SHOWN.to_representation(shown), status=status_code)


@extend_schema_view(
    get=extend_schema(summary="List registrations", description="In the order of change, oldest first.")
)
class RegistrationList(Registrations, ListAPIView):
    serializer_class = RegistrationSerializer
    filterset_class = RegistrationFilter

    @extend_schema(
        summary="Register a deal for a partner",
        description="Decided at once by the rules of engagement, or by a person by the clock. A rejection is an answer "
        "(201 with status `rejected`), not an error: see the registration's decisions.",
        request=NewRegistrationSerializer,
        responses={201: RegistrationSerializer},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        typed = NewRegistrationSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        wants_submit = typed.validated_data.pop("submit")
        act = register_deal if wants_submit else save_draft
        registration = act(_draft_of(typed.validated_data), by=self.actor, at=timezone.now())
        return self.answer(registration.public_id, status.HTTP_201_CREATED)


@extend_schema_view(get=extend_schema(summary="Show a registration"))
class RegistrationDetail(Registrations, RetrieveAPIView):
    serializer_class = RegistrationSerializer


class RegistrationSubmission(Registrations):
    required_scopes = {"POST": "deals.read deals.write"}
    serializer_class = RegistrationSerializer

    @extend_schema(summary="Submit a draft", request=None, responses={200: RegistrationSerializer})
    @idempotent()
    def post(self, request: Request, public_id: str) -> Response:
        submitted = submit_registration(public_id, by=self.actor, at=timezone.now())
        return Response(_SHOWN.to_representation(submitted))


class DecisionList(Registrations):
    serializer_class = DecisionSerializer

    @extend_schema(
        summary="Show why a registration was decided so",
        description="One receipt for each decision, oldest first.",
        responses={200: DecisionSerializer(many=True)},
    )
    def get(self, request: Request, public_id: str) -> Response:
        receipts = receipts_of(self.actor, find_registration(self.actor, public_id))
        return Response(DecisionSerializer(receipts, many=True).data)


def _draft_of(typed: dict[str, Any]) -> RegistrationDraft:
    """The draft with keys instead of public ids. Refuses a partner that there is not; unknown products get no key."""
    partners = {typed["partner"]: partner_named(typed["partner"])}
    products = {product.public_id: product.pk for product in crm_queries.product_choices()}
    return draft_with(typed, partners=partners, products=products)


def partner_named(public_id: str) -> int:
    """The partner's key. Refuses one that there is not."""
    partner_id = partner_queries.partner_id_by_public_id(public_id)
    if partner_id is None:
        refusal("registration.unknown_partner", field="partner").or_refuse()
        raise AssertionError
    return partner_id


def draft_with(
    typed: Mapping[str, Any], *, partners: Mapping[str, int], products: Mapping[str, int]
) -> RegistrationDraft:
    """The draft with keys by public id; what is unknown gets the key 0, which the action refuses."""
    lines = [DraftLine(products.get(line["product"], 0), line["quantity"], line["amount"]) for line in typed["lines"]]
    own = {name: value for name, value in typed.items() if name not in ("partner", "lines", "submit")}
    return RegistrationDraft(partner_id=partners.get(typed["partner"], 0), lines=lines, **own)
