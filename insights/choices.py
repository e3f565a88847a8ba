"""Words of the dashboard: what each figure means, in one sentence."""

from django.utils.translation import gettext_lazy as _

DEFINITIONS = {
    "partner_share": _("Revenue booked through partners, as a share of all revenue booked in the period."),
    "revenue": _("Net amount of booked sales, at the exchange rate of the day they were booked."),
    "waiting": _("Registrations that a channel manager still has to decide. Late: past one business day."),
    "decision_median": _("Half of the answers given by a person in the period took no longer than this."),
    "decision_in_time": _("Answers given before their review clock ran out, as a share of all answers in the period."),
    "automatic": _("Answers that the published rules gave at once, as a share of all answers in the period."),
    "accrued": _("Rebates earned by partners, with adjustments and clawbacks, posted in the period."),
    "paid": _("Payouts to partners posted in the period."),
    "owed": _("What the ledger says is earned and not paid yet."),
    "levels": _("Partners by the tier they hold today."),
    "registrations": _("All registrations ever submitted, by what they read as today."),
}

REVENUE_CHANNELS = {"partner": _("Through partners"), "direct": _("Direct")}
