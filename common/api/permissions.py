"""Scopes of API clients."""

from rest_framework.permissions import BasePermission


class HasScope(BasePermission):
    pass
