"""The tier page: of one's own partner, and of any partner for the vendor."""

from django.urls import path

from tiers.views import freezes, manual_reviews, overrides, standing

app_name = "tiers"

urlpatterns = [
    path("", standing.own_standing, name="standing"),
    path("overrides/", overrides.overrides, name="overrides"),
    path("overrides/export/", overrides.export, name="override-export"),
    path("overrides/<str:public_id>/", overrides.override, name="override"),
    path("freezes/<str:public_id>/", freezes.freeze, name="freeze"),
    path("<str:public_id>/override/", overrides.new_override, name="override-new"),
    path("<str:public_id>/freeze/", freezes.new_freeze, name="freeze-new"),
    path("<str:public_id>/review/", manual_reviews.manual_review, name="review-now"),
    path("<str:public_id>/", standing.partner_standing, name="partner"),
]
