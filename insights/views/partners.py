"""The list of partners, and one partner with its people, agreement and tier."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from common.errors import NotFound
from common.requests import ActorRequest
from common.templatetags.formats import country_name
from insights.forms import PartnerFilterForm
from insights.queries.partners import partner_page, terms_if_any
from partners import queries as partner_queries
from partners.choices import PARTNER_STATUS_COLOURS, PartnerStatus, PartnerType
from tiers.choices.programmes import LEVEL_COLOURS, SupportLevel

PAGE_SIZE = 25


@login_required
def partner_list(request: ActorRequest) -> HttpResponse:
    """All partners, for vendor staff; to anybody else this page does not exist."""
    partner_queries.require(request.actor, "partner.view_all")
    chosen = PartnerFilterForm(request.GET).chosen()
    everyone = partner_queries.partner_list_for(request.actor)
    found = partner_queries.narrowed_partners(
        everyone,
        words=chosen["q"],
        kind=chosen["type"],
        status=chosen["status"],
        country=chosen["country"],
        sort=chosen["sort"],
    )
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    terms = terms_if_any([partner.pk for partner in page], day=timezone.localdate())
    rows = [{"partner": partner, "terms": terms.get(partner.pk)} for partner in page]
    context = {
        "page": page,
        "rows": rows,
        "chosen": chosen,
        "is_narrowed": any(chosen[name] for name in ("q", "type", "status", "country")),
        "types": PartnerType.choices,
        "statuses": PartnerStatus.choices,
        "countries": [(code, country_name(code)) for code in partner_queries.countries_of(everyone)],
        "default_sort": "name",
        **_words(),
    }
    return render(request, "partners/list.html", context)


@login_required
def partner_detail(request: ActorRequest, public_id: str) -> HttpResponse:
    """One partner: for vendor staff, and for the partner's own people."""
    context = {"page": partner_page(request.actor, public_id, day=timezone.localdate()), **_words()}
    return render(request, "partners/detail.html", context)


@login_required
def own_partner(request: ActorRequest) -> HttpResponse:
    """A partner's people reach their own company without knowing its id."""
    partner = partner_queries.home_partner_of(request.actor)
    if partner is None:
        raise NotFound("own partner")
    return redirect("partners:detail", partner.public_id)


def _words() -> dict[str, object]:
    return {
        "status_colours": PARTNER_STATUS_COLOURS,
        "level_colours": LEVEL_COLOURS,
        "support_names": dict(SupportLevel.choices),
        "type_names": dict(PartnerType.choices),
    }
