"""Addresses of deals, the review queue and the rules of engagement."""

from django.urls import path

from deals.views import pages, register, reviews

app_name = "deals"
urlpatterns = [
    path("", pages.deal_list, name="list"),
    path("new/", register.new, name="new"),
    path("rules/", pages.rules, name="rules"),
    path("queue/", reviews.queue, name="queue"),
    path("queue/<slug:public_id>/", reviews.review, name="review"),
    path("<slug:public_id>/", pages.detail, name="detail"),
    path("<slug:public_id>/edit/", register.edit, name="edit"),
    path("<slug:public_id>/receipt/", pages.receipt, name="receipt"),
    path("<slug:public_id>/<slug:event>/", pages.happen, name="happen"),
]
