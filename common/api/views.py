"""What every endpoint of the API starts from.

An endpoint is a class with ``required_scopes`` by method; it calls one query or one action with ``self.actor`` and, for
the clock, `timezone.now()`. Errors are raised, never returned: `common.api.problems` translates them. Lists::

    class CustomerList(ApiView, ListAPIView):
        required_scopes = {"GET": "crm.read"}
        serializer_class = CustomerSerializer

        def get_queryset(self):
            return queries.customers_visible_to(self.actor)

and one object by its public id::

    class CustomerDetail(ApiView, RetrieveAPIView):
        ...
        lookup_field = "public_id"

Batches are `BatchView`, requests that must act once are `common.api.idempotency.idempotent`.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from typing import Any, ClassVar

import msgspec
from django.utils import timezone
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.actor import Actor
from common.api.idempotency import idempotent
from common.api.permissions import actor_of
from common.api.problems import FieldErrors, RowsInvalid
from common.api.rows import decode_rows
from common.errors import NotFound


class ApiView(APIView):
    """Knows its actor, and takes no body larger than the settings allow."""

    required_scopes: ClassVar[Mapping[str, str]] = {}

    @property
    def actor(self) -> Actor:
        return actor_of(self.request)

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        with timezone.override(UTC):  # times are written, and without an offset read, as UTC
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method not in ("GET", "HEAD"):
            _ = request.body  # read here, where its size is limited, and not by a parser, which has no limit


class NoSuchAddress(ApiView):
    """Answers for addresses below the API that do not exist, to anyone, in the API's own words."""

    authentication_classes = ()
    permission_classes = ()

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        self.http_method_not_allowed = self.not_found  # type: ignore[method-assign]
        return super().dispatch(request, *args, **kwargs)

    def not_found(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        raise NotFound


class BatchView(ApiView):
    """``{"rows": […]}``, at most 1 000 rows, applied whole or not at all.

    `row_type` is the struct of a row; `upsert` the action: rows, `by` and `at` in, a result with `failed`, `results`
    (index, external_id, outcome, errors) and `counts` out. An idempotency key is welcome but not needed: the same rows
    again change nothing.
    """

    row_type: ClassVar[type[msgspec.Struct]]
    upsert: ClassVar[Callable[..., Any]]

    @idempotent(required=False)
    def post(self, request: Request) -> Response:
        media_type = request.content_type.partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise UnsupportedMediaType(media_type)
        rows = decode_rows(request.body, self.row_type)
        result = type(self).upsert(rows, by=self.actor, at=timezone.now())
        if result.failed:
            raise RowsInvalid(_field_errors(result.results))
        results = [
            {"index": row.index, "external_id": row.external_id, "outcome": row.outcome.value} for row in result.results
        ]
        return Response({"counts": result.counts, "results": results})


def _field_errors(results: Sequence[Any]) -> FieldErrors:
    found: FieldErrors = {}
    for row in results:
        for error in row.errors:
            place = f"rows[{row.index}].{error.field}"
            found.setdefault(place, []).append({"code": error.code, "message": error.message})
    return found
