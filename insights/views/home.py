"""The first page, by who asks."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Partner's people see their own business, vendor staff what waits for them; the CEO gets the dashboard."""
    return render(request, "home/vendor.html", {})
