"""What the program's own machinery remembers: audit chain, outbox, idempotency keys, job runs."""

from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from common.choices import RunStatus, WorkStatus


class AuditEntry(models.Model):
    """One fact about who did what, written in the transaction of the deed.

    Rows are appended unsealed; when the transaction commits, a deferred trigger gives each its place in the chain
    (`position`, `previous_hash`, `hash`). A sealed row can be neither changed nor deleted.
    """

    event = models.CharField(max_length=80)  # past tense: registration.approved
    subject_kind = models.CharField(max_length=60)  # app_label.model
    subject_id = models.CharField(max_length=40)
    actor_key = models.CharField(max_length=80)
    actor_label = models.CharField(max_length=200)
    at = models.DateTimeField()
    facts = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    position = models.BigIntegerField(null=True, unique=True)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [models.Index(fields=["subject_kind", "subject_id", "id"], name="audit_subject")]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.event} {self.subject_kind}:{self.subject_id}"


class AuditHead(models.Model):
    """The end of the chain: one row, locked while an entry is sealed, so that a cut-off tail is noticed."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    position = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="")

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="audit_head_is_one_row")]

    def __str__(self) -> str:
        return f"{self.position} {self.hash}"


class OutboxMessage(models.Model):
    """Work that must happen after the effect it was written with; see `common.outbox`."""

    topic = models.CharField(max_length=80)
    payload = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    status = models.CharField(max_length=12, choices=WorkStatus, default=WorkStatus.WAITING)
    created_at = models.DateTimeField(auto_now_add=True)
    available_at = models.DateTimeField()
    claim = models.UUIDField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.TextField(blank=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["available_at"], name="outbox_waiting", condition=models.Q(status="waiting")),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.pk}"


class IdempotencyKey(models.Model):
    """A request that had its effect, and the answer that was given; written in the transaction of the effect."""

    owner = models.CharField(max_length=120)  # the client, so that one cannot meet another's keys
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)  # of method, path and body
    status_code = models.PositiveSmallIntegerField()
    body = models.JSONField(encoder=DjangoJSONEncoder)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "key"], name="idempotency_key_once")]

    def __str__(self) -> str:
        return f"{self.owner} {self.key}"


class JobRun(models.Model):
    """One run of a job, at most one per key; its work is cut into slices."""

    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=120, unique=True)
    business_date = models.DateField()
    status = models.CharField(max_length=8, choices=RunStatus, default=RunStatus.RUNNING)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["kind", "-business_date"], name="job_run_history")]

    def __str__(self) -> str:
        return self.key


class JobSlice(models.Model):
    """A part of a run that one worker does in one transaction: its effect and its being done are one commit."""

    run = models.ForeignKey(JobRun, on_delete=models.CASCADE, related_name="slices")
    stage_number = models.PositiveSmallIntegerField()
    stage = models.CharField(max_length=40)
    number = models.PositiveIntegerField()
    object_ids = ArrayField(models.BigIntegerField(), default=list)
    status = models.CharField(max_length=12, choices=WorkStatus, default=WorkStatus.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    result = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    last_error = models.TextField(blank=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "stage_number", "number"], name="job_slice_once")]
        indexes = [
            models.Index(fields=["run", "stage_number"], name="slice_waiting", condition=models.Q(status="waiting")),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.stage} {self.number}"
