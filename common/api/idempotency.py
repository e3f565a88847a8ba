"""One effect per ``Idempotency-Key``, whatever a client retries.

How to use it, on a view's method::

    class RegistrationList(ApiView):
        @idempotent()
        def post(self, request: Request) -> Response: ...

The same key of the same client with the same request gives the first answer again, without its effect; with another
request it gives 422. Simultaneous requests wait for the first. An error (4xx raised, 5xx) stores nothing: the key stays
free and the request may be repeated with it. So *raise* errors; an answer that is returned is kept.
"""

import json
from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from typing import Any

from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.permissions import actor_of
from common.api.problems import KeyInvalid, KeyMissing
from common.idempotency import Answer, once

HEADER = "Idempotency-Key"
LONGEST_KEY = 255

Handler = Callable[..., Response]


def idempotent(*, required: bool = True) -> Callable[[Handler], Handler]:
    """Let a method act once per key. Without a key: 400 when it is `required`, otherwise it simply acts."""

    def decorate(method: Handler) -> Handler:
        @wraps(method)
        def handler(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
            if not request.headers.get(HEADER, "") and not required:
                return method(view, request, *args, **kwargs)
            key = checked_key(request)
            answer = once(
                owner=actor_of(request).key,
                key=key,
                fingerprint=_fingerprint(request),
                effect=lambda: _plain(method(view, request, *args, **kwargs)),
            )
            return Response(_ordered(answer.body), status=answer.status_code)

        handler.idempotency_key_required = required  # type: ignore[attr-defined] # for the schema
        return handler

    return decorate


def checked_key(request: Request) -> str:
    """The request's key. Refuses one that is missing or malformed."""
    key: str = request.headers.get(HEADER, "")
    if not key:
        raise KeyMissing
    if len(key) > LONGEST_KEY or not (key.isascii() and key.isprintable()):
        raise KeyInvalid
    return key


def _fingerprint(request: Request) -> str:
    """Of method, address and body; the body is read raw, before anything parses it."""
    head = f"{request.method} {request.get_full_path()}\n".encode()
    return sha256(head + request.body).hexdigest()


def _ordered(body: Any) -> Any:
    """The same body with its keys in one order, which the database does not keep."""
    return json.loads(json.dumps(body, sort_keys=True))


def _plain(response: Response) -> Answer:
    """The answer as JSON would have it, so that the first and every repeated answer are the same bytes."""
    return Answer(response.status_code, json.loads(JSONRenderer().render(response.data) or b"null"))
