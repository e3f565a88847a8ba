"""Words for the lists that the rules of engagement look at, and the sentences of their refusals."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class BlockReason(TextChoices):
    SANCTIONED = "sanctioned", _("Sanctioned")
    BARRED = "barred", _("Barred by the vendor")


class PolicyKind(TextChoices):
    """A list with its address; never stored."""

    NAMED_ACCOUNTS = "named-accounts", _("Named accounts")
    BLOCKED_CUSTOMERS = "blocked-customers", _("Blocked customers")
    EXCLUSIVE_GRANTS = "exclusive-grants", _("Exclusive grants")
    AUTHORISATIONS = "authorisations", _("Authorisations")
    HOLIDAYS = "holidays", _("Holidays")


POLICY_TEXTS = {
    "named-accounts": _("Customers that direct sales alone serves. Partners read this list with the rules."),
    "blocked-customers": _("Customers that nobody sells to. Partners do not see this list."),
    "exclusive-grants": _("What one partner alone may sell. Each partner sees its own."),
    "authorisations": _("Where and what a partner may sell. Each partner sees its own."),
    "holidays": _("Days on which our review clock stands still."),
}


class Validity(TextChoices):
    """How an entry stands on a day; derived, never stored."""

    ANNOUNCED = "announced", _("Announced")
    LIVE = "live", _("In force")
    ENDED = "ended", _("Ended")


VALIDITY_COLOURS = {"announced": "purple", "live": "green", "ended": "secondary"}


class RowOutcome(TextChoices):
    """What becomes of a row of a file."""

    NEW = "new", _("New")
    CHANGED = "changed", _("Changed")
    UNCHANGED = "unchanged", _("Unchanged")
    WRONG = "wrong", _("Not possible")


OUTCOME_COLOURS = {"new": "green", "changed": "yellow", "unchanged": "secondary", "wrong": "red"}

# What the history of an entry says; by what was done: words, icon, colour.
EVENTS = {
    "added": (_("Added"), "plus", "green"),
    "corrected": (_("Corrected"), "pencil", "azure"),
    "ended": (_("End set"), "calendar-due", "orange"),
    "taken_back": (_("Taken back"), "trash", "secondary"),
}

# Columns of the files, with what may stand in them.
COLUMN_TEXTS = {
    "customer": _("The customer's id here (cus_…) or in the CRM."),
    "customer_name": _("Only for you to read; it is not imported."),
    "partner": _("The partner's id (ptn_…)."),
    "partner_name": _("Only for you to read; it is not imported."),
    "reason": _("sanctioned or barred."),
    "countries": _("ISO codes with spaces between them, such as DE AT CH. Empty: all."),
    "segment": _("Such as Public sector. Empty: all."),
    "family": _("The code of a product family. Empty: all."),
    "certificate": _("What the authorisation rests on. May be empty."),
    "starts_on": _("The first day, such as 2027-01-01."),
    "last_day": _("The last day. Empty: until further notice."),
    "note": _("May be empty."),
    "on": _("The day, such as 2027-12-25."),
    "name": _("What the day is called."),
}

REASONS = {
    "policy.overlaps": _("The customer is already on the list in this period."),
    "policy.customer_unknown": _("There is no such customer."),
    "policy.customer_missing": _("Choose the customer."),
    "policy.partner_unknown": _("There is no such partner."),
    "policy.family_unknown": _("There is no such product family."),
    "policy.country_unknown": _("“%(country)s” is no ISO 3166 code of a country."),
    "policy.choice_invalid": _("Choose one of: %(choices)s."),
    "policy.day_missing": _("Enter the day."),
    "policy.day_invalid": _("Write the day as 2027-01-31."),
    "policy.day_absurd": _("The day must lie between 1990 and 2100."),
    "policy.ends_before_start": _("The last day cannot be before the first."),
    "policy.text_too_long": _("At most %(limit)s characters are possible."),
    "policy.text_characters": _("Control and direction characters are not possible here."),
    "policy.has_begun": _("It has begun: only its last day and its note can be changed."),
    "policy.has_ended": _("It has ended: it stays as it was."),
    "policy.ends_in_past": _("It has held until today: the last day cannot be before yesterday."),
    "policy.doubled": _("The file has this entry twice."),
    "exclusive_grant.of_nothing": _("Enter a country, a segment or a product family that is granted."),
    "exclusive_grant.overlaps": _("%(partner)s holds a grant of the same, or of a part of it, in this period."),
    "authorisation.overlaps": _("The partner already has this authorisation in this period."),
    "holiday.overlaps": _("The day is already on the list."),
    "holiday.in_past": _("The day is past: the clock has already run."),
    "holiday.name_missing": _("Enter what the day is called."),
}
