"""The request as this program's views get it."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from common.actor import Actor


class ActorRequest(HttpRequest):
    """A request with its actor and htmx's details, set by middleware."""

    actor: Actor
    htmx: HtmxDetails
