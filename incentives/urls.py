"""Addresses of statements."""

from django.urls import path

from incentives import views

app_name = "incentives"
urlpatterns = [
    path("", views.statement_list, name="statements"),
    path("<slug:public_id>/", views.statement_detail, name="statement"),
    path("<slug:public_id>/lines/<slug:line_public_id>/", views.line_detail, name="line"),
    path("<slug:public_id>/lines/<slug:line_public_id>/take-back/", views.take_back, name="take-back"),
]
