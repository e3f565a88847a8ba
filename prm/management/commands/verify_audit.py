"""Recompute the audit chain."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.audit import verify_chain


class Command(BaseCommand):
    help = "Recompute the audit chain; name the first entry that is not as it was written."

    def handle(self, *args: Any, **options: Any) -> None:
        report = verify_chain()
        if report.broken_at is not None:
            raise CommandError(f"broken at position {report.broken_at} of {report.entries}: {report.problem}")
        self.stdout.write(f"{report.entries} entries, the chain is whole.")
