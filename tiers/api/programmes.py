"""The programme's published versions, for programs: what each level asks and gives, from when until when."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.views import ApiView
from common.errors import NotFound
from tiers.choices.programmes import Aggregation, PeriodLength, SupportLevel, VersionState, Window
from tiers.queries.overrides import day_of
from tiers.queries.programmes import programme_of, published_versions, state_of


class ProgrammeVersionSerializer(serializers.Serializer[Any]):
    """A version, half-open: on `ends_on` the next one is in force."""

    number = serializers.IntegerField()
    state = serializers.SerializerMethodField(help_text="As of today: announced, in_force or past.")
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(allow_null=True)
    published_at = serializers.DateTimeField()
    currency = serializers.CharField(help_text="Of money thresholds.")
    notice_days = serializers.IntegerField(help_text="At least so long before a level is lost.")
    demotion_period = serializers.ChoiceField(PeriodLength.choices, help_text="At whose end a level is lost.")
    words = serializers.CharField(help_text="What partners were told about the change.")

    def get_state(self, version: Any) -> str:
        found: VersionState = state_of(version, day_of(timezone.now()))
        return found.value


class AskedSerializer(serializers.Serializer[Any]):
    metric = serializers.CharField()
    name = serializers.CharField()
    window = serializers.ChoiceField(Window.choices)
    aggregation = serializers.ChoiceField(Aggregation.choices)
    threshold = serializers.DecimalField(max_digits=18, decimal_places=4)
    minimum_samples = serializers.IntegerField()


class ProgrammePathSerializer(serializers.Serializer[Any]):
    """Met when all of its requirements are."""

    number = serializers.IntegerField()
    requirements = AskedSerializer(many=True)


class ProgrammeLevelSerializer(serializers.Serializer[Any]):
    """Reached by any of its paths. Rates are shares: 0.03 is 3 %."""

    level = serializers.CharField(source="code")
    name = serializers.CharField()
    rank = serializers.IntegerField(help_text="1 is the entry level.")
    protection_days = serializers.IntegerField(source="terms.protection_days")
    deal_discount = serializers.DecimalField(source="terms.deal_discount", max_digits=5, decimal_places=4)
    rebate_multiplier = serializers.DecimalField(source="terms.rebate_multiplier", max_digits=6, decimal_places=4)
    mdf_rate = serializers.DecimalField(source="terms.mdf_rate", max_digits=5, decimal_places=4)
    lead_priority = serializers.IntegerField(source="terms.lead_priority")
    support_level = serializers.ChoiceField(SupportLevel.choices, source="terms.support_level")
    paths = ProgrammePathSerializer(many=True)


class ProgrammeDetailSerializer(ProgrammeVersionSerializer):
    levels = ProgrammeLevelSerializer(many=True, help_text="From the entry level upwards.")


class ProgrammeVersionsSerializer(serializers.Serializer[Any]):
    next = serializers.CharField(allow_null=True, help_text="Always null: there is one page.")
    results = ProgrammeVersionSerializer(many=True)


class ProgrammeVersionList(ApiView):
    required_scopes = {"GET": "tiers.read"}

    @extend_schema(
        summary="List the programme's versions",
        description="The published ones, also what is only announced, oldest first.",
        responses=ProgrammeVersionsSerializer,
    )
    def get(self, request: Request) -> Response:
        versions = published_versions(self.actor).order_by("number")
        return Response({"next": None, "results": ProgrammeVersionSerializer(versions, many=True).data})


class ProgrammeVersionDetail(ApiView):
    required_scopes = {"GET": "tiers.read"}

    @extend_schema(
        summary="Show a version with its levels", responses=ProgrammeDetailSerializer, operation_id="programme_version"
    )
    def get(self, request: Request, number: int) -> Response:
        version = published_versions(self.actor).filter(number=number).first()
        programme = programme_of(version.pk) if version is not None else None
        if version is None or programme is None:
            raise NotFound("version")
        shown = ProgrammeVersionSerializer(version).data
        return Response({**shown, "levels": ProgrammeLevelSerializer(programme.levels, many=True).data})
