"""The score book for programs: credits in, all or nothing, taken back by their keys, and read in order."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from common.api.pagination import PublicCursorPagination
from common.api.schema import batch_schema
from common.api.views import BatchView
from partners import queries as partner_queries
from tiers.actions.reports import credit_reported, reverse_reported
from tiers.choices.scores import REPORTED
from tiers.queries import score_book as queries
from tiers.rules.credits import CreditRow, ReversalRow


class CreditSerializer(serializers.Serializer[Any]):
    """A row of the book, which is never changed. A reversal has its credit's content and the negative amount."""

    partner = serializers.CharField(source="partner.public_id")
    metric = serializers.CharField(source="metric.code")
    amount = serializers.DecimalField(max_digits=18, decimal_places=4)
    valid_from = serializers.DateField()
    valid_until = serializers.DateField(
        allow_null=True, help_text="The first day on which it no longer counts; null: no end."
    )
    source_kind = serializers.CharField(help_text="`reported`: by a program or a file; else what the credit follows.")
    source_key = serializers.CharField()
    label = serializers.CharField(allow_blank=True)  # type: ignore[assignment] # hides an attribute that is not used
    holder = serializers.CharField(allow_blank=True, help_text="The person it stands and falls with.")
    is_reversal = serializers.SerializerMethodField()
    recorded_at = serializers.DateTimeField()

    def get_is_reversal(self, row: Any) -> bool:
        return row.reverses_id is not None


class CreditFilter(filters.FilterSet):
    updated_since = filters.IsoDateTimeFilter(
        field_name="recorded_at", lookup_expr="gte", help_text="Recorded at this time or later; with its offset."
    )
    partner = filters.CharFilter(method="of_partner", help_text="The partner's public id.")
    metric = filters.CharFilter(method="of_metric", help_text="The metric's code.")
    source_key = filters.CharFilter(method="of_key", help_text="Reported under this key.")

    def of_partner(self, book: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return book.filter(partner_id=partner_queries.partner_id_by_public_id(value) or 0)

    def of_metric(self, book: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queries.of_metric(book, value)

    def of_key(self, book: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queries.of_source(book, [REPORTED], value)


class _Position(msgspec.Struct, array_like=True, frozen=True):
    """Where a page ended."""

    at: datetime
    place: int


class BookPagination(PublicCursorPagination):
    """Pages in the order in which the rows were recorded, oldest first."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request = request
        limit = self._limit(request.query_params.get("limit", "50"))
        cursor = request.query_params.get("cursor")
        if cursor:
            end = _position(cursor)
            later = Q(recorded_at__gt=end.at) | Q(recorded_at=end.at, pk__gt=end.place)
            queryset = queryset.filter(recorded_at__gte=end.at).filter(later)
        rows = list(queryset.order_by("recorded_at", "pk")[: limit + 1])
        self.has_more = len(rows) > limit
        self.page = rows[:limit]
        return self.page

    def get_paginated_response(self, data: Sequence[Any]) -> Response:
        return Response({"next": self._next_link(), "results": data})

    def _next_link(self) -> str | None:
        if not self.has_more:
            return None
        last = self.page[-1]
        encoded = msgspec.json.encode(_Position(last.recorded_at, last.pk))
        cursor = urlsafe_b64encode(encoded).decode().rstrip("=")
        return replace_query_param(self.request.build_absolute_uri(), "cursor", cursor)


def _position(cursor: str) -> _Position:
    try:
        encoded = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        position = msgspec.json.decode(encoded, type=_Position)
    except ValueError as error:  # of base64, ASCII or msgspec
        raise ValidationError({"cursor": [_("This cursor is not one of ours.")]}) from error
    if position.at.tzinfo is None or not 1970 <= position.at.year < 9999 or not 0 <= position.place < 2**63:
        raise ValidationError({"cursor": [_("This cursor is not one of ours.")]})
    return position


@batch_schema("Credit the score book", CreditRow)
class CreditBatch(BatchView):
    """Its results name each row by its source key."""

    required_scopes = {"POST": "tiers.write"}
    row_type = CreditRow
    upsert = staticmethod(credit_reported)


class CreditList(CreditBatch, ListAPIView[Any]):
    required_scopes = {"GET": "tiers.read", "POST": "tiers.write"}
    serializer_class = CreditSerializer
    pagination_class = BookPagination
    filterset_class = CreditFilter

    def get_queryset(self) -> QuerySet[Any]:
        return queries.credits_visible_to(self.actor)

    @extend_schema(summary="Read the score book")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.list(request, *args, **kwargs)


@batch_schema("Reverse credits", ReversalRow)
class ReversalBatch(BatchView):
    required_scopes = {"POST": "tiers.write"}
    row_type = ReversalRow
    upsert = staticmethod(reverse_reported)
