"""Who may be sold to by whom: lists with validity that the rules of engagement look at. All half-open by days."""

from functools import partial

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q

from common.ids import public_id
from deals.choices.policies import BlockReason


def days() -> Func:
    """The half-open range of days of a row with `starts_on` and `ends_on`."""
    return Func("starts_on", "ends_on", RangeBoundary(), function="daterange", output_field=DateRangeField())


class Dated(models.Model):
    """Holds from `starts_on` until before `ends_on`; no end means until further notice."""

    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        abstract = True


def dated(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=Q(ends_on__isnull=True) | Q(ends_on__gt=F("starts_on")), name=name)


class NamedAccount(Dated):
    """A customer on the published list of those whom direct sales alone serves."""

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "nac"), editable=False)
    customer = models.ForeignKey("crm.Customer", models.PROTECT, related_name="named_accounts")

    class Meta:
        constraints = [
            dated("named_account_period"),
            ExclusionConstraint(
                name="named_account_once",
                expressions=[("customer", RangeOperators.EQUAL), (days(), RangeOperators.OVERLAPS)],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.starts_on}"


class BlockedCustomer(Dated):
    """A customer that nobody sells to: sanctioned, or barred by the vendor."""

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "blk"), editable=False)
    customer = models.ForeignKey("crm.Customer", models.PROTECT, related_name="+")
    reason = models.CharField(max_length=12, choices=BlockReason)

    class Meta:
        constraints = [
            dated("blocked_customer_period"),
            ExclusionConstraint(
                name="blocked_customer_once",
                expressions=[("customer", RangeOperators.EQUAL), (days(), RangeOperators.OVERLAPS)],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.reason}"


class ExclusiveGrant(Dated):
    """A partner alone serves these countries (none listed: all), this segment and family (empty: all)."""

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "exg"), editable=False)
    partner = models.ForeignKey("partners.Partner", models.PROTECT, related_name="+")
    countries = ArrayField(models.CharField(max_length=2), default=list, blank=True)
    segment = models.CharField(max_length=60, blank=True)
    family = models.ForeignKey("crm.ProductFamily", models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            dated("exclusive_grant_period"),
            models.CheckConstraint(
                condition=~Q(countries=[]) | ~Q(segment="") | Q(family__isnull=False),
                name="exclusive_grant_of_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.partner_id} {self.countries} {self.segment}"


class Authorisation(Dated):
    """A partner may sell in these countries (none: everywhere), to this segment and of this family (empty: all).

    Of a family that the rulebook names as needing one, only authorised partners may register; a partner with any
    authorisation for territories is expected to stay within them.
    """

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "aut"), editable=False)
    partner = models.ForeignKey("partners.Partner", models.PROTECT, related_name="+")
    countries = ArrayField(models.CharField(max_length=2), default=list, blank=True)
    segment = models.CharField(max_length=60, blank=True)
    family = models.ForeignKey("crm.ProductFamily", models.PROTECT, null=True, blank=True, related_name="+")
    certificate = models.CharField(max_length=120, blank=True)  # what it rests on

    class Meta:
        indexes = [models.Index(fields=["partner", "starts_on"], name="authorisation_of_partner")]
        constraints = [dated("authorisation_period")]

    def __str__(self) -> str:
        return f"{self.partner_id} {self.countries} {self.segment} {self.family_id}"
