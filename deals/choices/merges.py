"""Sentences for what stands against two customers becoming one. For the vendor only: they name partners."""

from django.utils.translation import gettext_lazy as _

REASONS = {
    "merge.protected_twice": _(
        "Two partners are protected: %(one_partner)s by %(one)s and %(other_partner)s by %(other)s. "
        "One of these protections has to end first."
    ),
    "merge.sites_overlap": _(
        "%(one_partner)s is protected by %(one)s and by %(other)s, for sites or times that cannot be joined. "
        "One of these protections has to end first."
    ),
    "merge.named_twice": _("Both are on the list of named accounts in the same period. End one of the entries first."),
    "merge.blocked_twice": _("Both are on the list of blocked customers in the same period. End one of them first."),
    "merge.busy": _("Somebody is working on a deal of one of these customers at this moment. Try again."),
}
