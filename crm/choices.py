"""Words for what the vendor's CRM tells us, and the sentences of this app's refusals."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class ProductKind(TextChoices):
    PRODUCT = "product", _("Product")
    SERVICE = "service", _("Service")
    SUBSCRIPTION = "subscription", _("Subscription")


class SaleStatus(TextChoices):
    BOOKED = "booked", _("Booked")
    CANCELLED = "cancelled", _("Cancelled")


class CustomerSource(TextChoices):
    """Who told us of the customer first."""

    CRM = "crm", _("CRM")
    REGISTRATION = "registration", _("Deal registration")


REASONS = {
    "row.amount_invalid": _("The amount must be a finite number with at most 13 digits before and 4 after the point."),
    "row.quantity_invalid": _("The quantity must be above zero, with at most 9 digits before and 4 after the point."),
    "row.date_invalid": _("The date must lie between 1970 and 2099."),
    "row.months_invalid": _("The number of months must lie between 0 and 1200."),
    "row.too_many_lines": _("At most %(limit)s lines are possible."),
    "row.rate_invalid": _("The rate must be above zero and below 10 000, with at most 8 decimals."),
    "row.country_invalid": _("Use an ISO 3166 alpha-2 country code, such as PL."),
    "row.currency_invalid": _("Use an ISO 4217 currency code, such as EUR."),
    "row.base_currency": _("The rate of the base currency is 1 and cannot be set."),
    "row.empty": _("This field must not be empty."),
    "row.lines_missing": _("A booked sale needs at least one line."),
    "row.too_long": _("At most %(limit)s characters are possible."),
    "row.time_without_zone": _("Give the time with its offset from UTC."),
    "row.control_characters": _("Control characters are not possible."),
    "row.unknown_customer": _("There is no customer with this external id."),
    "row.unknown_family": _("There is no product family with this code."),
    "row.unknown_kind": _("Known kinds: product, service, subscription."),
    "row.unknown_partner": _("There is no partner with this id."),
    "row.unknown_product": _("There is no product with this external id."),
    "row.unknown_status": _("Known states: booked, cancelled."),
    "customer.merged_with_itself": _("Choose two different customers."),
    "customer.already_merged": _("One of these customers has already been merged into another."),
    "customer.name_missing": _("Enter the customer's legal name."),
    "customer.country_missing": _("Choose the customer's country."),
}
