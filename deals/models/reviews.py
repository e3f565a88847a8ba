"""What passes between a partner and whoever reviews its registration: questions, changes, comments, evidence."""

from functools import partial

from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from common.ids import public_id
from deals.choices.conversation import Stream
from deals.choices.protections import ChangeStatus
from deals.models.registrations import Registration


class Inquiry(models.Model):
    """The partner has to act before a decision: which fields it may edit, and why. At most one is open."""

    registration = models.ForeignKey(Registration, models.PROTECT, related_name="inquiries")
    fields = ArrayField(models.CharField(max_length=40))
    words = models.TextField()
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=200)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.CharField(max_length=200, blank=True)
    answer = models.TextField(blank=True)  # in words; what was changed is in the registration and the audit entry

    class Meta:
        verbose_name_plural = "inquiries"
        constraints = [
            models.UniqueConstraint(
                fields=["registration"], name="inquiry_one_open", condition=Q(answered_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"{self.registration_id} {self.fields}"


class Change(models.Model):
    """A change of a registration that was approved: only its own dimensions are judged again. At most one waits."""

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "chg"), editable=False)
    registration = models.ForeignKey(Registration, models.PROTECT, related_name="changes")
    dimensions = ArrayField(models.CharField(max_length=12))  # customer, family, value, close; empty: not material
    before = models.JSONField(encoder=DjangoJSONEncoder)
    after = models.JSONField(encoder=DjangoJSONEncoder)
    status = models.CharField(max_length=10, choices=ChangeStatus)
    decision = models.ForeignKey("deals.Decision", models.PROTECT, null=True, blank=True, related_name="+")
    extension = models.ForeignKey(  # that a close after the end of the protection waits for
        "deals.Extension", models.PROTECT, null=True, blank=True, related_name="changes"
    )
    requested_at = models.DateTimeField()
    requested_by = models.CharField(max_length=200)
    review_due_at = models.DateTimeField(null=True, blank=True)
    escalated_at = models.DateTimeField(null=True, blank=True)
    assigned_to = models.ForeignKey("partners.User", models.SET_NULL, null=True, blank=True, related_name="+")
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["review_due_at"], name="change_queue", condition=Q(status="pending")),
            models.Index(fields=["assigned_to"], name="change_of_reviewer", condition=Q(status="pending")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["registration"], name="change_one_pending", condition=Q(status="pending")),
            models.CheckConstraint(
                condition=~Q(status="pending") | Q(review_due_at__isnull=False), name="change_has_a_clock"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.registration_id} {self.dimensions} {self.status}"


class Comment(models.Model):
    """Something said about a registration; shared with the partner, or among the vendor's own people. Append-only."""

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "cmt"), editable=False)
    registration = models.ForeignKey(Registration, models.PROTECT, related_name="comments")
    stream = models.CharField(max_length=8, choices=Stream)
    text = models.TextField()
    author = models.ForeignKey("partners.User", models.PROTECT, null=True, blank=True, related_name="+")
    author_label = models.CharField(max_length=200)
    is_from_vendor = models.BooleanField()
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["registration", "at"], name="comment_of_registration")]

    def __str__(self) -> str:
        return f"{self.registration_id} {self.author_label}"


class Attachment(models.Model):
    """A file given as evidence; its content is apart, so that lists do not carry it. Append-only."""

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "att"), editable=False)
    registration = models.ForeignKey(Registration, models.PROTECT, related_name="attachments")
    stream = models.CharField(max_length=8, choices=Stream, default=Stream.SHARED)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=12)  # deals.rules.evidence: pdf, png …
    size = models.PositiveIntegerField()  # bytes
    digest = models.CharField(max_length=64)  # SHA-256
    uploaded_by = models.ForeignKey("partners.User", models.PROTECT, null=True, blank=True, related_name="+")
    uploaded_by_label = models.CharField(max_length=200)
    is_from_vendor = models.BooleanField()
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["registration", "at"], name="attachment_of_registration")]

    def __str__(self) -> str:
        return self.name


class AttachmentContent(models.Model):
    attachment = models.OneToOneField(Attachment, models.PROTECT, primary_key=True, related_name="content")
    content = models.BinaryField()

    def __str__(self) -> str:
        return str(self.attachment_id)
