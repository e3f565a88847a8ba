"""Addresses below ``/api/v1/``."""

from django.urls import path

from incentives.api import views

app_name = "incentives"

urlpatterns = [
    path("statements", views.StatementList.as_view(), name="statement-list"),
    path("statements/<slug:public_id>", views.StatementDetail.as_view(), name="statement-detail"),
]
