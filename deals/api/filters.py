"""What the list of registrations can be narrowed by."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters

from deals.choices.registrations import RegistrationStatus


class RegistrationFilter(filters.FilterSet):
    updated_since = filters.IsoDateTimeFilter(
        field_name="updated_at", lookup_expr="gte", help_text="Changed at this time or later; with its offset from UTC."
    )
    status = filters.ChoiceFilter(
        method="reading_as", choices=RegistrationStatus.choices, help_text="As it reads now, lapsed by time."
    )
    partner = filters.CharFilter(field_name="partner__public_id", help_text="The partner's public id.")
    customer = filters.CharFilter(field_name="customer__public_id", help_text="The customer's public id.")

    def reading_as(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.with_status(value, timezone.now())  # type: ignore[attr-defined]
