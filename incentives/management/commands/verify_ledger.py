"""``manage.py verify_ledger``: whether ledger, accruals and statements agree with each other."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from incentives.queries.verification import problems


class Command(BaseCommand):
    help = "Check the books: zero sums, steps, statements against the ledger, the chain of openings, hashes."

    def handle(self, *args: Any, **options: Any) -> None:
        found = problems()
        for problem in found:
            self.stderr.write(f"{problem.subject}: not true that {problem.check}")
        if found:
            raise CommandError(f"{len(found)} problems in the books")
        self.stdout.write("The books are right.")
