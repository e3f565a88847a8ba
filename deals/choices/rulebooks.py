"""Words for rulebooks: their parameters and terms, how they stand, what differs, and the sentences of refusals."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from partners.choices import EmailWhen, NoticeKind


class RulebookState(TextChoices):
    """How a version stands on a day; derived, never stored."""

    DRAFT = "draft", _("Draft")
    ANNOUNCED = "announced", _("Announced")
    IN_FORCE = "in_force", _("In force")
    SUPERSEDED = "superseded", _("Superseded")


STATE_COLOURS = {"draft": "azure", "announced": "purple", "in_force": "green", "superseded": "secondary"}


class Revision(TextChoices):
    """What was done to a rule or a term from one version to another."""

    ADDED = "added", _("Added")
    REMOVED = "removed", _("Removed")
    MOVED = "moved", _("Moved")
    CHANGED = "changed", _("Changed")


REVISION_COLOURS = {"added": "green", "removed": "red", "moved": "azure", "changed": "yellow"}

# By rule and parameter. What is asked in `engagement.RULE_QUESTIONS` already is not said again.
PARAM_LABELS = {
    "exclusivity": {"unknown_segment": _("Where a grant is for a segment and the customer's is not known")},
    "authorisation": {
        "families": _("Product families that need an authorisation"),
        "verdict": _("Without it"),
    },
    "direct_opportunity": {
        "alive_days": _("Days within which it closes or was updated"),
        "stage_days": _("Days within which it moved stage"),
        "verdict": _("If there is one"),
        "share_bps": _("Share of direct sales when sold together"),
    },
    "incumbency": {
        "months": _("Months for which business won counts"),
        "other": _("New business where another partner is the incumbent"),
        "renewal": _("Renewal where another partner is the incumbent"),
        "share_bps": _("Share of the incumbent when sold together"),
    },
    "similar_customer": {
        "from_score": _("Score from which a person compares"),
        "same_score": _("Score from which it is the same customer"),
    },
    "territory": {
        "outside": _("Outside of the partner's territories and segments"),
        "unlisted": _("If none are listed for the partner"),
    },
    "tender": {"verdict": _("For a published tender")},
    "size": {
        "minimum_amount": _("Least value"),
        "auto_approve_up_to": _("Approved automatically up to"),
    },
}

TERM_GROUPS = (
    (
        _("How soon we answer"),
        (
            *("business_days", "opens_at", "closes_at", "review_days", "auto_approve_factor", "low_risk_rules"),
            *("low_risk_amount", "appeal_days", "appeal_review_days", "acknowledge_days"),
            "settle_alone_amount",
        ),
    ),
    (
        _("How long protection lives"),
        (
            *("warn_days", "extension_days", "extension_count", "evidence_days", "nudge_days", "at_risk_days"),
            *("release_days", "material_value_percent"),
        ),
    ),
    (_("Before you register"), ("pencil_hours", "pencil_count", "checks_per_hour")),
    (_("Leads from us"), ("lead_offer_days", "lead_capacity")),
)

# How the vendor notices who fishes for customers: in the rulebook, but not in what is published.
PRIVATE_TERMS = (_("What we watch"), ("watched_refusal_percent", "watched_check_count"))

TERM_LABELS = {
    "business_days": _("Business days"),
    "opens_at": _("The business day begins"),
    "closes_at": _("The business day ends"),
    "review_days": _("A registration is reviewed within"),
    "auto_approve_factor": _("What is low-risk and still waits is approved by itself after"),
    "low_risk_rules": _("Low-risk: waits only because of"),
    "low_risk_amount": _("Low-risk: worth at most"),
    "appeal_days": _("An appeal is possible within"),
    "appeal_review_days": _("An appeal is judged within"),
    "acknowledge_days": _("We acknowledge a breach of ours within"),
    "settle_alone_amount": _("A second person settles a make-good above"),
    "warn_days": _("We warn before protection ends"),
    "extension_days": _("An extension lasts"),
    "extension_count": _("Extensions of one protection"),
    "evidence_days": _("Evidence for an extension is at most this old"),
    "nudge_days": _("Without activity we remind after"),
    "at_risk_days": _("Without activity protection is at risk after"),
    "release_days": _("Without activity protection is released after"),
    "material_value_percent": _("A change of the value is judged again above"),
    "pencil_hours": _("A pencil hold lasts"),
    "pencil_count": _("Pencil holds at once"),
    "checks_per_hour": _("Checks of different customers in an hour"),
    "watched_refusal_percent": _("A partner is watched from this share of refused checks"),
    "watched_check_count": _("Once it has checked in a day at least"),
    "lead_offer_days": _("A lead that we offer is yours to accept within"),
    "lead_capacity": _("No further lead while so many are yours, offered or accepted"),
}

_DAYS = ngettext_lazy("%(count)s day", "%(count)s days", "count")
_BUSINESS_DAYS = ngettext_lazy("%(count)s business day", "%(count)s business days", "count")
_HOURS = ngettext_lazy("%(count)s hour", "%(count)s hours", "count")
_PERCENT = _("%(count)s%%")
TERM_UNITS = {
    "auto_approve_factor": ngettext_lazy("%(count)s time as long", "%(count)s times as long", "count"),
    "review_days": _BUSINESS_DAYS,
    "appeal_days": _DAYS,
    "appeal_review_days": _BUSINESS_DAYS,
    "acknowledge_days": _BUSINESS_DAYS,
    "extension_days": _DAYS,
    "evidence_days": _DAYS,
    "nudge_days": _DAYS,
    "at_risk_days": _DAYS,
    "release_days": _DAYS,
    "material_value_percent": _PERCENT,
    "pencil_hours": _HOURS,
    "watched_refusal_percent": _PERCENT,
    "lead_offer_days": _BUSINESS_DAYS,
    "warn_days": _("%(list)s days"),
}

WEEKDAYS = (
    *((0, _("Monday")), (1, _("Tuesday")), (2, _("Wednesday")), (3, _("Thursday")), (4, _("Friday"))),
    *((5, _("Saturday")), (6, _("Sunday"))),
)

REASONS = {
    "rulebook.number_invalid": _("Enter a whole number from %(least)s to %(most)s."),
    "rulebook.amount_invalid": _("Enter an amount from zero, with at most 13 digits before and 2 after the point."),
    "rulebook.scores_crossed": _("The score of the same customer must be above the one from which a person compares."),
    "rulebook.title_invalid": _("At most %(limit)s characters on one line are possible."),
    "rulebook.not_draft": _("This version is published: it stays as it is."),
    "rulebook.changed_meanwhile": _("Somebody has changed the draft since you opened it. Look at it again."),
    "rulebook.not_confirmed": _("Type the number of the new version, %(version)s, to confirm."),
    "rulebook.not_back_tested": _(
        "The draft as it is now has not been back-tested. Test it, or say that you publish it untested."
    ),
    "back_test.period": _("The period must begin before it ends, and cannot go beyond today."),
    "back_test.running": _("A back-test of this draft is still running."),
    "notice.rules_published": _("New rules of engagement are published: version %(version)s applies from %(day)s."),
}

NOTICES = {
    "rules.published": NoticeKind(
        _("New rules of engagement"), ("notice.rules_published",), EmailWhen.DAILY, "partner"
    ),
}
