"""What the reader was told, and how they want to hear of it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from common.requests import ActorRequest
from common.verdict import Reason
from partners import queries
from partners.actions import notices
from partners.choices import NOTICE_KINDS
from partners.forms import PreferencesForm


@login_required
@require_GET
def notice_list(request: ActorRequest) -> HttpResponse:
    """The reader's own notices, unread ones first."""
    after = request.GET.get("after", "")
    page = queries.notice_list(request.actor, cursor=after)
    rows = [
        {"notice": notice, "label": NOTICE_KINDS[notice.kind].label, "reason": Reason(notice.code, notice.params)}
        for notice in page.rows
    ]
    context = {
        "rows": rows,
        "next_cursor": page.next_cursor,
        "is_first": not after,
        "has_unread": any(notice.read_at is None for notice in page.rows),
    }
    return render(request, "partners/notices/list.html", context)


@login_required
@require_GET
def follow(request: ActorRequest, public_id: str) -> HttpResponse:
    """Mark a notice as read and go to what it is about."""
    notice = notices.read_notice(public_id, by=request.actor, at=timezone.now())
    return redirect(notice.url or "notices:list")


@login_required
@require_POST
def read(request: ActorRequest, public_id: str) -> HttpResponse:
    """Mark a notice as read and stay."""
    notices.read_notice(public_id, by=request.actor, at=timezone.now())
    return redirect("notices:list")


@login_required
@require_POST
def read_all(request: ActorRequest) -> HttpResponse:
    notices.read_all_notices(by=request.actor, at=timezone.now())
    messages.success(request, _("Everything is marked as read."))
    return redirect("notices:list")


@login_required
def preferences(request: ActorRequest) -> HttpResponse:
    """Kind by kind: in the portal or not, by e-mail when."""
    form = PreferencesForm(
        request.POST or None,
        kinds=queries.notice_kinds_for(request.actor),
        wishes=queries.wishes_of(request.actor),
    )
    if request.method == "POST" and form.is_valid():
        notices.choose_notices(form.wishes(), by=request.actor)
        messages.success(request, _("Saved."))
        return redirect("notices:preferences")
    return render(request, "partners/notices/preferences.html", {"form": form}, status=422 if form.is_bound else 200)
