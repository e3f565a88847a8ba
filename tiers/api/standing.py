"""Where a partner stands on a day, and why."""

from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.views import ApiView
from common.errors import NotFound
from partners import queries as partner_queries
from tiers.choices.programmes import Aggregation, Window
from tiers.queries.overrides import day_of
from tiers.queries.standing_answers import standing_answer

FIRST_YEAR = 1970


class HeldLevelSerializer(serializers.Serializer[Any]):
    level = serializers.CharField(source="level.code")
    name = serializers.CharField(source="level.name")
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(allow_null=True, help_text="The first day on which it was no longer held.")


class LevelOverrideSerializer(serializers.Serializer[Any]):
    level = serializers.CharField(source="level_code")
    name = serializers.CharField(source="level_name")
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(help_text="The first day on which it no longer applies.")


class AppliedTermsSerializer(serializers.Serializer[Any]):
    """What the partner has on the day; rates are shares: 0.03 is 3 %."""

    level = serializers.CharField(source="level_code")
    name = serializers.CharField(source="level_name")
    programme_version = serializers.IntegerField()
    protection_days = serializers.IntegerField()
    deal_discount = serializers.DecimalField(max_digits=5, decimal_places=4)
    rebate_multiplier = serializers.DecimalField(max_digits=6, decimal_places=4)
    mdf_rate = serializers.DecimalField(max_digits=5, decimal_places=4)
    lead_priority = serializers.IntegerField()
    support_level = serializers.CharField()


class MeasuredRequirementSerializer(serializers.Serializer[Any]):
    metric = serializers.CharField(source="requirement.metric")
    name = serializers.CharField(source="requirement.name")
    window = serializers.ChoiceField(Window.choices, source="requirement.window")
    aggregation = serializers.ChoiceField(Aggregation.choices, source="requirement.aggregation")
    target = serializers.DecimalField(max_digits=18, decimal_places=4)
    value = serializers.DecimalField(
        max_digits=22, decimal_places=4, allow_null=True, help_text="Null: nothing to take it from."
    )
    samples = serializers.IntegerField(help_text="On how many credits the value rests.")
    minimum_samples = serializers.IntegerField(source="requirement.minimum_samples")
    met = serializers.BooleanField()


class MeasuredPathSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    met = serializers.BooleanField()
    requirements = MeasuredRequirementSerializer(many=True)


class MeasuredLevelSerializer(serializers.Serializer[Any]):
    """Met by any of its paths; a path by all of its requirements."""

    level = serializers.CharField(source="level.code")
    name = serializers.CharField(source="level.name")
    rank = serializers.IntegerField(source="level.rank")
    met = serializers.BooleanField()
    paths = MeasuredPathSerializer(many=True)


class StandingAnswerSerializer(serializers.Serializer[Any]):
    """A past day reads as it was known at its end."""

    on = serializers.DateField(source="day")
    currency = serializers.CharField(source="measured.programme.currency", help_text="Of money metrics.")
    held = HeldLevelSerializer(allow_null=True, help_text="What the ladder gave; null: not enrolled on the day.")
    override = LevelOverrideSerializer(allow_null=True, help_text="What was given instead for a time.")
    terms = AppliedTermsSerializer()
    levels = MeasuredLevelSerializer(many=True, source="measured.steps")


class PartnerStanding(ApiView):
    required_scopes = {"GET": "tiers.read"}

    @extend_schema(
        summary="Show where a partner stands",
        parameters=[
            OpenApiParameter("on", OpenApiTypes.DATE, description="Today or any past day; today if it is left out.")
        ],
        responses=StandingAnswerSerializer,
    )
    def get(self, request: Request, public_id: str) -> Response:
        partner_id = partner_queries.partner_id_by_public_id(public_id)
        if partner_id is None:
            raise NotFound(public_id)
        answer = standing_answer(partner_id, day=_day(request.query_params.get("on"), day_of(timezone.now())))
        if answer is None:
            raise NotFound("programme")
        return Response(StandingAnswerSerializer(answer).data)


def _day(text: str | None, today: date) -> date:
    if text is None:
        return today
    try:
        day = parse_date(text)
    except ValueError:  # a day that no calendar has
        day = None
    if day is None or day.year < FIRST_YEAR or day > today:
        raise ValidationError({"on": [_("A day such as 2026-10-14 that is not after today.")]})
    return day
