"""The endpoint that registers many deals at once."""

from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.idempotency import checked_key
from common.api.problems import FieldErrors, RowsInvalid
from common.api.views import ApiView
from common.reasons import sentence
from common.verdict import Reason
from crm import queries as crm_queries
from deals.actions.imports import check_many, register_many
from deals.api.serializers import NewRegistrationSerializer
from deals.api.views import draft_with
from deals.choices.checks import Light
from deals.choices.registrations import RegistrationStatus
from deals.rules.import_rows import MOST_ROWS
from partners import queries as partner_queries


class RegistrationBatchSerializer(serializers.Serializer[Any]):
    """Deals to register. With `all_or_nothing` nothing is registered unless every row can be."""

    rows = NewRegistrationSerializer(many=True, min_length=1, max_length=MOST_ROWS)  # type: ignore[call-arg] # of the list
    all_or_nothing = serializers.BooleanField(default=True)


class RowProblemSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()
    field = serializers.CharField(allow_blank=True)


class RegisteredRowSerializer(serializers.Serializer[Any]):
    index = serializers.IntegerField()
    registration = serializers.CharField(allow_null=True, help_text="Its public id; null: see the errors.")
    status = serializers.ChoiceField(RegistrationStatus.choices, allow_null=True)
    light = serializers.ChoiceField(Light.choices, allow_null=True)
    errors = RowProblemSerializer(many=True)  # type: ignore[assignment]


class RegistrationBatchResultSerializer(serializers.Serializer[Any]):
    """What became of each row, in the order in which they were sent."""

    registered = serializers.IntegerField()
    left_out = serializers.IntegerField()
    results = RegisteredRowSerializer(many=True)


class RegistrationBatch(ApiView):
    required_scopes = {"POST": "deals.write"}
    serializer_class = RegistrationBatchResultSerializer

    @extend_schema(
        summary="Register many deals",
        description="Each row is registered for itself, under the Idempotency-Key and its place: sent again, nothing "
        "is registered twice. A rejection by the rules is an answer, not an error. Rows are always submitted.",
        request=RegistrationBatchSerializer,
        responses={200: RegistrationBatchResultSerializer},
    )
    def post(self, request: Request) -> Response:
        key = checked_key(request)
        typed = RegistrationBatchSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        drafts = _drafts(typed.validated_data["rows"])
        at = timezone.now()
        if typed.validated_data["all_or_nothing"]:
            _refuse_all(check_many(drafts, by=self.actor, at=at))
        names = [
            f"deals.batch {blake2b(key.encode(), digest_size=16).hexdigest()} {place}" for place in range(len(drafts))
        ]
        done = register_many(drafts, names, by=self.actor, at=at)
        counts = Counter(bool(row.registration) for row in done)
        results = [
            {
                "index": row.number,
                "registration": row.registration or None,
                "status": row.status or None,
                "light": row.light or None,
                "errors": [_problem(reason) for reason in row.problems],
            }
            for row in done
        ]
        return Response({"registered": counts[True], "left_out": counts[False], "results": results})

    post.idempotency_key_required = True  # type: ignore[attr-defined] # for the schema


def _drafts(rows: Sequence[dict[str, Any]]) -> list[Any]:
    products = {product.public_id: product.pk for product in crm_queries.product_choices()}
    partners = partner_queries.partner_ids_by_public_id(row["partner"] for row in rows)
    return [draft_with(row, partners=partners, products=products) for row in rows]


def _refuse_all(problems: Sequence[Sequence[Reason]]) -> None:
    """Raise with every problem of every row, if there is one."""
    found: FieldErrors = {}
    for place, reasons in enumerate(problems):
        for reason in reasons:
            field = f"rows[{place}].{reason.field}".rstrip(".")
            found.setdefault(field, []).append({"code": reason.code, "message": sentence(reason)})
    if found:
        raise RowsInvalid(found)


def _problem(reason: Reason) -> dict[str, str]:
    return {"code": reason.code, "message": sentence(reason), "field": reason.field}
