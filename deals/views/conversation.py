"""What partner and vendor say and show each other about a deal. Files are only ever downloaded."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from common.errors import NotFound, Refused
from common.requests import ActorRequest
from deals.actions.attachments import attach
from deals.actions.comments import add_comment
from deals.choices.conversation import Stream
from deals.forms.conversation import CommentForm, FileForm
from deals.queries.conversation import attachments_of, comments_of, content_of, find_attachment
from deals.queries.registrations import find_registration
from deals.rules.evidence import KINDS, MAX_BYTES, MAX_FILES
from deals.rules.permissions import may_act
from deals.views.pages import show_deal


@login_required
@require_POST
def comment(request: ActorRequest, public_id: str) -> HttpResponse:
    """Say something. With htmx the stream alone comes back; what was typed stays if something is wrong."""
    deal = find_registration(request.actor, public_id)
    if not may_act(request.actor, "registration.comment", deal.partner_id):
        raise NotFound("registration")
    stream = request.POST.get("stream") or Stream.SHARED.value
    form = CommentForm(request.POST, stream=stream if request.actor.is_vendor else Stream.SHARED.value)
    if form.is_valid():
        text = form.cleaned_data["text"]
        try:
            add_comment(deal.pk, stream=stream, text=text, by=request.actor, at=timezone.now())
        except Refused as refused:
            form.show(refused.reasons)
    shown = stream if request.actor.is_vendor and stream in Stream.values else Stream.SHARED.value
    if not request.htmx:
        if form.errors:
            return show_deal(request, public_id, comment_forms={shown: form}, status=422)
        address = reverse("deals:detail", args=[public_id])
        return redirect(f"{address}#comments-{shown}")
    context = {
        "deal": deal,
        "stream": shown,
        "comments": [found for found in comments_of(request.actor, deal) if found.stream == shown],
        "form": form if form.errors else CommentForm(stream=shown),
        "may_comment": True,
    }
    return render(request, "deals/life/_stream.html", context, status=422 if form.errors else 200)


@login_required
def files(request: ActorRequest, public_id: str) -> HttpResponse:
    """The evidence that there is, and a form for more."""
    deal = find_registration(request.actor, public_id)
    may = may_act(request.actor, "registration.comment", deal.partner_id)
    is_bound = request.method == "POST"
    if is_bound and not may:
        raise NotFound("registration")
    form = FileForm(
        request.POST if is_bound else None, request.FILES if is_bound else None, is_vendor=request.actor.is_vendor
    )
    if is_bound and form.is_valid():
        file = form.cleaned_data["file"]
        # one byte more than is allowed is enough to know that it is too large
        content = file.read(MAX_BYTES + 1)
        try:
            attach(
                deal.pk,
                name=file.name,
                content=content,
                stream=form.chosen_stream(),
                by=request.actor,
                at=timezone.now(),
            )
        except Refused as refused:
            form.show(refused.reasons)
        else:
            messages.success(request, _("The file is added."))
            return redirect("deals:files", public_id)
    context = {
        "deal": deal,
        "form": form if may else None,
        "files": attachments_of(request.actor, deal),
        "kinds": ", ".join(KINDS),
        "most": MAX_FILES,
        "megabytes": MAX_BYTES // 1024**2,
    }
    return render(request, "deals/life/files.html", context, status=422 if form.is_bound else 200)


@login_required
def download(request: ActorRequest, public_id: str, file_id: str) -> HttpResponse:
    """The bytes as a download: no browser may show, sniff or run them."""
    return as_download(*_found(request, public_id, file_id))


def _found(request: ActorRequest, public_id: str, file_id: str) -> tuple[str, bytes]:
    found = find_attachment(request.actor, public_id, file_id)
    return found.name, content_of(found)


def as_download(name: str, content: bytes) -> HttpResponse:
    """An answer that a browser can only save."""
    response = HttpResponse(content, content_type="application/octet-stream")
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response
