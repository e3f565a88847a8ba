"""Pages about partners. They read tiers as well, so they live in the highest app that they read."""

from django.urls import path

from insights.views import partners as views

app_name = "partners"
urlpatterns = [
    path("", views.partner_list, name="list"),
    path("own/", views.own_partner, name="own"),
    path("<str:public_id>/", views.partner_detail, name="detail"),
]
