"""What the vendor's CRM tells us: customers, products, direct opportunities, sales, exchange rates."""

from functools import partial

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Func, Q, TextField
from django.db.models.functions import Coalesce

from common.database import are_numbers
from common.ids import public_id
from crm.choices import CustomerSource, ProductKind, SaleStatus


class Delivery(models.Model):
    """One batch that changed something: who sent it and what became of its rows. Its audit entry hangs on it."""

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "dlv"), editable=False)
    kind = models.CharField(max_length=20)  # customers, sales …
    received_at = models.DateTimeField()
    sent_by = models.CharField(max_length=200)
    created_count = models.PositiveIntegerField()
    updated_count = models.PositiveIntegerField()
    unchanged_count = models.PositiveIntegerField()
    waiting_count = models.PositiveIntegerField()

    class Meta:
        verbose_name_plural = "deliveries"

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"


class ExchangeRate(models.Model):
    """Units of the base currency for one unit of this one, in force from the day until the next rate or too old."""

    currency = models.CharField(max_length=3)
    on = models.DateField()
    rate = models.DecimalField(max_digits=18, decimal_places=8)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["currency", "on"], name="exchange_rate_once"),
            models.CheckConstraint(condition=Q(rate__gt=0) & are_numbers("rate"), name="exchange_rate_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.on} {self.rate}"


class ProductFamily(models.Model):
    """What protection, plans and authorisations are about."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)

    class Meta:
        ordering = ["name", "id"]
        verbose_name_plural = "product families"

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "prd"), editable=False)
    external_id = models.CharField(max_length=100, unique=True)
    sku = models.CharField(max_length=60)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=12, choices=ProductKind)
    family = models.ForeignKey(ProductFamily, models.PROTECT, related_name="products")
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["name", "id"]
        indexes = [models.Index(fields=["updated_at", "public_id"], name="product_by_change")]
        constraints = [models.CheckConstraint(condition=Q(kind__in=ProductKind.values), name="product_kind_known")]

    def __str__(self) -> str:
        return self.name


class Customer(models.Model):
    """A company that buys, or that somebody wants to sell to.

    The `*_key` columns are what companies are recognised by (`crm.rules.names`); empty: not known. Equality is asked of
    `identity_key`, `domain_key` and `tax_key`; like names are found by `name_words` (`crm.rules.search`).
    """

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "cus"), editable=False)
    external_id = models.CharField(max_length=100, null=True, blank=True)
    legal_name = models.CharField(max_length=300)
    country = models.CharField(max_length=2)
    domain = models.CharField(max_length=253, blank=True)
    tax_id = models.CharField(max_length=40, blank=True)
    segment = models.CharField(max_length=60, blank=True)  # as the CRM classes it; empty: not known
    name_key = models.CharField(max_length=300, editable=False)
    identity_key = models.CharField(max_length=310, editable=False)  # country and name_key
    domain_key = models.CharField(max_length=253, blank=True, editable=False)
    tax_key = models.CharField(max_length=44, blank=True, editable=False)
    name_words = ArrayField(models.TextField(), editable=False)
    source = models.CharField(max_length=12, choices=CustomerSource)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="merged")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["external_id"], name="customer_external_id_once", condition=Q(external_id__isnull=False)
            ),
            models.CheckConstraint(condition=Q(source__in=CustomerSource.values), name="customer_source_known"),
            models.CheckConstraint(condition=~Q(merged_into=F("id")), name="customer_not_merged_into_itself"),
        ]
        indexes = [
            models.Index(fields=["identity_key"], name="customer_by_identity"),
            models.Index(fields=["domain_key"], name="customer_by_domain", condition=~Q(domain_key="")),
            models.Index(fields=["tax_key"], name="customer_by_tax", condition=~Q(tax_key="")),
            models.Index(fields=["updated_at", "public_id"], name="customer_by_change"),
            GinIndex(fields=["name_words"], name="customer_by_words", fastupdate=False),
        ]

    def __str__(self) -> str:
        return self.legal_name


class NameWord(models.Model):
    """A word of customers' names, and how many names hold it; the empty word stands for all names.

    The count decides how much the word says. It may lag behind: writers do not wait for each other here, and
    `crm.actions.words.recount_words` makes it good. The index finds words that differ by a letter.
    """

    word = models.TextField()
    customer_count = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["word"], name="name_word_once")]
        indexes = [
            GinIndex(
                Func("word", function="crm_word_deletions", output_field=ArrayField(TextField())),
                name="name_word_inexact",
                fastupdate=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.word} {self.customer_count}"


class Opportunity(models.Model):
    """A deal that the vendor's direct sales works on. Without a family it concerns all of them.

    `first_seen_at` is when our own system first heard of it, whatever the CRM says it was created: a back-dated record
    cannot win against a registration.
    """

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "opp"), editable=False)
    external_id = models.CharField(max_length=100, unique=True)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="opportunities")
    family = models.ForeignKey(ProductFamily, models.PROTECT, null=True, blank=True, related_name="opportunities")
    owner_name = models.CharField(max_length=200, blank=True)
    stage = models.CharField(max_length=60)
    stage_moved_at = models.DateTimeField(null=True, blank=True)
    amount = models.DecimalField(max_digits=19, decimal_places=4)
    currency = models.CharField(max_length=3)
    close_on = models.DateField()
    is_open = models.BooleanField()
    created_at_source = models.DateTimeField()
    updated_at_source = models.DateTimeField()
    first_seen_at = models.DateTimeField(editable=False)
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "opportunities"
        indexes = [
            models.Index(fields=["customer"], name="opportunity_open", condition=Q(is_open=True)),
            models.Index(fields=["updated_at", "public_id"], name="opportunity_by_change"),
        ]
        constraints = [models.CheckConstraint(condition=are_numbers("amount"), name="opportunity_amount_is_a_number")]

    def __str__(self) -> str:
        return self.external_id


class Sale(models.Model):
    """One revision of a sale. A correction or cancellation is a new revision; old ones stay as they were.

    Only `is_current` (true to false) and `waits_for_rate` (true to false) ever change; a trigger sees to it.
    """

    public_id = models.CharField(max_length=24, unique=True, default=partial(public_id, "sal"), editable=False)
    external_id = models.CharField(max_length=100)
    revision = models.PositiveIntegerField()
    is_current = models.BooleanField(default=True)
    waits_for_rate = models.BooleanField(default=False)
    status = models.CharField(max_length=10, choices=SaleStatus)
    partner = models.ForeignKey("partners.Partner", models.PROTECT, null=True, blank=True, related_name="sales")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="sales")
    booked_on = models.DateField()
    currency = models.CharField(max_length=3)
    registration_public_id = models.CharField(max_length=24, blank=True)
    created_at = models.DateTimeField()  # of this revision

    # Who the customer is now: sales stay as they were booked when their customer is merged into another.
    LIVE_CUSTOMER = Coalesce("customer__merged_into_id", "customer_id")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["external_id", "revision"], name="sale_revision_once"),
            models.UniqueConstraint(
                fields=["external_id"], name="sale_current_revision_once", condition=Q(is_current=True)
            ),
            models.CheckConstraint(condition=Q(status__in=SaleStatus.values), name="sale_status_known"),
            models.CheckConstraint(condition=Q(revision__gte=1), name="sale_revision_from_one"),
        ]
        indexes = [
            models.Index(
                fields=["partner", "booked_on"], name="sale_of_partner", condition=Q(is_current=True, status="booked")
            ),
            models.Index(
                fields=["customer", "partner", "booked_on"],
                name="sale_to_customer",
                condition=Q(is_current=True, status="booked"),
            ),
            models.Index(
                fields=["currency", "booked_on"],
                name="sale_waiting",
                condition=Q(is_current=True, waits_for_rate=True),
            ),
            models.Index(fields=["created_at", "public_id"], name="sale_by_change", condition=Q(is_current=True)),
            models.Index(
                fields=["registration_public_id"],
                name="sale_of_registration",
                condition=Q(is_current=True) & ~Q(registration_public_id=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.external_id} r{self.revision}"


class SaleLine(models.Model):
    """`base_amount` is in the base currency, at the rate in force when the sale was booked; null until there is one."""

    sale = models.ForeignKey(Sale, models.PROTECT, related_name="lines")
    number = models.PositiveSmallIntegerField()
    product = models.ForeignKey(Product, models.PROTECT, related_name="sale_lines")
    quantity = models.DecimalField(max_digits=15, decimal_places=4)
    net_amount = models.DecimalField(max_digits=19, decimal_places=4)
    base_amount = models.DecimalField(max_digits=19, decimal_places=4, null=True)
    recurring_months = models.PositiveSmallIntegerField(default=0)  # 0: paid once

    LIVE_CUSTOMER = Coalesce("sale__customer__merged_into_id", "sale__customer_id")

    class Meta:
        ordering = ["sale_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["sale", "number"], name="sale_line_once"),
            models.CheckConstraint(
                condition=are_numbers("net_amount", "base_amount", "quantity"),
                name="sale_line_numbers",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sale_id}/{self.number}"


class FirstSale(models.Model):
    """Which sale made a customer new for a partner, and its credit in the score book; moved when that changes."""

    partner = models.ForeignKey("partners.Partner", models.PROTECT, related_name="first_sales")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="first_sales")
    sale = models.ForeignKey(Sale, models.PROTECT, null=True, related_name="+")
    credit_key = models.CharField(max_length=60, blank=True)  # of the live score credit; empty: none
    credit_count = models.PositiveIntegerField(default=0)  # given so far, reversed ones included: keys never repeat

    class Meta:
        constraints = [models.UniqueConstraint(fields=["partner", "customer"], name="first_sale_once")]

    def __str__(self) -> str:
        return f"{self.partner_id} {self.customer_id}"
