"""Words of the dashboard: what each figure means, in one sentence."""

from django.utils.translation import gettext_lazy as _

DEFINITIONS = {
    "partner_share": _("Revenue booked through partners, as a share of all revenue booked in the period."),
    "revenue": _("Net amount of booked sales, at the exchange rate of the day they were booked."),
    "waiting": _("Registrations that a channel manager still has to decide. Late: past one business day."),
    "decision_median": _("Half of the answers given by a person in the period took no longer than this."),
    "decision_in_time": _("Answers given before their review clock ran out, as a share of all answers in the period."),
    "automatic": _("Answers that the published rules gave at once, as a share of all answers in the period."),
    "breaches_open": _(
        "Direct sales was active inside a partner's protection, and nobody has said yet what went wrong."
    ),
    "breaches_acknowledged": _("Half of the breaches found in the period were acknowledged no later than this."),
    "breaches_made_good": _("Breaches made good, as a share of those found in the period and settled or rejected."),
    "appeals_overturned": _("Appeals judged for the partner, as a share of those judged in the period."),
    "accrued": _("Rebates and make-goods for partners, with adjustments and clawbacks, posted in the period."),
    "paid": _("Payouts to partners posted in the period."),
    "owed": _("What the ledger says is earned and not paid yet."),
    "levels": _("Partners by the tier they hold today."),
    "registrations": _("All registrations ever submitted, by what they read as today."),
}

REVENUE_CHANNELS = {"partner": _("Through partners"), "direct": _("Direct")}
