"""The tier page: of one's own partner, and of any partner for the vendor."""

from django.urls import path

from tiers import views

app_name = "tiers"

urlpatterns = [
    path("", views.own_standing, name="standing"),
    path("<str:public_id>/", views.partner_standing, name="partner"),
]
