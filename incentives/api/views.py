"""Endpoints of statements: read only, since only postings and the closing of a month change them."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView, RetrieveAPIView

from common.api.views import ApiView
from incentives.api.filters import StatementFilter
from incentives.api.serializers import StatementDetailSerializer, StatementSerializer
from incentives.queries import statements


class Statements(ApiView):
    required_scopes = {"GET": "statements.read"}
    lookup_field = "public_id"


@extend_schema_view(get=extend_schema(summary="List statements", description="In the order of change, oldest first."))
class StatementList(Statements, ListAPIView):
    serializer_class = StatementSerializer
    filterset_class = StatementFilter

    def get_queryset(self) -> QuerySet[Any]:
        return statements.statements_visible_to(self.actor).select_related("partner")


@extend_schema_view(get=extend_schema(summary="Show a statement", description="With its lines and their steps."))
class StatementDetail(Statements, RetrieveAPIView):
    serializer_class = StatementDetailSerializer

    def get_queryset(self) -> QuerySet[Any]:
        return statements.statements_with_lines(self.actor)
