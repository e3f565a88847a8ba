"""Keyset pages: the hundredth costs what the first does, and nothing is counted."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 200


class Position(msgspec.Struct, array_like=True, frozen=True):
    """Where a page ended: the last row's time and public id, nothing that the row itself does not show."""

    at: datetime
    public_id: str


class PublicCursorPagination(BasePagination):
    """Pages in the order of change, oldest first, so that a client that reads to the end has missed nothing before it.

    The rows need a time column (the view's ``keyset``, by default ``updated_at``) and ``public_id``, best with an index
    on both. ``next`` is the address of the next page, null on the last one.
    """

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request = request
        self.column: str = getattr(view, "keyset", "updated_at")
        limit = self._limit(request.query_params.get("limit", str(DEFAULT_LIMIT)))
        cursor = request.query_params.get("cursor")
        if cursor:
            position = self._position(cursor)
            later = Q(**{f"{self.column}__gt": position.at})
            beside = Q(**{self.column: position.at, "public_id__gt": position.public_id})
            queryset = queryset.filter(**{f"{self.column}__gte": position.at}).filter(later | beside)
        rows = list(queryset.order_by(self.column, "public_id")[: limit + 1])
        self.has_more = len(rows) > limit
        self.page = rows[:limit]
        return self.page

    def get_paginated_response(self, data: Sequence[Any]) -> Response:
        return Response({"next": self._next_link(), "results": data})

    def _next_link(self) -> str | None:
        if not self.has_more:
            return None
        last = self.page[-1]
        encoded = msgspec.json.encode(Position(getattr(last, self.column), last.public_id))
        cursor = urlsafe_b64encode(encoded).decode().rstrip("=")
        return replace_query_param(self.request.build_absolute_uri(), "cursor", cursor)

    @staticmethod
    def _limit(text: str) -> int:
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= LARGEST_LIMIT):
            raise ValidationError({"limit": [_("A whole number from 1 to 200.")]})
        return int(text)

    @staticmethod
    def _position(cursor: str) -> Position:
        try:
            encoded = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
            position = msgspec.json.decode(encoded, type=Position)
        except ValueError as error:  # of base64, ASCII or msgspec
            raise ValidationError({"cursor": [_("This cursor is not one of ours.")]}) from error
        if position.at.tzinfo is None or not position.public_id.isprintable() or not 1970 <= position.at.year < 9999:
            raise ValidationError({"cursor": [_("This cursor is not one of ours.")]})
        return position

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["next", "results"],
            "properties": {
                "next": {"type": ["string", "null"], "format": "uri", "description": "Next page; null on the last."},
                "results": schema,
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        limit = {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": DEFAULT_LIMIT}
        return [
            {"name": "limit", "in": "query", "schema": limit, "description": "Rows a page."},
            {
                "name": "cursor",
                "in": "query",
                "schema": {"type": "string"},
                "description": "From the address in `next`; opaque.",
            },
        ]


class PublicIdPagination(PublicCursorPagination):
    """Pages in the order of the public ids, for rows that have no time of change."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request = request
        limit = self._limit(request.query_params.get("limit", str(DEFAULT_LIMIT)))
        cursor = request.query_params.get("cursor", "")
        if not (cursor.isascii() and cursor.isprintable()):
            raise ValidationError({"cursor": [_("This cursor is not one of ours.")]})
        rows = list(queryset.filter(public_id__gt=cursor).order_by("public_id")[: limit + 1])
        self.has_more = len(rows) > limit
        self.page = rows[:limit]
        return self.page

    def _next_link(self) -> str | None:
        if not self.has_more:
            return None
        return replace_query_param(self.request.build_absolute_uri(), "cursor", self.page[-1].public_id)
