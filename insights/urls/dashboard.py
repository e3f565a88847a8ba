"""The CEO's dashboard and the rows behind its figures."""

from django.urls import path

from insights.views import dashboard as views

app_name = "insights"
urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("sales/", views.sales, name="sales"),
    path("answers/", views.answers, name="answers"),
]
