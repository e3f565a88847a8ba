"""A breach has a day by which it is acknowledged, an amount that was paid, and words of its end."""

from datetime import UTC, datetime

from django.db import migrations, models
from django.db.models import Q

from common.database import are_numbers

BEFORE_THERE_WERE_ANY = datetime(2026, 1, 1, tzinfo=UTC)


class Migration(migrations.Migration):
    dependencies = [("deals", "0007_life")]

    operations = [
        migrations.RemoveIndex(model_name="breach", name="breach_by_status"),
        migrations.RemoveConstraint(model_name="breach", name="breach_amount"),
        migrations.RemoveConstraint(model_name="breach", name="breach_closed_with_words"),
        migrations.AddField(
            model_name="breach",
            name="due_at",
            field=models.DateTimeField(default=BEFORE_THERE_WERE_ANY),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="breach",
            name="settled_amount",
            field=models.DecimalField(blank=True, decimal_places=4, max_digits=19, null=True),
        ),
        migrations.AddField(model_name="breach", name="closing_words", field=models.TextField(blank=True, default="")),
        migrations.AlterField(model_name="breach", name="closing_words", field=models.TextField(blank=True)),
        migrations.AddIndex("breach", models.Index(fields=["status", "due_at"], name="breach_by_status")),
        migrations.AddIndex("breach", models.Index(fields=["partner", "-found_at"], name="breach_of_partner")),
        migrations.AddIndex("breach", models.Index(fields=["source", "source_external_id"], name="breach_by_source")),
        migrations.AddIndex("breach", models.Index(fields=["found_at"], name="breach_by_time")),
        migrations.AddIndex("appeal", models.Index(fields=["judged_at"], name="appeal_by_time")),
        migrations.AddConstraint(
            "breach",
            models.CheckConstraint(
                condition=are_numbers("amount", "settled_amount") & Q(amount__gte=0), name="breach_amount"
            ),
        ),
        migrations.AddConstraint(
            "breach",
            models.CheckConstraint(
                condition=~Q(status__in=["acknowledged", "settled", "rejected"])
                | Q(acknowledged_at__isnull=False) & ~Q(acknowledged_by=""),
                name="breach_acknowledged_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            "breach",
            models.CheckConstraint(
                condition=~Q(status__in=["settled", "rejected"]) | Q(closed_at__isnull=False) & ~Q(closed_by=""),
                name="breach_closed_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            "breach",
            models.CheckConstraint(
                condition=Q(status="settled", settled_amount__gt=0) & ~Q(words="")
                | Q(status="rejected", settled_amount__isnull=True) & ~Q(closing_words="")
                | Q(status="acknowledged", settled_amount__isnull=True) & ~Q(words="")
                | Q(status__in=["open", "withdrawn"], settled_amount__isnull=True),
                name="breach_says_what_it_must",
            ),
        ),
    ]
