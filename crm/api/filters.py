"""What lists of the CRM's facts can be narrowed by."""

from django_filters import rest_framework as filters


class _SinceChange(filters.FilterSet):
    updated_since = filters.IsoDateTimeFilter(
        field_name="updated_at", lookup_expr="gte", help_text="Changed at this time or later; with its offset from UTC."
    )
    external_id = filters.CharFilter(field_name="external_id", help_text="The CRM's own id.")


class CustomerFilter(_SinceChange):
    country = filters.CharFilter(field_name="country", help_text="ISO 3166 alpha-2.")


class ProductFilter(_SinceChange):
    family = filters.CharFilter(field_name="family__code", help_text="Code of the product family.")


class OpportunityFilter(_SinceChange):
    customer = filters.CharFilter(field_name="customer__public_id", help_text="The customer's public id.")
    is_open = filters.BooleanFilter(field_name="is_open")


class SaleFilter(filters.FilterSet):
    updated_since = filters.IsoDateTimeFilter(
        field_name="created_at", lookup_expr="gte", help_text="Revised at this time or later."
    )
    external_id = filters.CharFilter(field_name="external_id", help_text="The CRM's own id.")
    partner = filters.CharFilter(field_name="partner__public_id", help_text="The partner's public id.")
    customer = filters.CharFilter(field_name="customer__public_id", help_text="The customer's public id.")
