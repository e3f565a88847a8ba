"""Distributors and the resellers they register deals for."""

from django.urls import path

from partners.views import distribution as views

app_name = "distribution"
urlpatterns = [
    path("", views.links, name="list"),
    path("<str:public_id>/<slug:event>/", views.happen, name="happen"),
]
