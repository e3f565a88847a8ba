"""Of two customers that became one, the one that was merged away claims nothing more."""

from django.db import migrations

LIVE_CUSTOMERS = """
CREATE FUNCTION deals_customer_is_live() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM crm_customer WHERE id = NEW.customer_id AND merged_into_id IS NOT NULL) THEN
        RAISE EXCEPTION 'customer % was merged into another', NEW.customer_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER deals_protection_customer BEFORE INSERT OR UPDATE OF customer_id ON deals_protection
    FOR EACH ROW EXECUTE FUNCTION deals_customer_is_live();

CREATE FUNCTION deals_live_customer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.customer_id := coalesce(
        (SELECT merged_into_id FROM crm_customer WHERE id = NEW.customer_id), NEW.customer_id
    );
    RETURN NEW;
END $$;
CREATE TRIGGER deals_registration_customer BEFORE INSERT OR UPDATE OF customer_id ON deals_registration
    FOR EACH ROW WHEN (NEW.customer_id IS NOT NULL) EXECUTE FUNCTION deals_live_customer();
"""

ANY_CUSTOMERS = """
DROP TRIGGER deals_registration_customer ON deals_registration;
DROP FUNCTION deals_live_customer();
DROP TRIGGER deals_protection_customer ON deals_protection;
DROP FUNCTION deals_customer_is_live();
"""


class Migration(migrations.Migration):
    dependencies = [("deals", "0008_cases"), ("crm", "0001_initial")]

    operations = [migrations.RunSQL(LIVE_CUSTOMERS, ANY_CUSTOMERS)]
