"""Scopes of API clients."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from common.actor import ANONYMOUS, Actor


class HasScope(BasePermission):
    """Lets a client pass that has every scope the view requires for the method; a method without an entry is closed.

    The view says ``required_scopes = {"GET": "crm.read", "POST": "crm.write deals.write"}``; HEAD counts as GET.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.successful_authenticator:
            return False
        if request.method not in view.allowed_methods or request.method == "OPTIONS":
            return True  # 405 is for the view to say
        method = "GET" if request.method == "HEAD" else request.method
        required = view.required_scopes.get(method, "").split()
        return bool(required) and actor_of(request).scopes.issuperset(required)


def actor_of(request: Any) -> Actor:
    """The client that asks; anonymous where there is none (while the schema is written)."""
    actor: Actor = getattr(request, "actor", ANONYMOUS)
    return actor
