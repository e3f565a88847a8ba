"""The counter of receipts, decisions that cannot be rewritten, rulebooks that are frozen once published."""

from django.db import migrations

from common.database import append_only

COUNTER = "CREATE SEQUENCE deals_receipt_number"

FREEZE = """
CREATE TRIGGER deals_rulebook_frozen BEFORE UPDATE OR DELETE ON deals_rulebook
    FOR EACH ROW WHEN (OLD.published_at IS NOT NULL) EXECUTE FUNCTION common_refuse_change();
REVOKE TRUNCATE ON deals_rulebook FROM prm_app;
"""


class Migration(migrations.Migration):
    dependencies = [("deals", "0001_initial"), ("common", "0002_guarantees")]

    operations = [
        migrations.RunSQL(COUNTER, "DROP SEQUENCE deals_receipt_number"),
        append_only("deals_decision"),
        migrations.RunSQL(FREEZE, "DROP TRIGGER deals_rulebook_frozen ON deals_rulebook"),
    ]
