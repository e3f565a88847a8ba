"""Addresses below ``/api/v1/``."""

from django.urls import path

from deals.api import views

app_name = "deals"

urlpatterns = [
    path("registrations", views.RegistrationList.as_view(), name="registration-list"),
    path("registrations/<slug:public_id>", views.RegistrationDetail.as_view(), name="registration-detail"),
    path("registrations/<slug:public_id>/submit", views.RegistrationSubmission.as_view(), name="registration-submit"),
    path("registrations/<slug:public_id>/decisions", views.DecisionList.as_view(), name="decision-list"),
]
