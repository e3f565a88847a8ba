"""Addresses below ``/api/v1/``."""

from django.urls import path

from crm.api import views

app_name = "crm"

urlpatterns = [
    path("families/batch", views.FamilyBatch.as_view(), name="family-batch"),
    path("products/batch", views.ProductBatch.as_view(), name="product-batch"),
    path("customers/batch", views.CustomerBatch.as_view(), name="customer-batch"),
    path("opportunities/batch", views.OpportunityBatch.as_view(), name="opportunity-batch"),
    path("sales/batch", views.SaleBatch.as_view(), name="sale-batch"),
    path("rates/batch", views.RateBatch.as_view(), name="rate-batch"),
    path("customers", views.CustomerList.as_view(), name="customer-list"),
    path("customers/<slug:public_id>", views.CustomerDetail.as_view(), name="customer-detail"),
    path("products", views.ProductList.as_view(), name="product-list"),
    path("products/<slug:public_id>", views.ProductDetail.as_view(), name="product-detail"),
    path("opportunities", views.OpportunityList.as_view(), name="opportunity-list"),
    path("opportunities/<slug:public_id>", views.OpportunityDetail.as_view(), name="opportunity-detail"),
    path("sales", views.SaleList.as_view(), name="sale-list"),
    path("sales/<slug:public_id>", views.SaleDetail.as_view(), name="sale-detail"),
]
