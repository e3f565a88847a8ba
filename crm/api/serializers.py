"""What the CRM's facts look like from outside: public ids and the CRM's own, never primary keys."""

from typing import Any

from rest_framework import serializers

from crm.choices import CustomerSource, ProductKind, SaleStatus


class CustomerSerializer(serializers.Serializer[Any]):
    public_id = serializers.CharField()
    external_id = serializers.CharField(allow_null=True, help_text="The CRM's own id; null until the CRM names it.")
    legal_name = serializers.CharField()
    country = serializers.CharField(help_text="ISO 3166 alpha-2.")
    domain = serializers.CharField(allow_blank=True)
    tax_id = serializers.CharField(allow_blank=True)
    segment = serializers.CharField(allow_blank=True, help_text="As the CRM classes it.")
    source = serializers.ChoiceField(  # type: ignore[assignment] # hides an attribute that a serializer does not use
        CustomerSource.choices, help_text="Who told us of it first."
    )
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class ProductSerializer(serializers.Serializer[Any]):
    public_id = serializers.CharField()
    external_id = serializers.CharField()
    sku = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(ProductKind.choices)
    family = serializers.CharField(source="family.code", help_text="Code of the product family.")
    updated_at = serializers.DateTimeField()


class OpportunitySerializer(serializers.Serializer[Any]):
    public_id = serializers.CharField()
    external_id = serializers.CharField()
    customer = serializers.CharField(source="customer.public_id")
    family = serializers.CharField(source="family.code", default=None, allow_null=True, help_text="Null: all families.")
    owner_name = serializers.CharField(allow_blank=True)
    stage = serializers.CharField()
    stage_moved_at = serializers.DateTimeField(allow_null=True)
    amount = serializers.DecimalField(max_digits=19, decimal_places=4)
    currency = serializers.CharField()
    close_on = serializers.DateField()
    is_open = serializers.BooleanField()
    created_at_source = serializers.DateTimeField(help_text="By the CRM's clock.")
    updated_at_source = serializers.DateTimeField(help_text="By the CRM's clock.")
    first_seen_at = serializers.DateTimeField(help_text="When this program first heard of it; never changes.")
    updated_at = serializers.DateTimeField()


class SaleLineSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    product = serializers.CharField(source="product.public_id")
    family = serializers.CharField(source="product.family.code")
    quantity = serializers.DecimalField(max_digits=15, decimal_places=4)
    net_amount = serializers.DecimalField(max_digits=19, decimal_places=4)
    base_amount = serializers.DecimalField(
        max_digits=19,
        decimal_places=4,
        allow_null=True,
        help_text="In the base currency; null while the sale waits for an exchange rate.",
    )
    recurring_months = serializers.IntegerField(help_text="0: paid once.")


class SaleSerializer(serializers.Serializer[Any]):
    """The current revision of a sale; its public id is the revision's own."""

    public_id = serializers.CharField()
    external_id = serializers.CharField()
    revision = serializers.IntegerField()
    is_current = serializers.BooleanField()
    waits_for_rate = serializers.BooleanField()
    status = serializers.ChoiceField(SaleStatus.choices)
    partner = serializers.CharField(
        source="partner.public_id", default=None, allow_null=True, help_text="Null: sold directly."
    )
    customer = serializers.CharField(source="customer.public_id")
    booked_on = serializers.DateField()
    currency = serializers.CharField()
    registration = serializers.CharField(source="registration_public_id", allow_blank=True)
    created_at = serializers.DateTimeField(help_text="When this revision arrived.")
    lines = SaleLineSerializer(many=True)
