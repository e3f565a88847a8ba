"""Every address of the program."""

from django.contrib import admin
from django.urls import include, path

from prm import health

urlpatterns = [
    path("healthz/live", health.live, name="live"),
    path("healthz/ready", health.ready, name="ready"),
    path("account/", include("allauth.urls")),
    path("", include("allauth.idp.urls")),
    path("admin/", admin.site.urls),
]
