"""The root of the REST API: which app answers where, its description, and what its authorisation server knows."""

from allauth.idp.oidc.adapter import DefaultOIDCAdapter
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from common.api.views import NoSuchAddress

SCOPES = {
    "crm.read": "Read customers, products, opportunities and sales",
    "crm.write": "Write customers, products, opportunities and sales",
    "deals.read": "Read registrations and decisions",
    "deals.write": "Register deals",
    "deals.review": "Decide about registrations",
    "statements.read": "Read statements",
    "tiers.read": "Read standings and the score book",
    "tiers.write": "Credit the score book and change the programme",
}


class OidcAdapter(DefaultOIDCAdapter):
    """Describes the API's scopes."""

    scope_display = DefaultOIDCAdapter.scope_display | SCOPES


class Docs(SpectacularSwaggerSplitView):
    """The browsable description; its page has no inline style or script, its files are our own."""

    template_name = "api/docs.html"
    url_name = "api-schema"


app_urls = [
    path("", include("crm.api.urls")),
    path("", include("deals.api.urls")),
    path("", include("incentives.api.urls")),
    path("", include("tiers.api.urls")),
]

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", Docs.as_view(), name="api-docs"),
    path("v1/", include((app_urls, "api"))),
    path("", NoSuchAddress.as_view()),
    path("<path:rest>", NoSuchAddress.as_view()),
]
