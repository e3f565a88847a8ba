"""Keyset pages: the hundredth costs what the first does."""

from rest_framework.pagination import CursorPagination


class PublicCursorPagination(CursorPagination):
    page_size = 50
    ordering = "-pk"
