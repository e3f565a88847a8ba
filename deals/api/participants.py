"""Endpoints of selling together."""

from decimal import Decimal
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.idempotency import idempotent
from common.api.views import ApiView
from deals.actions.co_sell import answer_co_sell_offer
from deals.actions.participants import answer_invitation, invite_participants, withdraw_invitation
from deals.api.serializers import RegistrationSerializer
from deals.api.views import Registrations
from deals.choices.participants import Consent, ParticipantRole
from deals.queries.participants import participants_of
from deals.queries.registrations import find_registration
from deals.rules.participants import Share
from partners import queries as partner_queries

_PERCENT: dict[str, Any] = {"max_digits": 5, "decimal_places": 2}


class NewShareSerializer(serializers.Serializer[Any]):
    """Without a partner it is the vendor's direct sales. What nobody is invited for is the lead's."""

    partner = serializers.CharField(max_length=24, default=None, allow_null=True, help_text="The partner's public id.")
    role = serializers.ChoiceField([choice for choice in ParticipantRole.choices if choice[0] != ParticipantRole.LEAD])
    share_percent = serializers.DecimalField(**_PERCENT)


class NewSharesSerializer(serializers.Serializer[Any]):
    participants = NewShareSerializer(many=True, max_length=20)  # type: ignore[call-arg] # of the list


class ParticipantSerializer(serializers.Serializer[Any]):
    """One side of a co-sell. The shares of those who have not declined are the whole."""

    public_id = serializers.CharField()
    partner = serializers.CharField(source="partner.public_id", default=None, allow_null=True)
    role = serializers.ChoiceField(ParticipantRole.choices)
    share_percent = serializers.SerializerMethodField()
    consent = serializers.ChoiceField(Consent.choices)
    answered_at = serializers.DateTimeField(allow_null=True)

    def get_share_percent(self, participant: Any) -> str:
        return str(Decimal(participant.share_bps) / 100)


class ConsentSerializer(serializers.Serializer[Any]):
    agrees = serializers.BooleanField()


class OfferAnswerSerializer(serializers.Serializer[Any]):
    accepts = serializers.BooleanField()


class ParticipantList(Registrations):
    serializer_class = ParticipantSerializer

    @extend_schema(summary="Show who sells together", responses={200: ParticipantSerializer(many=True)})
    def get(self, request: Request, public_id: str) -> Response:
        deal = find_registration(self.actor, public_id)
        return Response(ParticipantSerializer(participants_of(deal), many=True).data)

    @extend_schema(
        summary="Set who sells together",
        description="Replaces invitations that nobody has agreed to; an empty list: the partner sells alone.",
        request=NewSharesSerializer,
        responses={200: ParticipantSerializer(many=True)},
    )
    @idempotent()
    def post(self, request: Request, public_id: str) -> Response:
        deal = find_registration(self.actor, public_id)
        typed = NewSharesSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        rows = typed.validated_data["participants"]
        known = partner_queries.partner_ids_by_public_id(row["partner"] for row in rows if row["partner"])
        shares = [
            Share(
                known.get(row["partner"], 0) if row["partner"] else None, row["role"], int(row["share_percent"] * 100)
            )
            for row in rows
        ]
        invite_participants(deal.pk, shares, by=self.actor, at=timezone.now())
        return Response(ParticipantSerializer(participants_of(deal), many=True).data)


class Invitation(ApiView):
    required_scopes = {"DELETE": "deals.write"}

    @extend_schema(summary="Take an invitation back", responses={204: None})
    def delete(self, request: Request, public_id: str) -> Response:
        withdraw_invitation(public_id, by=self.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class InvitationAnswer(ApiView):
    required_scopes = {"POST": "deals.write"}
    serializer_class = ParticipantSerializer

    @extend_schema(
        summary="Answer an invitation",
        description="For the own company, or for the vendor's direct sales. Nobody consents for another company.",
        request=ConsentSerializer,
        responses={200: ParticipantSerializer},
    )
    @idempotent()
    def post(self, request: Request, public_id: str) -> Response:
        typed = ConsentSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        row = answer_invitation(public_id, agrees=typed.validated_data["agrees"], by=self.actor, at=timezone.now())
        return Response(ParticipantSerializer(row).data)


class CoSellAnswer(Registrations):
    serializer_class = RegistrationSerializer

    @extend_schema(
        summary="Answer the offer to sell together",
        request=OfferAnswerSerializer,
        responses={200: RegistrationSerializer},
    )
    @idempotent()
    def post(self, request: Request, public_id: str) -> Response:
        deal = find_registration(self.actor, public_id)
        typed = OfferAnswerSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        answer_co_sell_offer(deal.pk, accepts=typed.validated_data["accepts"], by=self.actor, at=timezone.now())
        return self.answer(public_id, status.HTTP_200_OK)
