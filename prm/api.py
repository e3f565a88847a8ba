"""The root of the REST API and what its authorisation server knows."""

from allauth.idp.oidc.adapter import DefaultOIDCAdapter


class OidcAdapter(DefaultOIDCAdapter):
    """Describes the API's scopes."""

    scope_display = DefaultOIDCAdapter.scope_display | {
        "crm.read": "Read customers, products, opportunities and sales",
        "crm.write": "Write customers, products, opportunities and sales",
        "deals.read": "Read registrations and decisions",
        "deals.write": "Register deals",
        "statements.read": "Read statements",
    }
