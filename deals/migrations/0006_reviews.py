"""What a partner answered in words."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("deals", "0005_policies")]

    operations = [
        migrations.AddField("inquiry", "answer", models.TextField(blank=True, default=""), preserve_default=False)
    ]
