"""Endpoints for the CRM's facts: batches in, lists and single objects out."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.generics import GenericAPIView, ListAPIView, RetrieveAPIView

from common.api.schema import batch_schema
from common.api.views import ApiView, BatchView
from crm import queries
from crm.actions.customers import upsert_customers
from crm.actions.families import upsert_families
from crm.actions.opportunities import upsert_opportunities
from crm.actions.products import upsert_products
from crm.actions.rates import upsert_rates
from crm.actions.sales import upsert_sales
from crm.api import filters, serializers
from crm.rules.rows import CustomerRow, FamilyRow, OpportunityRow, ProductRow, RateRow, SaleRow


class CrmBatch(BatchView):
    required_scopes = {"POST": "crm.write"}


@batch_schema("Upsert product families", FamilyRow)
class FamilyBatch(CrmBatch):
    row_type = FamilyRow
    upsert = staticmethod(upsert_families)


@batch_schema("Upsert products", ProductRow)
class ProductBatch(CrmBatch):
    row_type = ProductRow
    upsert = staticmethod(upsert_products)


@batch_schema("Upsert customers", CustomerRow)
class CustomerBatch(CrmBatch):
    row_type = CustomerRow
    upsert = staticmethod(upsert_customers)


@batch_schema("Upsert direct opportunities", OpportunityRow)
class OpportunityBatch(CrmBatch):
    row_type = OpportunityRow
    upsert = staticmethod(upsert_opportunities)


@batch_schema("Upsert sales", SaleRow)
class SaleBatch(CrmBatch):
    row_type = SaleRow
    upsert = staticmethod(upsert_sales)


@batch_schema("Set exchange rates", RateRow)
class RateBatch(CrmBatch):
    row_type = RateRow
    upsert = staticmethod(upsert_rates)


class CrmRead(ApiView, GenericAPIView[Any]):
    required_scopes = {"GET": "crm.read"}
    lookup_field = "public_id"


class Customers(CrmRead):
    serializer_class = serializers.CustomerSerializer
    filterset_class = filters.CustomerFilter

    def get_queryset(self) -> QuerySet[Any]:
        return queries.customers_visible_to(self.actor)


@extend_schema_view(get=extend_schema(summary="List customers"))
class CustomerList(Customers, ListAPIView): ...


@extend_schema_view(get=extend_schema(summary="Show a customer"))
class CustomerDetail(Customers, RetrieveAPIView): ...


class Products(CrmRead):
    serializer_class = serializers.ProductSerializer
    filterset_class = filters.ProductFilter

    def get_queryset(self) -> QuerySet[Any]:
        return queries.products_visible_to(self.actor)


@extend_schema_view(get=extend_schema(summary="List products"))
class ProductList(Products, ListAPIView): ...


@extend_schema_view(get=extend_schema(summary="Show a product"))
class ProductDetail(Products, RetrieveAPIView): ...


class Opportunities(CrmRead):
    serializer_class = serializers.OpportunitySerializer
    filterset_class = filters.OpportunityFilter

    def get_queryset(self) -> QuerySet[Any]:
        return queries.opportunities_visible_to(self.actor)


@extend_schema_view(get=extend_schema(summary="List direct opportunities"))
class OpportunityList(Opportunities, ListAPIView): ...


@extend_schema_view(get=extend_schema(summary="Show a direct opportunity"))
class OpportunityDetail(Opportunities, RetrieveAPIView): ...


class Sales(CrmRead):
    serializer_class = serializers.SaleSerializer
    filterset_class = filters.SaleFilter
    keyset = "created_at"

    def get_queryset(self) -> QuerySet[Any]:
        return queries.sales_visible_to(self.actor)


@extend_schema_view(get=extend_schema(summary="List the current revisions of sales"))
class SaleList(Sales, ListAPIView):
    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().filter(is_current=True)


@extend_schema_view(get=extend_schema(summary="Show a revision of a sale"))
class SaleDetail(Sales, RetrieveAPIView): ...
