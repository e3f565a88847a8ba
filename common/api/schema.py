"""What the OpenAPI document needs to be told: batches, and the problems that any operation may answer with."""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import serializers

from common.api.idempotency import HEADER, LONGEST_KEY
from common.api.problems import CONTENT_TYPE
from common.api.rows import MOST_ROWS

V = TypeVar("V", bound=type)
OUTCOMES = ("created", "updated", "unchanged", "waiting", "failed")


class FieldErrorSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField(help_text="A sentence for people.")


class ReasonSerializer(FieldErrorSerializer):
    field = serializers.CharField(allow_blank=True, help_text="The field that it is about; empty: the whole request.")


class ProblemSerializer(serializers.Serializer[Any]):
    """Problem details after RFC 9457."""

    type = serializers.CharField(help_text="`about:blank`: the status says it all.")
    title = serializers.CharField(help_text="The status in words.")
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="For programs: what is wrong.")
    detail = serializers.CharField(help_text="For people: what is wrong.")
    reasons = ReasonSerializer(many=True, help_text="Everything that stands against the request.")
    errors = serializers.DictField(  # type: ignore[assignment]
        child=FieldErrorSerializer(many=True), help_text="By field, such as `rows[3].lines[0].quantity`."
    )


class RowResultSerializer(serializers.Serializer[Any]):
    index = serializers.IntegerField(help_text="The row's place in the request, from 0.")
    external_id = serializers.CharField()
    outcome = serializers.ChoiceField(OUTCOMES)


class BatchResultSerializer(serializers.Serializer[Any]):
    counts = serializers.DictField(child=serializers.IntegerField(), help_text="Rows by outcome.")
    results = RowResultSerializer(many=True)


class ProblemAutoSchema(AutoSchema):
    """Adds to every operation the answers that any operation may give, and the idempotency key where one is taken."""

    def _get_response_bodies(self, *args: Any, **kwargs: Any) -> Any:
        bodies = super()._get_response_bodies(*args, **kwargs)
        codes = ["401", "403"] + (["404"] if "{" in self.path else []) + (["422"] if self._takes_input() else [])
        codes += ["400", "409", "413", "415"] if self.method in ("POST", "PUT", "PATCH") else []
        for code in sorted(set(codes) - bodies.keys()):
            bodies[code] = self._get_response_for_code(  # type: ignore[no-untyped-call]
                OpenApiResponse(ProblemSerializer, description=_DESCRIPTIONS[code]), code, [CONTENT_TYPE]
            )
        return bodies

    def _takes_input(self) -> bool:
        return self.method != "GET" or self._is_list_view()

    def get_override_parameters(self) -> list[Any]:
        handler = getattr(self.view, self.method.lower(), None)
        required = getattr(handler, "idempotency_key_required", None)
        given: list[Any] = list(super().get_override_parameters())
        return given if required is None else [*given, _key_parameter(required)]


_DESCRIPTIONS = {
    "400": "Malformed.",
    "401": "No valid token.",
    "403": "The token lacks a scope.",
    "404": "Missing, or not visible to this client.",
    "409": "Refused by the rules.",
    "413": "Too large.",
    "415": "Not JSON.",
    "422": "Well-formed but invalid, or an idempotency key used for another request.",
}


def _key_parameter(required: bool) -> OpenApiParameter:
    return OpenApiParameter(
        HEADER,
        {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
        OpenApiParameter.HEADER,
        required=required,
        description="One effect per key: the same request again gets the first answer, another request gets 422.",
    )


def batch_schema(summary: str, row_type: type[msgspec.Struct], description: str = "") -> Callable[[V], V]:
    """Describe the POST of a `BatchView` from the struct of its rows."""
    rows = {"type": "array", "maxItems": MOST_ROWS, "items": schema_of(row_type)}
    body = {"type": "object", "required": ["rows"], "additionalProperties": False, "properties": {"rows": rows}}
    return extend_schema_view(
        post=extend_schema(
            summary=summary,
            description=description or (row_type.__doc__ or ""),
            request={"application/json": body},
            responses={200: BatchResultSerializer},
        )
    )


def schema_of(struct: type[msgspec.Struct]) -> dict[str, Any]:
    """The JSON schema of a struct without references, with exact decimals as strings."""
    schema = msgspec.json.schema(struct)
    inlined: dict[str, Any] = _inlined(schema, schema.get("$defs", {}))
    return inlined


def _inlined(part: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(part, list):
        return [_inlined(inner, definitions) for inner in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return _inlined(definitions[part["$ref"].rpartition("/")[2]], definitions)
    return {name: _inlined(inner, definitions) for name, inner in part.items() if name not in ("$defs", "title")}
