"""Keeping selections of lists under a name."""

from django.db import transaction
from django.db.models import Max

from common.actor import Actor
from common.errors import NotFound
from common.verdict import ALLOWED, refusal
from partners import queries, rules
from partners.models import SavedView, User


def save_view(page: str, *, name: str, query: str, is_shared: bool, by: Actor) -> SavedView:
    """Keep a selection of a page's list; a view of the actor's that has this name already is replaced.

    Refuses a name or a query that cannot be read, more than `rules.VIEWS_PER_PAGE`, and sharing by somebody who has
    no colleagues here.
    """
    name = " ".join(name.split())
    permitted = rules.may_share_views(by) if is_shared else ALLOWED
    (permitted & rules.view_is_sound(name=name, query=query)).or_refuse()
    with transaction.atomic():
        owner = User.objects.select_for_update(no_key=True).get(pk=queries.user_of(by).pk)
        own = SavedView.objects.filter(owner=owner, page=page)
        if own.exclude(name=name).count() >= rules.VIEWS_PER_PAGE:
            refusal("view.too_many", limit=rules.VIEWS_PER_PAGE).or_refuse()
        partner = queries.home_partner_of(by) if is_shared and not by.vendor_roles else None
        values = {"query": rules.kept_query(query), "is_shared": is_shared, "partner": partner}
        position = 1 + (own.aggregate(last=Max("position"))["last"] or 0)
        view, _ = SavedView.objects.update_or_create(
            owner=owner, page=page, name=name, defaults=values, create_defaults=values | {"position": position}
        )
    return view


def delete_view(public_id: str, *, by: Actor) -> str:
    """Forget one of the actor's own views; returns the page it was of. Anybody else's is missing (`NotFound`)."""
    with transaction.atomic():
        view = SavedView.objects.select_for_update().filter(public_id=public_id, owner_id=by.user_id).first()
        if view is None:
            raise NotFound("view")
        view.delete()
    return view.page
