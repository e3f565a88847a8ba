"""The tier page: of one's own partner, and of any partner for the vendor."""

from django.urls import path

from tiers.views import standing

app_name = "tiers"

urlpatterns = [
    path("", standing.own_standing, name="standing"),
    path("<str:public_id>/", standing.partner_standing, name="partner"),
]
