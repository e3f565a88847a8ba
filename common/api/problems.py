"""Problem details after RFC 9457: the one translation of errors into answers of the API.

============================  ======  ==============================================================
what went wrong               status  code
============================  ======  ==============================================================
malformed JSON or header      400     ``parse_error``, ``request.key_missing``, ``request.key_invalid``
no or a bad token             401     ``not_authenticated``, ``invalid_token``
a scope is missing            403     ``permission_denied``; a role's capability ``actor.not_permitted``
missing or invisible          404     ``not_found``
refused by the rules          409     the first reason's code; ``reasons`` has all
too large                     413     ``request.too_large``
well-formed but invalid       422     ``invalid``; ``errors`` by field
an idempotency key reused     422     ``request.key_reused``
============================  ======  ==============================================================
"""

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import set_rollback

from common.errors import DomainError, KeyReused, NotFound, Refused
from common.reasons import sentence
from common.verdict import Reason

CONTENT_TYPE = "application/problem+json"
STATUS_OF_CODE = {"actor.not_permitted": status.HTTP_403_FORBIDDEN}  # any other refusal: 409

FieldErrors = dict[str, list[dict[str, str]]]


class RowsInvalid(exceptions.APIException):
    """Rows of a batch that cannot be taken. ``field_errors`` by place: ``rows[3].lines[0].quantity``."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_detail = gettext_lazy("Some rows are invalid; nothing was applied.")
    default_code = "invalid"

    def __init__(self, field_errors: FieldErrors) -> None:
        super().__init__()
        self.field_errors = field_errors


class KeyMissing(exceptions.APIException):
    status_code = status.HTTP_400_BAD_REQUEST
    default_detail = gettext_lazy("Send an Idempotency-Key header: a new random value for each new request.")
    default_code = "request.key_missing"


class KeyInvalid(exceptions.APIException):
    status_code = status.HTTP_400_BAD_REQUEST
    default_detail = gettext_lazy("An Idempotency-Key has at most 255 printable ASCII characters.")
    default_code = "request.key_invalid"


class TooLarge(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = gettext_lazy("The body of the request is too large.")
    default_code = "request.too_large"


def problem_response(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """The problem that an error is; None for what is nobody's fault but ours (500)."""
    answer = _translate(error)
    if answer is not None:
        set_rollback()
    return answer


def _translate(error: Exception) -> Response | None:
    match error:
        case Refused():
            return _refused(error.reasons)
        case NotFound() | Http404():
            return problem(status.HTTP_404_NOT_FOUND, "not_found", _("There is nothing here."))
        case KeyReused():
            code = "request.key_reused"
            return problem(status.HTTP_422_UNPROCESSABLE_ENTITY, code, sentence(Reason(code)))
        case DomainError():
            return problem(status.HTTP_409_CONFLICT, "refused", str(error))
        case RequestDataTooBig():
            return _translate(TooLarge())
        case PermissionDenied():
            return _translate(exceptions.PermissionDenied())
        case RowsInvalid():
            return problem(error.status_code, error.default_code, str(error.detail), errors=error.field_errors)
        case exceptions.ValidationError():
            errors = field_errors(error.detail)
            return problem(status.HTTP_422_UNPROCESSABLE_ENTITY, "invalid", _("The request is invalid."), errors=errors)
        case exceptions.APIException():
            return _of_framework(error)
    return None


def _refused(reasons: Sequence[Reason]) -> Response:
    first = reasons[0]
    listed = [{"code": reason.code, "message": sentence(reason), "field": reason.field} for reason in reasons]
    errors: FieldErrors = {}
    for reason in listed:
        if reason["field"]:
            errors.setdefault(reason["field"], []).append({"code": reason["code"], "message": reason["message"]})
    status_code = STATUS_OF_CODE.get(first.code, status.HTTP_409_CONFLICT)
    return problem(status_code, first.code, sentence(first), reasons=listed, errors=errors)


def _of_framework(error: exceptions.APIException) -> Response:
    answer = problem(error.status_code, str(getattr(error.detail, "code", error.default_code)), str(error.detail))
    if challenge := getattr(error, "auth_header", None):
        answer["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        answer["Retry-After"] = str(int(wait))
    return answer


def problem(status_code: int, code: str, detail: str, **more: Any) -> Response:
    """An answer that says what is wrong. `code` is for programs, `detail` for people."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status_code).phrase,
        "status": status_code,
        "code": code,
        "detail": detail,
        "reasons": more.pop("reasons", []),
        "errors": more.pop("errors", {}),
    }
    return Response(body, status=status_code, content_type=CONTENT_TYPE)


def field_errors(detail: Any) -> FieldErrors:
    """A serializer's nested errors, flat by place: ``lines[0].amount``; what concerns no field under the empty name."""
    found: FieldErrors = {}
    for place, error in _flat(detail, ""):
        found.setdefault(place, []).append({"code": str(getattr(error, "code", "invalid")), "message": str(error)})
    return found


def _flat(detail: Any, place: str) -> Iterator[tuple[str, Any]]:
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            own = "" if name == "non_field_errors" else name
            yield from _flat(inner, f"{place}.{own}".strip(".") if own else place)
    elif isinstance(detail, list | tuple):
        for number, inner in enumerate(detail):
            nested = isinstance(inner, Mapping | list | tuple)
            yield from _flat(inner, f"{place}[{number}]" if nested else place)
    else:
        yield place, detail
