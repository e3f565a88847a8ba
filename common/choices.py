"""States of the program's own machinery."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class WorkStatus(TextChoices):
    """Of an outbox message or a slice of a job."""

    WAITING = "waiting", _("Waiting")
    DONE = "done", _("Done")
    QUARANTINED = "quarantined", _("Set aside after repeated failures")


class RunStatus(TextChoices):
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class RowOutcome(TextChoices):
    """What became of one row of a batch."""

    CREATED = "created", _("Created")
    UPDATED = "updated", _("Updated")
    UNCHANGED = "unchanged", _("Unchanged")
    WAITING = "waiting", _("Stored, waits for an exchange rate")
    FAILED = "failed", _("Failed")


REASONS = {
    "request.key_reused": _("This idempotency key was already used for a different request."),
    "row.duplicate": _("The same id occurs more than once in this batch; first in row %(first)s."),
    "sheet.missing": _("Choose a file."),
    "sheet.too_large": _("The file is larger than %(limit)s kB."),
    "sheet.too_many_rows": _("At most %(limit)s rows are possible in one file."),
    "sheet.not_text": _("This is no text in UTF-8. Save it as “CSV UTF-8”."),
    "sheet.not_csv": _("Row %(row)s cannot be read as CSV."),
    "sheet.empty": _("The file has no rows."),
    "sheet.column_missing": _("The column “%(column)s” is missing."),
    "sheet.column_unknown": _("There is no column “%(column)s” in this list."),
    "sheet.column_twice": _("The column “%(column)s” is there twice."),
    "sheet.too_many_cells": _("The row has more cells than there are columns."),
}
