"""Addresses below ``/api/v1/``."""

from django.urls import path

from tiers.api import metrics, overrides, programmes, scores, standing

app_name = "tiers"

urlpatterns = [
    path("metrics", metrics.MetricList.as_view(), name="metric-list"),
    path("score-credits", scores.CreditList.as_view(), name="credit-list"),
    path("score-credits/reversals", scores.ReversalBatch.as_view(), name="credit-reversals"),
    path("programme-versions", programmes.ProgrammeVersionList.as_view(), name="programme-list"),
    path("programme-versions/<int:number>", programmes.ProgrammeVersionDetail.as_view(), name="programme-detail"),
    path("tier-overrides", overrides.OverrideList.as_view(), name="override-list"),
    path("tier-overrides/<slug:public_id>", overrides.OverrideDetail.as_view(), name="override-detail"),
    path("tier-overrides/<slug:public_id>/end", overrides.OverrideEnding.as_view(), name="override-end"),
    path("tier-overrides/<slug:public_id>/withdraw", overrides.OverrideWithdrawal.as_view(), name="override-withdraw"),
    path("tier-freezes", overrides.FreezeList.as_view(), name="freeze-list"),
    path("tier-freezes/<slug:public_id>", overrides.FreezeDetail.as_view(), name="freeze-detail"),
    path("tier-freezes/<slug:public_id>/end", overrides.FreezeEnding.as_view(), name="freeze-end"),
    path("tier-reviews", overrides.ManualReviews.as_view(), name="review-list"),
    path("partners/<slug:public_id>/standing", standing.PartnerStanding.as_view(), name="partner-standing"),
]
