"""Telling people what was decided, by e-mail. Run from the outbox, after the decision is committed."""

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils.translation import gettext

from common.actor import Actor
from common.reasons import sentence
from deals.choices.engagement import RuleVerdict
from deals.models import Decision
from deals.queries.decisions import Receipt, decision_by_id, receipt_for
from partners import queries as partner_queries

PARTNER_ROLES = ("admin", "seller")


def send_decision_mail(*, decision_id: int) -> None:
    """Tell the partner's administrators and sellers what was decided, and channel managers what waits for them.

    The partner's mail is made of the partner's receipt: it says no more than the page does.
    """
    decision = decision_by_id(decision_id)
    registration = decision.registration
    reader = Actor(kind="person", key="mail", label="mail", partner_roles={registration.partner_id: "viewer"})
    _send(
        "partner",
        decision,
        receipt_for(reader, decision),
        to=partner_queries.emails_of(registration.partner_id, PARTNER_ROLES),
    )
    if decision.verdict == RuleVerdict.REVIEW:
        reader = Actor(kind="person", key="mail", label="mail", vendor_roles=frozenset({"channel_manager"}))
        to = partner_queries.emails_with_vendor_role("channel_manager")
        _send("vendor", decision, receipt_for(reader, decision), to=to)


def _send(side: str, decision: Decision, receipt: Receipt, *, to: list[str]) -> None:
    """One message for each address: people of one partner need not know each other's."""
    registration = decision.registration
    # A line break in a name would end the header; the form refuses control characters, an import might not.
    customer = " ".join(registration.customer_name.split())
    subject = {
        RuleVerdict.APPROVE: gettext("Approved: %(customer)s"),
        RuleVerdict.REVIEW: gettext("In review: %(customer)s"),
        RuleVerdict.REJECT: gettext("Rejected: %(customer)s"),
    }[RuleVerdict(decision.verdict)] % {"customer": customer}
    body = render_to_string(
        f"deals/mail/{side}.txt",
        {"registration": registration, "receipt": receipt, "reason": sentence(receipt.reason), "customer": customer},
    )
    for address in to:
        send_mail(subject, body, settings.DEFAULT_FROM_EMAIL, [address])
