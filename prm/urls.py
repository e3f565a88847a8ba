"""Every address of the program."""

from django.contrib import admin
from django.urls import include, path

from insights.views import home
from prm import health, views

urlpatterns = [
    path("", home.home, name="home"),
    path("partners/", include("insights.urls.partners")),
    path("insights/", include("insights.urls.dashboard")),
    path("design/", views.design, name="design"),
    path("deals/", include("deals.urls")),
    path("tier/", include("tiers.urls")),
    path("statements/", include("incentives.urls")),
    path("distribution/", include("partners.urls.distribution")),
    path("notices/", include("partners.urls.notices")),
    path("views/", include("partners.urls.saved_views")),
    path("healthz/live", health.live, name="live"),
    path("healthz/ready", health.ready, name="ready"),
    path("account/", include("allauth.urls")),
    path("", include("allauth.idp.urls")),
    path("api/", include("prm.api")),
    path("admin/", admin.site.urls),
]
