"""Addresses below ``/api/v1/``."""

from django.urls import path

from tiers.api import metrics, scores, standing

app_name = "tiers"

urlpatterns = [
    path("metrics", metrics.MetricList.as_view(), name="metric-list"),
    path("score-credits", scores.CreditList.as_view(), name="credit-list"),
    path("score-credits/reversals", scores.ReversalBatch.as_view(), name="credit-reversals"),
    path("partners/<slug:public_id>/standing", standing.PartnerStanding.as_view(), name="partner-standing"),
]
