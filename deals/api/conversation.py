"""Endpoints of what partner and vendor say and show each other about a registration."""

import base64
import binascii
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.idempotency import idempotent
from common.verdict import refusal
from deals.actions.attachments import attach
from deals.actions.comments import add_comment
from deals.api.views import Registrations
from deals.choices.conversation import Stream
from deals.queries.conversation import attachments_of, comments_of, content_of, find_attachment
from deals.queries.registrations import find_registration
from deals.views.conversation import as_download


class NewCommentSerializer(serializers.Serializer[Any]):
    stream = serializers.CharField(max_length=20, default=Stream.SHARED, help_text="`shared`: the partner reads it.")
    text = serializers.CharField(max_length=20_000, allow_blank=True, trim_whitespace=False)


class CommentSerializer(serializers.Serializer[Any]):
    public_id = serializers.CharField()
    stream = serializers.CharField()
    text = serializers.CharField()
    author = serializers.CharField(source="author_label")
    is_from_vendor = serializers.BooleanField()
    at = serializers.DateTimeField()


class NewAttachmentSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=1000, help_text="With its extension.")
    content = serializers.CharField(help_text="The bytes as base64, as many as the body of a request may have.")
    stream = serializers.CharField(max_length=20, default=Stream.SHARED, help_text="`shared`: the partner sees it.")


class AttachmentSerializer(serializers.Serializer[Any]):
    """A file without its content, which is at the file's own address."""

    public_id = serializers.CharField()
    stream = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")
    digest = serializers.CharField(help_text="SHA-256, in hexadecimal.")
    uploaded_by = serializers.CharField(source="uploaded_by_label")
    is_from_vendor = serializers.BooleanField()
    at = serializers.DateTimeField()


class CommentList(Registrations):
    @extend_schema(
        summary="Show comments",
        description="In the order in which they were said.",
        responses={200: CommentSerializer(many=True)},
    )
    def get(self, request: Request, public_id: str) -> Response:
        found = comments_of(self.actor, find_registration(self.actor, public_id))
        return Response(CommentSerializer(found, many=True).data)

    @extend_schema(
        summary="Comment on a registration",
        description="Comments are neither changed nor deleted.",
        request=NewCommentSerializer,
        responses={201: CommentSerializer},
    )
    @idempotent()
    def post(self, request: Request, public_id: str) -> Response:
        registration = find_registration(self.actor, public_id)
        typed = NewCommentSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        comment = add_comment(registration.pk, **typed.validated_data, by=self.actor, at=timezone.now())
        return Response(CommentSerializer(comment).data, status=status.HTTP_201_CREATED)


class AttachmentList(Registrations):
    @extend_schema(summary="Show files", description="Newest first.", responses={200: AttachmentSerializer(many=True)})
    def get(self, request: Request, public_id: str) -> Response:
        found = attachments_of(self.actor, find_registration(self.actor, public_id))
        return Response(AttachmentSerializer(found, many=True).data)

    @extend_schema(
        summary="Add a file as evidence",
        description="The content must be what the name's extension says. Files are neither changed nor deleted.",
        request=NewAttachmentSerializer,
        responses={201: AttachmentSerializer},
    )
    @idempotent()
    def post(self, request: Request, public_id: str) -> Response:
        registration = find_registration(self.actor, public_id)
        typed = NewAttachmentSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        given = typed.validated_data
        try:
            content = base64.b64decode(given["content"], validate=True)
        except (binascii.Error, ValueError):
            refusal("attachment.not_encoded", field="content").or_refuse()
            raise
        kept = attach(
            registration.pk,
            name=given["name"],
            content=content,
            stream=given["stream"],
            by=self.actor,
            at=timezone.now(),
        )
        return Response(AttachmentSerializer(kept).data, status=status.HTTP_201_CREATED)


class AttachmentDetail(Registrations):
    required_scopes = {"GET": "deals.read"}

    @extend_schema(summary="Download a file", responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, public_id: str, file_id: str) -> HttpResponse:
        found = find_attachment(self.actor, public_id, file_id)
        return as_download(found.name, content_of(found))
