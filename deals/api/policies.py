"""The lists that the rules of engagement look at, for programs: read, add, end."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers, status
from rest_framework.generics import GenericAPIView, ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.idempotency import idempotent
from common.api.pagination import PublicIdPagination
from common.api.views import ApiView
from crm import queries as crm_queries
from deals.actions.policies import add_entry, end_entry
from deals.choices.policies import BlockReason, PolicyKind, Validity
from deals.queries import policies as queries
from deals.rules.policies import ENTRIES
from partners import queries as partner_queries

_HALF_OPEN = "The first day on which it no longer holds; null: until further notice."


class EntrySerializer(serializers.Serializer[Any]):
    """Holds on days from `starts_on` until before `ends_on`."""

    public_id = serializers.CharField(read_only=True)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(allow_null=True, default=None, help_text=_HALF_OPEN)
    note = serializers.CharField(allow_blank=True, default="", max_length=1000, help_text="For the vendor's eyes.")


class NamedAccountSerializer(EntrySerializer):
    """A customer that direct sales alone serves."""

    customer = serializers.CharField(source="customer.public_id", help_text="The customer's public id.")
    customer_name = serializers.CharField(source="customer.legal_name", read_only=True)
    customer_country = serializers.CharField(source="customer.country", read_only=True)


class BlockedCustomerSerializer(NamedAccountSerializer):
    """A customer that nobody sells to."""

    reason = serializers.ChoiceField(BlockReason.choices)


class _ScopeSerializer(EntrySerializer):
    partner = serializers.CharField(source="partner.public_id", help_text="The partner's public id.")
    countries = serializers.ListField(
        child=serializers.CharField(max_length=10), default=list, max_length=260, help_text="ISO 3166; none: all."
    )
    segment = serializers.CharField(allow_blank=True, default="", max_length=1000, help_text="Empty: all.")
    family = serializers.CharField(
        source="family.code", allow_null=True, default=None, max_length=100, help_text="A family's code; null: all."
    )


class ExclusiveGrantSerializer(_ScopeSerializer):
    """What one partner alone may sell."""


class AuthorisationSerializer(_ScopeSerializer):
    """Where and what a partner may sell."""

    certificate = serializers.CharField(allow_blank=True, default="", max_length=1000)


class EndSerializer(serializers.Serializer[Any]):
    ends_on = serializers.DateField(help_text=_HALF_OPEN)


class PolicyFilter(filters.FilterSet):
    live_on = filters.DateFilter(method="standing", help_text="In force on this day.")

    def standing(self, queryset: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return queryset.filter(queries.stands(PolicyKind.NAMED_ACCOUNTS, Validity.LIVE, value))


class Policies(ApiView, GenericAPIView[Any]):
    """One of the lists: which, and what its entries look like, is said by its address (`deals.api.urls`)."""

    required_scopes = {"GET": "deals.read", "POST": "deals.write"}
    lookup_field = "public_id"
    pagination_class = PublicIdPagination
    filterset_class = PolicyFilter
    kind = PolicyKind.NAMED_ACCOUNTS
    serializer_class = NamedAccountSerializer

    def get_queryset(self) -> QuerySet[Any]:
        return queries.policies_visible_to(self.actor, self.kind)

    def shown(self, row: Any, status_code: int) -> Response:
        return Response(self.get_serializer(row).data, status=status_code)


@extend_schema_view(get=extend_schema(summary="List entries"))
class PolicyList(Policies, ListAPIView[Any]):
    @extend_schema(summary="Add an entry", description="Refused where it overlaps with what is there.")
    @idempotent()
    def post(self, request: Request) -> Response:
        typed = self.get_serializer(data=request.data)
        typed.is_valid(raise_exception=True)
        entry = ENTRIES[self.kind](**_values(typed.validated_data))
        row = add_entry(entry, by=self.actor, at=timezone.now())
        return self.shown(row, status.HTTP_201_CREATED)


@extend_schema_view(get=extend_schema(summary="Show an entry"))
class PolicyDetail(Policies, RetrieveAPIView[Any]):
    pass


class PolicyEnd(Policies):
    required_scopes = {"POST": "deals.read deals.write"}

    @extend_schema(summary="End an entry", request=EndSerializer)
    @idempotent()
    def post(self, request: Request, public_id: str) -> Response:
        typed = EndSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        ends_on = typed.validated_data["ends_on"]
        row = end_entry(self.kind, public_id, ends_on=ends_on, by=self.actor, at=timezone.now())
        return self.shown(row, status.HTTP_200_OK)


def _values(typed: dict[str, Any]) -> dict[str, Any]:
    """Keys instead of public ids; for an unknown one a key that nothing has, which the action refuses."""
    values = dict(typed)
    if "customer" in values:
        values["customer_id"] = crm_queries.customer_id_by_public_id(values.pop("customer")["public_id"]) or 0
    if "partner" in values:
        values["partner_id"] = partner_queries.partner_id_by_public_id(values.pop("partner")["public_id"]) or 0
        code = (values.pop("family", None) or {}).get("code")
        known = {family.code: family.pk for family in crm_queries.families()}
        values["family_id"] = known.get(code, 0) if code else None
        values["countries"] = tuple(values["countries"])
    return values


LISTS: dict[PolicyKind, type[EntrySerializer]] = {
    PolicyKind.NAMED_ACCOUNTS: NamedAccountSerializer,
    PolicyKind.BLOCKED_CUSTOMERS: BlockedCustomerSerializer,
    PolicyKind.EXCLUSIVE_GRANTS: ExclusiveGrantSerializer,
    PolicyKind.AUTHORISATIONS: AuthorisationSerializer,
}
