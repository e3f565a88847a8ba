"""Bearer tokens of API clients."""

from allauth.idp.oidc.contrib.rest_framework.authentication import TokenAuthentication


class ClientTokenAuthentication(TokenAuthentication):
    pass
