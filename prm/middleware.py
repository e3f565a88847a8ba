"""What every request gets: its actor, and one translation of the domain's errors into pages."""

from collections.abc import Callable
from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import SimpleLazyObject

from common.actor import ANONYMOUS, Actor
from common.errors import NotFound, Refused
from common.reasons import sentences
from common.requests import ActorRequest
from partners import queries as partner_queries

GetResponse = Callable[[HttpRequest], HttpResponse]


class ActorMiddleware:
    """Sets ``request.actor``, read from the database once per request and only if asked for."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        cast(ActorRequest, request).actor = cast(Actor, SimpleLazyObject(lambda: _actor_of(request)))
        return self.get_response(request)


def _actor_of(request: HttpRequest) -> Actor:
    return partner_queries.actor_of(request.user) if request.user.is_authenticated else ANONYMOUS


class DomainErrorMiddleware:
    """Missing and invisible things are the same 404; a refusal that a view did not show itself becomes a page."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, NotFound):
            raise Http404 from error
        if isinstance(error, Refused):
            found = sentences(error.reasons)
            if cast(ActorRequest, request).htmx:
                for sentence in found:
                    messages.error(request, sentence)
            return render(request, "refused.html", {"reasons": error.reasons}, status=409)
        return None
