"""Metrics: what can be credited. A new one is data."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.idempotency import idempotent
from common.api.views import ApiView
from tiers.actions.scores import define_metric
from tiers.choices.scores import MetricUnit
from tiers.queries.metrics import metric_list
from tiers.queries.overrides import day_of


class NewMetricSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=40, help_text="Lower-case letters, digits and underscores; for ever.")
    name = serializers.CharField(max_length=80, help_text="What people read.")
    unit = serializers.ChoiceField(MetricUnit.choices)


class MetricUseSerializer(serializers.Serializer[Any]):
    programme = serializers.CharField(source="programme_name")
    version = serializers.IntegerField(source="version_number")
    level = serializers.CharField(source="level_name")
    window = serializers.CharField()
    aggregation = serializers.CharField()
    threshold = serializers.DecimalField(max_digits=18, decimal_places=4)


class MetricSerializer(NewMetricSerializer):
    is_built_in = serializers.BooleanField(help_text="Credited by the program itself.")
    credit_count = serializers.IntegerField(help_text="How often it was credited; 10000 stands for that many or more.")
    required_by = MetricUseSerializer(
        many=True, source="uses", help_text="Requirements of versions that are in force or announced."
    )


class MetricListSerializer(serializers.Serializer[Any]):
    results = MetricSerializer(many=True)


class MetricList(ApiView):
    required_scopes = {"GET": "tiers.read", "POST": "tiers.write"}

    @extend_schema(summary="List metrics", responses=MetricListSerializer)
    def get(self, request: Request) -> Response:
        found = metric_list(self.actor, day=day_of(timezone.now()))
        return Response({"results": MetricSerializer(found, many=True).data})

    @extend_schema(
        summary="Define a metric",
        description="From now on it can be credited and required by programmes.",
        request=NewMetricSerializer,
        responses={201: NewMetricSerializer},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        typed = NewMetricSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        metric = define_metric(**typed.validated_data, by=self.actor, at=timezone.now())
        return Response(NewMetricSerializer(metric).data, status=status.HTTP_201_CREATED)
