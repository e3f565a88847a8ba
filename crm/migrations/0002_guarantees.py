"""Revisions of sales stay as they were, and the look for like names."""

from django.db import migrations

KEEP_SALES = """
CREATE FUNCTION crm_keep_sale() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE'
        AND (to_jsonb(NEW) - '{is_current,waits_for_rate}'::text[]) = (to_jsonb(OLD) - '{is_current,waits_for_rate}'::text[])
        AND (OLD.is_current OR NOT NEW.is_current) AND (OLD.waits_for_rate OR NOT NEW.waits_for_rate) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a revision of a sale is not changed: add the next one' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER crm_sale_kept BEFORE UPDATE OR DELETE ON crm_sale FOR EACH ROW EXECUTE FUNCTION crm_keep_sale();

CREATE FUNCTION crm_keep_sale_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.base_amount IS NULL AND to_jsonb(NEW) - 'base_amount' = to_jsonb(OLD) - 'base_amount' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a line of a sale is not changed: add the next revision' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER crm_saleline_kept BEFORE UPDATE OR DELETE ON crm_saleline
    FOR EACH ROW EXECUTE FUNCTION crm_keep_sale_line();
REVOKE DELETE, TRUNCATE ON crm_sale, crm_saleline FROM prm_app;
"""

RELEASE_SALES = """
GRANT DELETE ON crm_sale, crm_saleline TO prm_app;
DROP TRIGGER crm_saleline_kept ON crm_saleline;
DROP FUNCTION crm_keep_sale_line();
DROP TRIGGER crm_sale_kept ON crm_sale;
DROP FUNCTION crm_keep_sale();
"""

# The threshold is the function's own: it makes the index hand out fewer names, and it holds whatever the session has set.
LIKE_NAMES = """
CREATE FUNCTION crm_customers_named_like(asked text, wanted integer) RETURNS TABLE (customer_id bigint)
LANGUAGE sql STABLE SET pg_trgm.similarity_threshold = 0.4 AS $$
    SELECT id FROM crm_customer
    WHERE name_key % asked AND merged_into_id IS NULL
    ORDER BY similarity(name_key, asked) DESC, id
    LIMIT wanted
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("crm", "0001_initial")]

    operations = [
        migrations.RunSQL(KEEP_SALES, RELEASE_SALES),
        migrations.RunSQL(LIKE_NAMES, "DROP FUNCTION crm_customers_named_like(text, integer)"),
    ]
