"""What the CRM could have told us, plain and small."""

from datetime import UTC, date, datetime
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from crm.actions.words import count_words
from crm.models import Customer, ExchangeRate, Opportunity, Product, ProductFamily, Sale, SaleLine
from crm.rules.matching import CustomerIdentity, keys_of
from crm.rules.search import index_words

SEEN_AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


class ExchangeRateFactory(DjangoModelFactory[ExchangeRate]):
    class Meta:
        model = ExchangeRate

    currency = "PLN"
    on = date(2026, 1, 1)
    rate = Decimal("0.25")


class ProductFamilyFactory(DjangoModelFactory[ProductFamily]):
    class Meta:
        model = ProductFamily
        django_get_or_create = ("code",)

    code = factory.Sequence("family-{}".format)
    name = factory.LazyAttribute(lambda family: family.code.title())


class ProductFactory(DjangoModelFactory[Product]):
    class Meta:
        model = Product

    external_id = factory.Sequence("product-{}".format)
    sku = factory.LazyAttribute(lambda product: product.external_id.upper())
    name = factory.LazyAttribute(lambda product: product.external_id.title())
    kind = "product"
    family = factory.SubFactory(ProductFamilyFactory)
    updated_at = SEEN_AT


class CustomerFactory(DjangoModelFactory[Customer]):
    """Its keys follow from name, country, domain and tax id, as in the program."""

    class Meta:
        model = Customer

    external_id = factory.Sequence("customer-{}".format)
    legal_name = factory.Sequence("Customer {} Sp. z o.o.".format)
    country = "PL"
    domain = ""
    tax_id = ""
    source = "crm"
    created_at = SEEN_AT
    updated_at = SEEN_AT
    name_key = factory.LazyAttribute(lambda row: _keys(row).name)
    identity_key = factory.LazyAttribute(lambda row: _keys(row).identity)
    domain_key = factory.LazyAttribute(lambda row: _keys(row).domain)
    tax_key = factory.LazyAttribute(lambda row: _keys(row).tax)
    name_words = factory.LazyAttribute(lambda row: index_words(_keys(row).name))

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        customer = super()._create(model_class, *args, **kwargs)
        count_words(new=[customer.name_words])
        return customer


def _keys(row):
    return keys_of(CustomerIdentity(row.legal_name, row.country, row.domain, row.tax_id))


class OpportunityFactory(DjangoModelFactory[Opportunity]):
    class Meta:
        model = Opportunity

    external_id = factory.Sequence("opportunity-{}".format)
    customer = factory.SubFactory(CustomerFactory)
    owner_name = "Dana Direct"
    stage = "proposal"
    stage_moved_at = SEEN_AT
    amount = Decimal(50_000)
    currency = "EUR"
    close_on = date(2026, 12, 1)
    is_open = True
    created_at_source = SEEN_AT
    updated_at_source = SEEN_AT
    first_seen_at = SEEN_AT
    updated_at = SEEN_AT


class SaleFactory(DjangoModelFactory[Sale]):
    """A booked sale of the base currency; without a partner a direct one. Add lines with `SaleLineFactory`."""

    class Meta:
        model = Sale

    external_id = factory.Sequence("sale-{}".format)
    revision = 1
    status = "booked"
    customer = factory.SubFactory(CustomerFactory)
    booked_on = date(2026, 6, 15)
    currency = "EUR"
    created_at = SEEN_AT


class SaleLineFactory(DjangoModelFactory[SaleLine]):
    class Meta:
        model = SaleLine

    sale = factory.SubFactory(SaleFactory)
    number = factory.Sequence(lambda place: place + 1)
    product = factory.SubFactory(ProductFactory)
    quantity = Decimal(1)
    net_amount = Decimal(1_000)
    base_amount = factory.SelfAttribute("net_amount")
