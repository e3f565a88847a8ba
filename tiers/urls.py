"""The tier page: of one's own partner, and of any partner for the vendor."""

from django.urls import path

from tiers.views import (
    board,
    freezes,
    manual_reviews,
    metrics,
    overrides,
    programmes,
    score_imports,
    scores,
    simulations,
    standing,
)

app_name = "tiers"

urlpatterns = [
    path("", standing.own_standing, name="standing"),
    path("programme/", programmes.programme, name="programme"),
    path("programme/withdraw/", programmes.withdraw, name="programme-withdraw"),
    path("programme/drafts/new/", programmes.new, name="programme-new"),
    path("programme/drafts/<str:public_id>/", programmes.draft, name="programme-draft"),
    path("programme/drafts/<str:public_id>/edit/", programmes.edit, name="programme-edit"),
    path("programme/drafts/<str:public_id>/copy/", programmes.copy, name="programme-copy"),
    path("programme/drafts/<str:public_id>/publish/", programmes.publish, name="programme-publish"),
    path("programme/drafts/<str:public_id>/discard/", programmes.discard, name="programme-discard"),
    path("programme/drafts/<str:public_id>/simulate/", simulations.start, name="simulation-new"),
    path("programme/simulations/<str:public_id>/", simulations.simulation, name="simulation"),
    path("programme/simulations/<str:public_id>/cancel/", simulations.cancel, name="simulation-cancel"),
    path("programme/simulations/<str:public_id>/partners.csv", simulations.export, name="simulation-export"),
    path("board/", board.board, name="board"),
    path("board/export/", board.export, name="board-export"),
    path("board/over-time/", board.over_time, name="board-over-time"),
    path("board/over-time/export/", board.over_time_export, name="board-over-time-export"),
    path("board/notices/", board.notices, name="board-notices"),
    path("board/notices/export/", board.notices_export, name="board-notices-export"),
    path("overrides/", overrides.overrides, name="overrides"),
    path("overrides/export/", overrides.export, name="override-export"),
    path("overrides/<str:public_id>/", overrides.override, name="override"),
    path("freezes/<str:public_id>/", freezes.freeze, name="freeze"),
    path("scores/", scores.scores, name="scores"),
    path("scores/export/", scores.export, name="scores-export"),
    path("scores/reverse/", scores.reverse, name="score-reverse"),
    path("scores/import/", score_imports.import_file, name="score-import"),
    path("scores/import/problems/", score_imports.problems, name="score-import-problems"),
    path("scores/import/example/", score_imports.example, name="score-import-example"),
    path("metrics/", metrics.metrics, name="metrics"),
    path("metrics/new/", metrics.new, name="metric-new"),
    path("metrics/<slug:code>/", metrics.metric, name="metric"),
    path("<str:public_id>/override/", overrides.new_override, name="override-new"),
    path("<str:public_id>/freeze/", freezes.new_freeze, name="freeze-new"),
    path("<str:public_id>/review/", manual_reviews.manual_review, name="review-now"),
    path("<str:public_id>/", standing.partner_standing, name="partner"),
]
