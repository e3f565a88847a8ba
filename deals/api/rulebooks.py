"""The published rules of engagement, every version, for programs."""

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import GenericAPIView, ListAPIView, RetrieveAPIView

from common.api.views import ApiView
from deals.choices.engagement import RULE_LABELS
from deals.choices.rulebooks import RulebookState
from deals.queries.facts import rulebook_on
from deals.queries.rulebooks import public_terms, published_rulebooks, state_of


class RuleSerializer(serializers.Serializer[Any]):
    """One rule; `params` are as published, amounts in the base currency."""

    code = serializers.CharField()
    label = serializers.SerializerMethodField()  # type: ignore[assignment]
    params = serializers.DictField()

    def get_label(self, rule: dict[str, Any]) -> str:
        return str(RULE_LABELS.get(rule["code"], rule["code"]))


class RulebookSerializer(serializers.Serializer[Any]):
    """A published version: rules in the order in which they are asked, and the terms around them."""

    public_id = serializers.CharField()
    version = serializers.IntegerField()
    title = serializers.CharField(allow_blank=True)
    state = serializers.SerializerMethodField(help_text="As of today: announced, in_force or superseded.")
    effective_from = serializers.DateField()
    published_at = serializers.DateTimeField()
    base_currency = serializers.SerializerMethodField()
    rules = RuleSerializer(many=True)
    terms = serializers.SerializerMethodField()

    def get_state(self, rulebook: Any) -> str:
        found: RulebookState = state_of(rulebook, self.context["current"], timezone.localdate())
        return found.value

    def get_base_currency(self, rulebook: Any) -> str:
        return str(settings.BASE_CURRENCY)

    def get_terms(self, rulebook: Any) -> dict[str, Any]:
        return public_terms(rulebook)


class Rulebooks(ApiView, GenericAPIView[Any]):
    required_scopes = {"GET": "deals.read"}
    serializer_class = RulebookSerializer
    lookup_field = "public_id"
    keyset = "published_at"

    def get_queryset(self) -> QuerySet[Any]:
        return published_rulebooks(self.actor)

    def get_serializer_context(self) -> dict[str, Any]:
        return {"current": rulebook_on(timezone.localdate())}


@extend_schema_view(get=extend_schema(summary="List published rulebooks", description="In the order of publication."))
class RulebookList(Rulebooks, ListAPIView[Any]):
    pass


@extend_schema_view(get=extend_schema(summary="Show a published rulebook"))
class RulebookDetail(Rulebooks, RetrieveAPIView[Any]):
    pass
