"""Words for registering many deals at once, and the sentences of what is wrong with them."""

from django.utils.translation import gettext_lazy as _

COLUMN_TEXTS = {
    "customer_name": _("The customer's legal name."),
    "country": _("Two letters (DE) or the country's name."),
    "web_or_tax_id": _("A web address, a tax id, or both with a comma between."),
    "contact": _("Whom you talk to."),
    "product": _("Its SKU, its number (prd_…) or its name."),
    "quantity": _("A whole number; 1 if it is empty."),
    "value": _("Of the whole line, such as 5000 or 5000.50: no separators of thousands."),
    "currency": _("Three letters (EUR); your own if it is empty."),
    "expected_close": _("Such as 2027-03-31 or 31.03.2027."),
    "stage": _("Prospect, qualified, proposal or negotiation; prospect if it is empty."),
    "source": _("Own, referral, campaign, vendor_lead, renewal, tender or other; own if it is empty."),
    "why_now": _("A few words."),
    "site": _("Only for one site of the customer."),
    "for_partner": _("A reseller's number, if you register for one."),
}

REASONS = {
    "import.doubled": _("The same customer, product family and site as in row %(row)s."),
    "import.is_live": _("You have registered this already, and it is being judged or protected."),
    "import.partner_unknown": _("You do not register deals for a partner of this number."),
    "import.day_invalid": _("Write the day as 2027-03-31 or 31.03.2027."),
    "import.value_invalid": _("Write the value as 5000 or 5000.50, without separators of thousands."),
    "import.too_many": _("At most %(limit)s registrations at once."),
}
