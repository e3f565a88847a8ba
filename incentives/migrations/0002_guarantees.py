"""What can never be false about promises and money, whoever writes."""

from django.db import migrations

from common.database import append_only

JOURNAL = """
CREATE FUNCTION incentives_check_journal() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    checked bigint;
BEGIN
    IF TG_TABLE_NAME = 'incentives_journal' THEN
        checked := NEW.id;
    ELSE
        checked := NEW.journal_id;
    END IF;
    IF NOT EXISTS (SELECT FROM incentives_entry WHERE journal_id = checked) THEN
        RAISE EXCEPTION 'journal % has no entries', checked USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (SELECT FROM incentives_entry WHERE journal_id = checked GROUP BY currency HAVING sum(amount) <> 0) THEN
        RAISE EXCEPTION 'journal % does not sum to zero', checked USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (
        SELECT FROM incentives_entry entry
        JOIN incentives_account account ON account.id = entry.account_id
        JOIN incentives_journal journal ON journal.id = entry.journal_id
        WHERE entry.journal_id = checked
          AND (account.currency <> entry.currency OR account.partner_id <> journal.partner_id)
    ) THEN
        RAISE EXCEPTION 'journal % has an entry in a foreign account', checked USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER incentives_journal_balances AFTER INSERT ON incentives_journal
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION incentives_check_journal();
CREATE CONSTRAINT TRIGGER incentives_entry_balances AFTER INSERT ON incentives_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION incentives_check_journal();

CREATE FUNCTION incentives_check_posting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM incentives_closedmonth
               WHERE month_starts_on >= date_trunc('month', NEW.posted_on::timestamp)::date) THEN
        RAISE EXCEPTION 'the month of % is closed', NEW.posted_on USING ERRCODE = 'restrict_violation';
    END IF;
    IF NOT EXISTS (
        SELECT FROM incentives_statementline line
        JOIN incentives_statement statement ON statement.id = line.statement_id
        WHERE line.id = NEW.line_id AND line.kind = NEW.kind AND line.accrual_id IS NOT DISTINCT FROM NEW.accrual_id
          AND statement.partner_id = NEW.partner_id
          AND statement.month_starts_on = date_trunc('month', NEW.posted_on::timestamp)::date
    ) THEN
        RAISE EXCEPTION 'a journal belongs on a line of its own partner, month and kind'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER incentives_journal_posting BEFORE INSERT ON incentives_journal
    FOR EACH ROW EXECUTE FUNCTION incentives_check_posting();
REVOKE UPDATE, DELETE, TRUNCATE ON incentives_account FROM prm_app;
REVOKE DELETE, TRUNCATE ON incentives_accrual FROM prm_app;
"""

JOURNAL_UNDO = """
DROP TRIGGER incentives_journal_posting ON incentives_journal;
DROP FUNCTION incentives_check_posting();
DROP TRIGGER incentives_entry_balances ON incentives_entry;
DROP TRIGGER incentives_journal_balances ON incentives_journal;
DROP FUNCTION incentives_check_journal();
"""

PLAN = """
CREATE FUNCTION incentives_freeze_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.published_at IS NOT NULL
        AND (TG_OP = 'DELETE' OR to_jsonb(NEW) - 'ends_on' IS DISTINCT FROM to_jsonb(OLD) - 'ends_on') THEN
        RAISE EXCEPTION 'a published plan version is frozen' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;

CREATE TRIGGER incentives_planversion_frozen BEFORE UPDATE OR DELETE ON incentives_planversion
    FOR EACH ROW EXECUTE FUNCTION incentives_freeze_version();

CREATE FUNCTION incentives_freeze_band() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM incentives_planversion WHERE published_at IS NOT NULL
        AND (TG_OP <> 'INSERT' AND id = OLD.version_id OR TG_OP <> 'DELETE' AND id = NEW.version_id)
    ) THEN
        RAISE EXCEPTION 'the bands of a published plan version are frozen' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;

CREATE TRIGGER incentives_band_frozen BEFORE INSERT OR UPDATE OR DELETE ON incentives_band
    FOR EACH ROW EXECUTE FUNCTION incentives_freeze_band();
"""

PLAN_UNDO = """
DROP TRIGGER incentives_band_frozen ON incentives_band;
DROP FUNCTION incentives_freeze_band();
DROP TRIGGER incentives_planversion_frozen ON incentives_planversion;
DROP FUNCTION incentives_freeze_version();
"""

STATEMENT = """
CREATE FUNCTION incentives_freeze_statement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status = 'closed' OR TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a closed statement never changes, and none is deleted' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER incentives_statement_frozen BEFORE UPDATE OR DELETE ON incentives_statement
    FOR EACH ROW EXECUTE FUNCTION incentives_freeze_statement();

CREATE FUNCTION incentives_freeze_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR EXISTS (
        SELECT FROM incentives_statement WHERE status = 'closed'
        AND (id = NEW.statement_id OR TG_OP = 'UPDATE' AND id = OLD.statement_id)
    ) THEN
        RAISE EXCEPTION 'a closed statement never changes, and no line is deleted'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER incentives_statementline_frozen BEFORE INSERT OR UPDATE OR DELETE ON incentives_statementline
    FOR EACH ROW EXECUTE FUNCTION incentives_freeze_line();
REVOKE DELETE, TRUNCATE ON incentives_statement, incentives_statementline FROM prm_app;
"""

STATEMENT_UNDO = """
DROP TRIGGER incentives_statementline_frozen ON incentives_statementline;
DROP FUNCTION incentives_freeze_line();
DROP TRIGGER incentives_statement_frozen ON incentives_statement;
DROP FUNCTION incentives_freeze_statement();
"""


class Migration(migrations.Migration):
    dependencies = [("incentives", "0001_initial")]

    operations = [
        migrations.RunSQL(JOURNAL, JOURNAL_UNDO),
        migrations.RunSQL(PLAN, PLAN_UNDO),
        migrations.RunSQL(STATEMENT, STATEMENT_UNDO),
        append_only("incentives_journal"),
        append_only("incentives_entry"),
        append_only("incentives_recalculation"),
        append_only("incentives_closedmonth"),
    ]
