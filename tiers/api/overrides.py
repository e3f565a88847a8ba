"""Overrides, freezes and reviews by hand for programs. A program may ask for an override; a person decides it."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.idempotency import idempotent
from common.api.views import ApiView
from common.verdict import refusal
from partners import queries as partner_queries
from tiers.actions import freezes as freeze_actions
from tiers.actions import overrides as actions
from tiers.actions.manual_reviews import review_now
from tiers.choices.standings import OverrideStatus
from tiers.queries import overrides as queries
from tiers.rules import overrides as rules

_HALF_OPEN = "The first day on which it no longer counts."
_STATES = "How it stands today, in the vendor's time zone."


class NewFreezeSerializer(serializers.Serializer[Any]):
    partner = serializers.CharField(max_length=40, help_text="The partner's public id.")
    starts_on = serializers.DateField(help_text="Today at the earliest.")
    ends_on = serializers.DateField(help_text=_HALF_OPEN)
    reason = serializers.CharField(max_length=10_000, help_text="Partners do not read it.")


class NewOverrideSerializer(NewFreezeSerializer):
    level = serializers.CharField(max_length=40, help_text="The code of a level in force on the first day.")


class FreezeSerializer(serializers.Serializer[Any]):
    """The level neither rises nor falls on these days; reviews go on."""

    public_id = serializers.CharField()
    partner = serializers.CharField(source="partner.public_id")
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(help_text=f"{_HALF_OPEN} As the first day: it never began.")
    state = serializers.SerializerMethodField(help_text=_STATES)
    reason = serializers.CharField()
    set_by = serializers.CharField()
    set_at = serializers.DateTimeField()

    def get_state(self, row: Any) -> str:
        return rules.state_on(row.starts_on, row.ends_on, queries.day_of(timezone.now())).value


class OverrideSerializer(serializers.Serializer[Any]):
    """A level that is given for a time instead of the one that the requirements give."""

    public_id = serializers.CharField()
    partner = serializers.CharField(source="partner.public_id")
    level = serializers.CharField(source="level.code")
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(help_text=f"{_HALF_OPEN} As the first day: it never began.")
    status = serializers.ChoiceField(OverrideStatus.choices)
    state = serializers.SerializerMethodField(help_text=_STATES)
    reason = serializers.CharField()
    requested_by = serializers.CharField(source="requested_label")
    requested_at = serializers.DateTimeField()
    decided_by = serializers.SerializerMethodField()
    decided_at = serializers.DateTimeField(allow_null=True)
    answer = serializers.CharField(allow_blank=True)

    def get_state(self, row: Any) -> str:
        today = queries.day_of(timezone.now())
        return rules.override_state(row.status, row.starts_on, row.ends_on, today).value

    def get_decided_by(self, row: Any) -> str:
        return str(row.decided_by or "")


class EndingSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=10_000)


class ReviewOrderSerializer(serializers.Serializer[Any]):
    partner = serializers.CharField(max_length=40, help_text="The partner's public id.")


class AnnouncedSerializer(serializers.Serializer[Any]):
    level = serializers.CharField(source="level_name")
    effective_on = serializers.DateField()


class StandSerializer(serializers.Serializer[Any]):
    level = serializers.CharField(source="level_code")
    since = serializers.DateField(allow_null=True)
    notices = AnnouncedSerializer(many=True, help_text="Demotions that are announced.")


class ReviewResultSerializer(serializers.Serializer[Any]):
    """How the partner stood by the requirements before and after."""

    before = StandSerializer()
    after = StandSerializer()


class OverrideFilter(filters.FilterSet):
    partner = filters.CharFilter(field_name="partner__public_id", help_text="The partner's public id.")
    status = filters.ChoiceFilter(choices=OverrideStatus.choices)
    live_on = filters.DateFilter(method="live", help_text="Approved, and in force on this day.")

    def live(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return rows.filter(status=OverrideStatus.APPROVED, starts_on__lte=value, ends_on__gt=value)


class FreezeFilter(filters.FilterSet):
    partner = filters.CharFilter(field_name="partner__public_id", help_text="The partner's public id.")
    live_on = filters.DateFilter(method="live", help_text="In force on this day.")

    def live(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return rows.filter(starts_on__lte=value, ends_on__gt=value)


class Overrides(ApiView):
    keyset = "requested_at"
    required_scopes = {"GET": "tiers.read", "POST": "tiers.read tiers.write"}
    lookup_field = "public_id"

    def get_queryset(self) -> QuerySet[Any]:
        return queries.overrides_visible_to(self.actor)


@extend_schema_view(get=extend_schema(summary="List overrides", description="In the order of request."))
class OverrideList(Overrides, ListAPIView):
    serializer_class = OverrideSerializer
    filterset_class = OverrideFilter

    @extend_schema(
        summary="Ask for an override",
        description="It counts once a person has approved it on its page.",
        request=NewOverrideSerializer,
        responses={201: OverrideSerializer},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        values = _typed(NewOverrideSerializer, request)
        values["level_code"] = values.pop("level")
        made = actions.request_override(rules.NewOverride(**values), by=self.actor, at=timezone.now())
        return Response(OverrideSerializer(made).data, status=status.HTTP_201_CREATED)


@extend_schema_view(get=extend_schema(summary="Show an override"))
class OverrideDetail(Overrides, RetrieveAPIView):
    serializer_class = OverrideSerializer


class OverrideEnding(Overrides):
    serializer_class = OverrideSerializer

    @extend_schema(
        summary="End an override early",
        description="Today stays its last day; what has not begun never begins.",
        request=EndingSerializer,
        responses={200: OverrideSerializer},
    )
    @idempotent()
    def post(self, request: Request, public_id: str) -> Response:
        reason = _typed(EndingSerializer, request)["reason"]
        ended = actions.end_override(public_id, reason=reason, by=self.actor, at=timezone.now())
        return Response(OverrideSerializer(ended).data)


class OverrideWithdrawal(Overrides):
    serializer_class = OverrideSerializer

    @extend_schema(
        summary="Withdraw a request",
        description="One that a program made and nobody has answered.",
        request=None,
        responses={200: OverrideSerializer},
    )
    @idempotent()
    def post(self, request: Request, public_id: str) -> Response:
        withdrawn = actions.withdraw_override(public_id, by=self.actor, at=timezone.now())
        return Response(OverrideSerializer(withdrawn).data)


class Freezes(ApiView):
    keyset = "set_at"
    required_scopes = {"GET": "tiers.read", "POST": "tiers.read tiers.write"}
    lookup_field = "public_id"

    def get_queryset(self) -> QuerySet[Any]:
        return queries.freezes_visible_to(self.actor)


@extend_schema_view(get=extend_schema(summary="List freezes", description="In the order in which they were set."))
class FreezeList(Freezes, ListAPIView):
    serializer_class = FreezeSerializer
    filterset_class = FreezeFilter

    @extend_schema(summary="Freeze a level", request=NewFreezeSerializer, responses={201: FreezeSerializer})
    @idempotent()
    def post(self, request: Request) -> Response:
        asked = rules.NewFreeze(**_typed(NewFreezeSerializer, request))
        made = freeze_actions.set_freeze(asked, by=self.actor, at=timezone.now())
        return Response(FreezeSerializer(made).data, status=status.HTTP_201_CREATED)


@extend_schema_view(get=extend_schema(summary="Show a freeze"))
class FreezeDetail(Freezes, RetrieveAPIView):
    serializer_class = FreezeSerializer


class FreezeEnding(Freezes):
    serializer_class = FreezeSerializer

    @extend_schema(
        summary="End a freeze early",
        description="Today stays its last day; what has not begun never begins.",
        request=EndingSerializer,
        responses={200: FreezeSerializer},
    )
    @idempotent()
    def post(self, request: Request, public_id: str) -> Response:
        reason = _typed(EndingSerializer, request)["reason"]
        ended = freeze_actions.end_freeze(public_id, reason=reason, by=self.actor, at=timezone.now())
        return Response(FreezeSerializer(ended).data)


class ManualReviews(ApiView):
    serializer_class = ReviewResultSerializer
    required_scopes = {"POST": "tiers.read tiers.write"}

    @extend_schema(
        summary="Review a partner now",
        description="As last night, with everything recorded until now. Asked again, nothing more changes.",
        request=ReviewOrderSerializer,
        responses={200: ReviewResultSerializer},
    )
    @idempotent(required=False)
    def post(self, request: Request) -> Response:
        partner_id = _typed(ReviewOrderSerializer, request)["partner_id"]
        before, after = review_now(partner_id, by=self.actor, at=timezone.now())
        return Response(ReviewResultSerializer({"before": before, "after": after}).data)


def _typed(shape: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """What was sent, with the partner's key. Refuses an unknown partner."""
    typed = shape(data=request.data)
    typed.is_valid(raise_exception=True)
    values = dict(typed.validated_data)
    if "partner" in values:
        partner_id = partner_queries.partner_id_by_public_id(values.pop("partner"))
        if partner_id is None:
            refusal("override.partner_unknown", field="partner").or_refuse()
        values["partner_id"] = partner_id
    return values
