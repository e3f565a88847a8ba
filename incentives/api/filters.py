"""What the list of statements can be narrowed by."""

from django_filters import rest_framework as filters

from incentives.choices import StatementStatus


class StatementFilter(filters.FilterSet):
    updated_since = filters.IsoDateTimeFilter(
        field_name="updated_at", lookup_expr="gte", help_text="Changed at this time or later; with its offset from UTC."
    )
    partner = filters.CharFilter(field_name="partner__public_id", help_text="The partner's public id.")
    month = filters.DateFilter(field_name="month_starts_on", help_text="The first day of the month.")
    status = filters.ChoiceFilter(choices=StatementStatus.choices)
