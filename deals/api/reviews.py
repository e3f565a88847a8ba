"""Deciding about registrations: the queue, approving, rejecting, asking and answering, and who reviews."""

from collections.abc import Iterable
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from common.api.idempotency import idempotent
from common.api.views import ApiView
from common.verdict import refusal
from crm import queries as crm_queries
from deals.actions.answers import answer_inquiry
from deals.actions.assignments import assign_appeal, assign_change, assign_registration
from deals.actions.inquiries import ask_partner
from deals.actions.reviews import approve_registration, reject_registration
from deals.api.cases import AppealSerializer
from deals.api.life import ChangeSerializer
from deals.api.serializers import NewLineSerializer, RegistrationSerializer
from deals.api.views import Registrations
from deals.choices.engagement import RULE_LABELS
from deals.choices.registrations import DealSource, SalesStage
from deals.choices.reviews import DIMENSIONS, Waiting
from deals.queries.appeals import find_appeal
from deals.queries.changes import find_change
from deals.queries.queue import NOBODY, SORTS, Wish, queue_page
from deals.queries.registrations import find_registration
from deals.queries.reviewers import judges, reviewers
from deals.queries.reviews import chosen_customer
from deals.rules.drafts import DraftLine
from partners import queries as partner_queries
from partners.queries import Colleague

_LONG: dict[str, Any] = {"max_length": 10_000, "required": False}
_AMOUNT: dict[str, Any] = {"max_digits": 17, "decimal_places": 2, "default": None, "min_value": 0}


class QueueQuerySerializer(serializers.Serializer[Any]):
    """The selection of a queue."""

    kind = serializers.ChoiceField(Waiting.choices, default="", help_text="Only one kind.")
    search = serializers.CharField(max_length=200, default="", help_text="In names of customers and partners.")
    partner = serializers.CharField(max_length=40, default="", help_text="The partner's public id.")
    country = serializers.CharField(max_length=2, default="", help_text="The customer's, ISO 3166 alpha-2.")
    rule = serializers.ChoiceField(list(RULE_LABELS), default="", help_text="The rule that sent it to review.")
    reviewer = serializers.CharField(max_length=40, default="", help_text="A reviewer's public id, or `nobody`.")
    late = serializers.BooleanField(default=False, help_text="Only what waits longer than promised.")
    least = serializers.DecimalField(**_AMOUNT, help_text="Value in the base currency, included.")
    most = serializers.DecimalField(**_AMOUNT, help_text="Value in the base currency, included.")
    sort = serializers.ChoiceField([f"{sign}{name}" for name in SORTS for sign in ("", "-")], default="due")
    cursor = serializers.CharField(max_length=500, default="", help_text="From `next`.")


class WaitingSerializer(serializers.Serializer[Any]):
    """One thing that waits for a decision."""

    kind = serializers.ChoiceField(Waiting.choices)
    public_id = serializers.CharField(help_text="Of the registration, the change or the appeal.")
    registration = serializers.CharField(source="registration.public_id")
    partner = serializers.CharField(source="registration.partner.public_id")
    customer_name = serializers.CharField(source="registration.customer_name")
    base_amount = serializers.DecimalField(19, 4, source="registration.base_amount", allow_null=True)
    due_at = serializers.DateTimeField(help_text="Until when an answer is promised.")
    auto_approve_at = serializers.DateTimeField(
        source="registration.auto_approve_at", allow_null=True, help_text="When a low-risk one approves itself."
    )
    escalated_at = serializers.DateTimeField(
        allow_null=True, help_text="When those in charge were told that it is late."
    )
    rule = serializers.CharField(allow_blank=True, help_text="The rule that sent it to review; empty: none decided.")
    dimensions = serializers.ListField(child=serializers.ChoiceField(list(DIMENSIONS)), help_text="Of a change.")
    reviewer = serializers.CharField(source="reviewer.public_id", default=None, allow_null=True)


class WaitingPageSerializer(serializers.Serializer[Any]):
    next = serializers.CharField(allow_null=True, help_text="Address of the next page; null: there is none.")
    results = WaitingSerializer(many=True)


class ReviewWordsSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=10_000, help_text="The partner reads it.")


class ApprovalSerializer(ReviewWordsSerializer):
    customer = serializers.CharField(
        max_length=40, default="", help_text="Who the customer is: a public id, or `new`. Empty: the one matched."
    )


class QuestionSerializer(serializers.Serializer[Any]):
    fields_asked = serializers.ListField(
        child=serializers.CharField(max_length=40), help_text="What the partner may change: names of the fields."
    )
    words = serializers.CharField(max_length=10_000, help_text="The question; the partner reads it.")


class AnswerSerializer(serializers.Serializer[Any]):
    """Only fields that were asked for; what is not there stays as it is. `lines` replace all of them."""

    words = serializers.CharField(max_length=10_000, default="", allow_blank=True)
    customer_name = serializers.CharField(**_LONG)
    customer_country = serializers.CharField(max_length=10, required=False)
    customer_domain = serializers.CharField(**_LONG, allow_blank=True)
    customer_tax_id = serializers.CharField(**_LONG, allow_blank=True)
    site = serializers.CharField(**_LONG, allow_blank=True)
    contact = serializers.CharField(**_LONG)
    expected_close_on = serializers.DateField(required=False)
    stage = serializers.ChoiceField(SalesStage.choices, required=False)
    source = serializers.ChoiceField(DealSource.choices, required=False)  # type: ignore[assignment]
    why_now = serializers.CharField(**_LONG, allow_blank=True)
    lines = NewLineSerializer(many=True, required=False)


class AssignmentSerializer(serializers.Serializer[Any]):
    reviewer = serializers.CharField(max_length=40, allow_null=True, help_text="Public id; null: nobody.")


class Review(Registrations):
    """Something that a reviewer does with one registration."""

    required_scopes = {"POST": "deals.read deals.review"}
    serializer_class = RegistrationSerializer


class Queue(ApiView):
    required_scopes = {"GET": "deals.read deals.review"}

    @extend_schema(
        operation_id="review_list",
        summary="List what waits for a decision",
        description="Registrations, changes and appeals in one list, least time left first.",
        parameters=[QueueQuerySerializer],
        responses={200: WaitingPageSerializer},
    )
    def get(self, request: Request) -> Response:
        partner_queries.require(self.actor, "registration.review")
        asked = QueueQuerySerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        page = queue_page(_wish(asked.validated_data), at=timezone.now())
        address = request.build_absolute_uri()
        following = replace_query_param(address, "cursor", page.next_cursor) if page.next_cursor else None
        return Response({"next": following, "results": WaitingSerializer(page.rows, many=True).data})


class Approval(Review):
    @extend_schema(
        summary="Approve a registration",
        description="All rules are judged again; what they reject is not approved (409 with the reason).",
        request=ApprovalSerializer,
        responses={200: RegistrationSerializer},
    )
    @idempotent()
    def post(self, request: Request, public_id: str) -> Response:
        typed = _typed(ApprovalSerializer, request)
        deal = find_registration(self.actor, public_id)
        customer_id = chosen_customer(deal, typed["customer"])
        approve_registration(deal.pk, reason=typed["reason"], by=self.actor, at=timezone.now(), customer_id=customer_id)
        return self.answer(public_id, status.HTTP_200_OK)


class Rejection(Review):
    @extend_schema(
        summary="Reject a registration", request=ReviewWordsSerializer, responses={200: RegistrationSerializer}
    )
    @idempotent()
    def post(self, request: Request, public_id: str) -> Response:
        typed = _typed(ReviewWordsSerializer, request)
        deal = find_registration(self.actor, public_id)
        reject_registration(deal.pk, reason=typed["reason"], by=self.actor, at=timezone.now())
        return self.answer(public_id, status.HTTP_200_OK)


class Question(Review):
    @extend_schema(
        summary="Ask the partner for something",
        description="The clock of the review stands still until the partner answers.",
        request=QuestionSerializer,
        responses={200: RegistrationSerializer},
    )
    @idempotent()
    def post(self, request: Request, public_id: str) -> Response:
        typed = _typed(QuestionSerializer, request)
        deal = find_registration(self.actor, public_id)
        ask_partner(deal.pk, fields=typed["fields_asked"], words=typed["words"], by=self.actor, at=timezone.now())
        return self.answer(public_id, status.HTTP_200_OK)


class Answer(Registrations):
    required_scopes = {"POST": "deals.read deals.write"}
    serializer_class = RegistrationSerializer

    @extend_schema(
        summary="Answer what was asked",
        description="What changed is matched and judged again where rules look at it.",
        request=AnswerSerializer,
        responses={200: RegistrationSerializer},
    )
    @idempotent()
    def post(self, request: Request, public_id: str) -> Response:
        typed = _typed(AnswerSerializer, request)
        words, deal = typed.pop("words"), find_registration(self.actor, public_id)
        if "lines" in typed:
            known = {product.public_id: product.pk for product in crm_queries.product_choices()}
            typed["lines"] = [
                DraftLine(known.get(line["product"], 0), line["quantity"], line["amount"]) for line in typed["lines"]
            ]
        answer_inquiry(deal.pk, typed=typed, words=words, by=self.actor, at=timezone.now())
        return self.answer(public_id, status.HTTP_200_OK)


class Assignment(Review):
    @extend_schema(
        summary="Give a registration to a reviewer",
        request=AssignmentSerializer,
        responses={200: RegistrationSerializer},
    )
    @idempotent()
    def post(self, request: Request, public_id: str) -> Response:
        deal = find_registration(self.actor, public_id)
        assign_registration(deal.pk, _named(request, reviewers()), by=self.actor, at=timezone.now())
        return self.answer(public_id, status.HTTP_200_OK)


class ChangeAssignment(ApiView):
    required_scopes = {"POST": "deals.read deals.review"}

    @extend_schema(
        summary="Give a change to a reviewer", request=AssignmentSerializer, responses={200: ChangeSerializer}
    )
    @idempotent()
    def post(self, request: Request, public_id: str) -> Response:
        found = find_change(self.actor, public_id)
        assign_change(found.change.pk, _named(request, reviewers()), by=self.actor, at=timezone.now())
        return Response(ChangeSerializer(found).data)


class AppealAssignment(ApiView):
    required_scopes = {"POST": "deals.read deals.review"}

    @extend_schema(
        summary="Give an appeal to a judge",
        description="To nobody who decided about the registration before.",
        request=AssignmentSerializer,
        responses={200: AppealSerializer},
    )
    @idempotent()
    def post(self, request: Request, public_id: str) -> Response:
        found = find_appeal(self.actor, public_id)
        assign_appeal(found.pk, _named(request, judges()), by=self.actor, at=timezone.now())
        return Response(AppealSerializer(found).data)


def _named(request: Request, people: Iterable[Colleague]) -> int | None:
    """The key of whom the caller names; None: nobody. Refuses somebody who is none of them."""
    named = _typed(AssignmentSerializer, request)["reviewer"]
    keys = {person.public_id: person.pk for person in people}
    if named is not None and named not in keys:
        refusal("review.not_a_reviewer", field="reviewer").or_refuse()
    return keys.get(named)


def _typed(shape: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    typed = shape(data=request.data)
    typed.is_valid(raise_exception=True)
    return dict(typed.validated_data)


def _wish(asked: dict[str, Any]) -> Wish:
    people = {person.public_id: person.pk for person in reviewers()} if asked["reviewer"] else {}
    assigned = asked["reviewer"] if asked["reviewer"] == NOBODY else people.get(asked["reviewer"], 0)
    given = {name: asked[name] for name in ("kind", "search", "partner", "country", "rule", "least", "most")}
    return Wish(
        **given,
        assigned=assigned if asked["reviewer"] else "",
        only_late=asked["late"],
        sort=asked["sort"],
        cursor=asked["cursor"],
    )
