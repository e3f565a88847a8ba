"""Endpoints of what keeps, changes and ends a protection."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.idempotency import idempotent
from crm import queries as crm_queries
from deals.actions.activity import move_stage
from deals.actions.changes import propose_change
from deals.actions.extensions import request_extension
from deals.actions.outcomes import release_registration, revoke_registration
from deals.api.serializers import NewLineSerializer, RegistrationSerializer
from deals.api.views import Registrations
from deals.choices.protections import ChangeStatus, Dimension, ExtensionStatus
from deals.choices.registrations import SalesStage
from deals.queries.changes import ChangeRow, changes_of, find_change
from deals.queries.conversation import find_attachment
from deals.queries.protections import ExtensionRow, extensions_of, find_extension_row
from deals.queries.registrations import find_registration
from deals.rules.drafts import DraftLine


class NewExtensionSerializer(serializers.Serializer[Any]):
    """What happened on which day; without a file in at least twenty characters."""

    words = serializers.CharField(max_length=10_000, allow_blank=True)
    evidence_on = serializers.DateField()
    attachment = serializers.CharField(
        max_length=24, default="", allow_blank=True, help_text="Public id of a file of this registration."
    )


class ExtensionStepSerializer(serializers.Serializer[Any]):
    code = serializers.ChoiceField([("ends_before", "before"), ("days", "added"), ("ends_after", "after")])
    at = serializers.DateTimeField(allow_null=True)
    days = serializers.IntegerField()


class ExtensionSerializer(serializers.Serializer[Any]):
    """A request for more time, with the steps to the new end."""

    public_id = serializers.CharField(source="extension.public_id")
    number = serializers.IntegerField(source="extension.number")
    status = serializers.ChoiceField(ExtensionStatus.choices, source="extension.status")
    words = serializers.CharField(source="extension.words")
    evidence_on = serializers.DateField(source="extension.evidence_on")
    attachment = serializers.CharField(source="extension.evidence.public_id", default=None, allow_null=True)
    days = serializers.IntegerField(source="extension.days")
    requested_at = serializers.DateTimeField(source="extension.requested_at")
    requested_by = serializers.CharField(source="extension.requested_by")
    decided_at = serializers.DateTimeField(source="extension.decided_at", allow_null=True)
    decided_by = serializers.CharField(source="extension.decided_by", allow_blank=True, help_text="Empty: by rule.")
    answer = serializers.CharField(source="extension.answer", allow_blank=True)
    steps = ExtensionStepSerializer(many=True)


class NewChangeSerializer(serializers.Serializer[Any]):
    """The fields that are to be others; what is left out stays."""

    customer_name = serializers.CharField(max_length=10_000, required=False)
    customer_country = serializers.CharField(max_length=10, required=False)
    customer_domain = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    customer_tax_id = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    site = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    contact = serializers.CharField(max_length=10_000, required=False)
    expected_close_on = serializers.DateField(required=False)
    why_now = serializers.CharField(max_length=20_000, required=False, allow_blank=True)
    lines = NewLineSerializer(many=True, required=False)


class ChangedFieldSerializer(serializers.Serializer[Any]):
    field = serializers.CharField()
    before = serializers.SerializerMethodField()
    after = serializers.SerializerMethodField()

    @extend_schema_field({"description": "As it was."})
    def get_before(self, found: Any) -> Any:
        return _plain(found.before)

    @extend_schema_field({"description": "As it is to be."})
    def get_after(self, found: Any) -> Any:
        return _plain(found.after)


class ChangeSerializer(serializers.Serializer[Any]):
    """A change of an approved registration. `dimensions` are what was judged again; none: not material."""

    public_id = serializers.CharField(source="change.public_id")
    status = serializers.ChoiceField(ChangeStatus.choices, source="change.status")
    dimensions = serializers.ListField(child=serializers.ChoiceField(Dimension.choices), source="change.dimensions")
    differences = ChangedFieldSerializer(many=True)
    decision = serializers.CharField(source="change.decision.public_id", default=None, allow_null=True)
    requested_at = serializers.DateTimeField(source="change.requested_at")
    requested_by = serializers.CharField(source="change.requested_by")
    review_due_at = serializers.DateTimeField(source="change.review_due_at", allow_null=True)
    settled_at = serializers.DateTimeField(source="change.settled_at", allow_null=True)
    settled_by = serializers.CharField(source="change.settled_by", allow_blank=True)


class RevocationSerializer(serializers.Serializer[Any]):
    words = serializers.CharField(max_length=10_000, allow_blank=True, help_text="The partner reads them.")


class StageMoveSerializer(serializers.Serializer[Any]):
    stage = serializers.ChoiceField(SalesStage.choices)


def _plain(value: Any) -> Any:
    """Lines as objects with text amounts, dates as text."""
    if isinstance(value, tuple):
        return [{"product": line.product, "quantity": line.quantity, "amount": str(line.amount)} for line in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


class Extension(Registrations):
    required_scopes = {"POST": "deals.read deals.write"}

    @extend_schema(
        summary="Ask for more time",
        description="The first extension is granted at once, any later one by a manager.",
        request=NewExtensionSerializer,
        responses={201: ExtensionSerializer},
    )
    @idempotent()
    def post(self, request: Request, public_id: str) -> Response:
        registration = find_registration(self.actor, public_id)
        typed = NewExtensionSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        said = typed.validated_data
        named = said["attachment"]
        extension = request_extension(
            registration.pk,
            words=said["words"],
            evidence_on=said["evidence_on"],
            attachment_id=find_attachment(self.actor, public_id, named).pk if named else None,
            by=self.actor,
            at=timezone.now(),
        )
        shown: ExtensionRow = find_extension_row(self.actor, extension.public_id)
        return Response(ExtensionSerializer(shown).data, status=status.HTTP_201_CREATED)


class ExtensionList(Registrations):
    @extend_schema(
        summary="Show requests for more time",
        description="With the steps to each new end, oldest first.",
        responses={200: ExtensionSerializer(many=True)},
    )
    def get(self, request: Request, public_id: str) -> Response:
        return Response(ExtensionSerializer(extensions_of(find_registration(self.actor, public_id)), many=True).data)


class ChangeList(Registrations):
    @extend_schema(
        summary="Show changes of a registration",
        description="Newest first.",
        responses={200: ChangeSerializer(many=True)},
    )
    def get(self, request: Request, public_id: str) -> Response:
        return Response(ChangeSerializer(changes_of(find_registration(self.actor, public_id)), many=True).data)

    @extend_schema(
        summary="Change a protected registration",
        description="What is not material applies at once. The rest is judged by the rules of what it touches: "
        "applied, refused, or pending until a manager decides. A refusal is an answer (201), not an error.",
        request=NewChangeSerializer,
        responses={201: ChangeSerializer},
    )
    @idempotent()
    def post(self, request: Request, public_id: str) -> Response:
        registration = find_registration(self.actor, public_id)
        given = NewChangeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        typed = dict(given.validated_data)
        if "lines" in typed:
            typed["lines"] = _lines(typed["lines"])
        change = propose_change(registration.pk, typed=typed, by=self.actor, at=timezone.now())
        shown: ChangeRow = find_change(self.actor, change.public_id)
        return Response(ChangeSerializer(shown).data, status=status.HTTP_201_CREATED)


def _lines(typed: list[dict[str, Any]]) -> list[DraftLine]:
    """With keys instead of public ids; unknown products get no key, and the rules say so."""
    known = {product.public_id: product.pk for product in crm_queries.product_choices()}
    return [DraftLine(known.get(line["product"], 0), line["quantity"], line["amount"]) for line in typed]


class Release(Registrations):
    required_scopes = {"POST": "deals.read deals.write"}
    serializer_class = RegistrationSerializer

    @extend_schema(summary="Give a customer up", request=None, responses={200: RegistrationSerializer})
    @idempotent()
    def post(self, request: Request, public_id: str) -> Response:
        registration = find_registration(self.actor, public_id)
        release_registration(registration.pk, by=self.actor, at=timezone.now())
        return self.answer(public_id, status.HTTP_200_OK)


class Revocation(Registrations):
    required_scopes = {"POST": "deals.read deals.write"}

    @extend_schema(summary="Revoke a protection", request=RevocationSerializer, responses={200: RegistrationSerializer})
    @idempotent()
    def post(self, request: Request, public_id: str) -> Response:
        registration = find_registration(self.actor, public_id)
        typed = RevocationSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        words = typed.validated_data["words"]
        revoke_registration(registration.pk, words=words, by=self.actor, at=timezone.now())
        return self.answer(public_id, status.HTTP_200_OK)


class Stage(Registrations):
    required_scopes = {"POST": "deals.read deals.write"}

    @extend_schema(summary="Move the sales stage", request=StageMoveSerializer, responses={200: RegistrationSerializer})
    @idempotent()
    def post(self, request: Request, public_id: str) -> Response:
        registration = find_registration(self.actor, public_id)
        typed = StageMoveSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        stage = typed.validated_data["stage"]
        move_stage(registration.pk, stage=stage, by=self.actor, at=timezone.now())
        return self.answer(public_id, status.HTTP_200_OK)
