"""Words for plans, the ledger and statements, and the sentences of this app's steps and refusals."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from deals.choices.cases import MAKE_GOOD_STEPS


class Calculation(TextChoices):
    MARGINAL = "marginal", _("Each rate on its own slice")
    WHOLE_VOLUME = "whole_volume", _("The reached rate on everything")


class MeasurementPeriod(TextChoices):
    MONTH = "month", _("Month")
    QUARTER = "quarter", _("Quarter")
    YEAR = "year", _("Year")


class AccountCode(TextChoices):
    PARTNER_PAYABLE = "partner_payable", _("Owed to partners")  # one account per partner; credit = we owe
    REBATE_EXPENSE = "rebate_expense", _("Rebate expense")
    MAKE_GOOD_EXPENSE = "make_good_expense", _("Expense for broken protections")
    CASH = "cash", _("Cash")


class JournalKind(TextChoices):
    ACCRUAL = "accrual", _("Accrual")  # of a running period, or the first of an ended one
    ADJUSTMENT = "adjustment", _("Adjustment")  # of an ended period, up or down
    CLAWBACK = "clawback", _("Clawback")  # of an ended period, because its sales shrank
    MAKE_GOOD = "make_good", _("Make-good")  # for a protection that the vendor's direct sales broke
    PAYOUT = "payout", _("Payout")


class StatementStatus(TextChoices):
    OPEN = "open", _("Open")
    CLOSED = "closed", _("Closed")


STATEMENT_STATUS_COLOURS = {"open": "blue", "closed": "secondary"}
JOURNAL_KIND_COLOURS = {
    "accrual": "green",
    "adjustment": "blue",
    "clawback": "orange",
    "make_good": "purple",
    "payout": "secondary",
}

FIGURES = {  # of a statement, before its closing balance, which they add up to
    "opening": _("Opening balance"),
    "accruals": _("Earned"),
    "adjustments": _("Adjustments of earlier periods"),
    "clawbacks": _("Taken back for cancelled sales"),
    "make_goods": _("Made good for broken protections"),
    "payouts": _("Paid out"),
}

STEPS = {
    "step.slice": _("%(rate)s on the part from %(from)s to %(to)s: %(slice)s"),
    "step.top_slice": _("%(rate)s on the part above %(from)s: %(slice)s"),
    "step.whole_volume": _("%(rate)s on everything, reached from %(from)s: %(volume)s"),
    "step.tier_multiplier": _("Level %(level)s: times %(multiplier)s"),
    "step.negative_volume": _("Returns exceed sales: %(volume)s earns nothing"),
    "step.level_not_eligible": _("Level %(level)s does not take part in this plan"),
    "step.type_not_eligible": _("Your partner type does not take part in this plan"),
    "step.no_sales": _("No sales count for this period any more"),
    "step.version_ended": _("This version of the plan ended before the period"),
    "step.posted_before": _("Already on earlier statements or lines"),
    **MAKE_GOOD_STEPS,
}

REASONS = {
    "plan.bands_missing": _("A plan needs at least one band."),
    "plan.first_band_not_zero": _("The first band must start at 0, not at %(lower_bound)s."),
    "plan.bands_not_rising": _("Bands must rise: %(lower_bound)s does not lie above %(previous)s."),
    "plan.number_not_exact": _("%(value)s is not a usable number here."),
    "plan.rate_negative": _("A rate must not be negative: %(rate)s."),
    "plan.currency_not_base": _(
        "For now a plan is kept in %(base_currency)s, in which volumes are measured; %(currency)s is not possible."
    ),
    "plan.starts_off_period_edge": _("%(starts_on)s is not the first day of a measurement period."),
    "plan.ends_off_period_edge": _("%(ends_on)s is not the first day after a measurement period."),
    "plan.ends_before_start": _("The plan must end after it starts."),
    "plan.no_eligible_type": _("Choose at least one partner type that takes part."),
    "plan.type_unknown": _("There is no partner type “%(type)s”."),
    "plan.family_unknown": _("There is no product family “%(family)s”."),
    "plan.versions_overlap": _("Version %(number)s of this plan is in force in the same time."),
    "plan.cuts_predecessor": _("%(starts_on)s would cut a measurement period of version %(number)s in two."),
    "plan.word_unknown": _("“%(value)s” is not a possible choice."),
    "make_good.reversed": _("This make-good was taken back before."),
    "make_good.words_missing": _("Say why it is taken back."),
    "payout.amount_not_positive": _("A payout must be above zero."),
    "payout.amount_too_fine": _("%(amount)s has more decimals than %(currency)s."),
    "payout.exceeds_balance": _("Only %(balance)s is payable; %(amount)s was asked for."),
    "payout.reference_missing": _("A payout needs its bank reference."),
    "payout.reference_reused": _("Reference %(reference)s already stands for another payout."),
    "statement.month_not_over": _("%(month)s is not over yet."),
    "statement.earlier_month_open": _("Close %(month)s first."),
}
