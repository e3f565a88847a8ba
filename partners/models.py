"""People and companies of the channel, what people are told, and the views of lists that they keep."""

from functools import partial
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from common.ids import public_id
from partners.choices import EmailWhen, MailDue, PartnerRole, PartnerStatus, PartnerType, VendorRoleName


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in by e-mail. What they may do comes from memberships and vendor roles."""

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "usr"), editable=False)
    email = models.EmailField(max_length=254, unique=True)
    full_name = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=5, default="en")
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)  # may open the stock admin
    date_joined = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(email=Lower("email")), name="user_email_in_lower_case")]

    def __str__(self) -> str:
        return self.full_name or self.email


class Partner(models.Model):
    """A company that sells with or for the vendor."""

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "ptn"), editable=False)
    name = models.CharField(max_length=200)
    legal_name = models.CharField(max_length=300)
    country = models.CharField(max_length=2)
    territory = models.CharField(max_length=60, blank=True)
    domain = models.CharField(max_length=253, blank=True)
    tax_id = models.CharField(max_length=40, blank=True)
    types = ArrayField(models.CharField(max_length=20, choices=PartnerType))
    status = models.CharField(max_length=12, choices=PartnerStatus, default=PartnerStatus.ACTIVE)
    currency = models.CharField(max_length=3)
    joined_on = models.DateField()
    agreement_ends_on = models.DateField(null=True, blank=True)  # half-open; none: not signed
    credit_hold = models.BooleanField(default=False)
    account_manager = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="managed_partners")

    class Meta:
        ordering = ["name", "id"]
        indexes = [models.Index(fields=["name", "id"], name="partner_by_name")]
        constraints = [
            models.CheckConstraint(condition=~models.Q(types=[]), name="partner_has_a_type"),
            models.CheckConstraint(condition=models.Q(status__in=PartnerStatus.values), name="partner_status_known"),
        ]

    def __str__(self) -> str:
        return self.name


class Distribution(models.Model):
    """A distributor registers deals for a reseller, from `starts_on` until before `ends_on`.

    The distributor asks, the reseller answers: before that, and after a no, it has no days at all.
    """

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "dst"), editable=False)
    distributor = models.ForeignKey(Partner, models.PROTECT, related_name="+")
    reseller = models.ForeignKey(Partner, models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    requested_by = models.CharField(max_length=200)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.CharField(max_length=200, blank=True)
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(distributor=models.F("reseller")), name="distribution_of_another"),
            models.CheckConstraint(
                condition=Q(starts_on=None, ends_on=None)
                | Q(answered_at__isnull=False) & (Q(ends_on=None) | Q(ends_on__gte=models.F("starts_on"))),
                name="distribution_period",
            ),
            models.UniqueConstraint(
                fields=["distributor", "reseller"], name="distribution_one_request", condition=Q(answered_at=None)
            ),
            models.UniqueConstraint(
                fields=["distributor", "reseller"],
                name="distribution_one_open",
                condition=Q(starts_on__isnull=False, ends_on=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.distributor} → {self.reseller}"


class Membership(models.Model):
    """A person's role in a partner company. It is ended, not deleted."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    partner = models.ForeignKey(Partner, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=PartnerRole)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "partner"], name="membership_once"),
            models.CheckConstraint(condition=models.Q(role__in=PartnerRole.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.role} {self.partner}"


class VendorRole(models.Model):
    """A role of one of the vendor's own people."""

    user = models.ForeignKey(User, models.CASCADE, related_name="vendor_roles")
    role = models.CharField(max_length=20, choices=VendorRoleName)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "role"], name="vendor_role_once"),
            models.CheckConstraint(condition=models.Q(role__in=VendorRoleName.values), name="vendor_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.role}"


class Notification(models.Model):
    """One piece of news for one person: a sentence by code, written in the reader's language when it is read."""

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "ntf"), editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=60)  # of `choices.NOTICE_KINDS`
    code = models.CharField(max_length=80)
    params = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    url = models.CharField(max_length=300, blank=True)  # a path of this site
    subject_id = models.CharField(max_length=24, blank=True)  # public id of what it is about
    partner_ids = ArrayField(models.BigIntegerField(), default=list)  # whoever leaves one of these may not read it
    dedup_key = models.CharField(max_length=120, null=True)
    in_portal = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    mail_due = models.CharField(max_length=6, choices=MailDue, default=MailDue.NONE)
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "kind", "dedup_key"], name="notification_once"),
            models.CheckConstraint(
                condition=Q(url="") | Q(url__regex=r"^/([^/\\]|$)"), name="notification_url_is_a_path"
            ),
            models.CheckConstraint(condition=Q(mail_due__in=MailDue.values), name="notification_mail_known"),
            models.CheckConstraint(
                condition=Q(mailed_at=None) | ~Q(mail_due=MailDue.NONE), name="notification_mailed_was_due"
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-id"], name="notice_unread", condition=Q(in_portal=True, read_at=None)),
            models.Index(
                fields=["user", "-id"], name="notice_read", condition=Q(in_portal=True, read_at__isnull=False)
            ),
            models.Index(
                fields=["user"], name="notice_mail_due", condition=Q(mailed_at=None) & ~Q(mail_due=MailDue.NONE)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"


class NotificationPreference(models.Model):
    """What a person chose for a kind of notice, instead of the kind's default."""

    user = models.ForeignKey(User, models.CASCADE, related_name="notification_preferences")
    kind = models.CharField(max_length=60)
    in_portal = models.BooleanField(default=True)
    email = models.CharField(max_length=5, choices=EmailWhen)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "kind"], name="notification_preference_once"),
            models.CheckConstraint(condition=Q(email__in=EmailWhen.values), name="notification_email_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.kind} {self.email}"


class Digest(models.Model):
    """A daily summary that was mailed: at most one for each person and day, whoever sends it and how often."""

    user = models.ForeignKey(User, models.CASCADE, related_name="digests")
    day = models.DateField()
    sent_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "day"], name="digest_once")]

    def __str__(self) -> str:
        return f"{self.user} {self.day}"


class SavedView(models.Model):
    """A selection of a list that somebody keeps under a name, perhaps for colleagues too.

    Shared without a partner, it is for the vendor's staff; with one, for that partner's people.
    """

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "svw"), editable=False)
    owner = models.ForeignKey(User, models.CASCADE, related_name="saved_views")
    partner = models.ForeignKey(Partner, models.CASCADE, null=True, blank=True, related_name="saved_views")
    page = models.CharField(max_length=60)  # name of the page's address with a dot: deals.list
    name = models.CharField(max_length=80)
    query = models.CharField(max_length=2000, blank=True)
    is_shared = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "page", "name"], name="saved_view_once"),
            models.CheckConstraint(condition=Q(partner=None) | Q(is_shared=True), name="saved_view_partner_if_shared"),
        ]
        indexes = [models.Index(fields=["page"], name="saved_view_shared", condition=Q(is_shared=True))]

    def __str__(self) -> str:
        return f"{self.page} {self.name}"
