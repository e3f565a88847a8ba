"""People and companies of the channel."""

from functools import partial
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from common.ids import public_id
from partners.choices import PartnerRole, PartnerStatus, PartnerType, VendorRoleName


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
