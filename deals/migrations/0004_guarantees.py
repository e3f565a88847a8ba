"""What was said and shown is not rewritten; the shares of those who sell together are the whole."""

from django.db import migrations

from common.database import append_only

WHOLE_SHARES = """
CREATE FUNCTION deals_shares_are_whole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE concerned bigint := coalesce(NEW.registration_id, OLD.registration_id);
DECLARE total bigint;
BEGIN
    SELECT sum(share_bps) INTO total FROM deals_participant
    WHERE registration_id = concerned AND consent <> 'declined';
    IF total <> 10000 THEN
        RAISE EXCEPTION 'shares of registration % sum to % basis points', concerned, total
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER deals_participant_shares AFTER INSERT OR UPDATE OR DELETE ON deals_participant
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION deals_shares_are_whole();
"""

ANY_SHARES = """
DROP TRIGGER deals_participant_shares ON deals_participant;
DROP FUNCTION deals_shares_are_whole();
"""


class Migration(migrations.Migration):
    dependencies = [("deals", "0003_whole_registration")]

    operations = [
        append_only("deals_comment"),
        append_only("deals_attachment"),
        append_only("deals_attachmentcontent"),
        migrations.RunSQL(WHOLE_SHARES, ANY_SHARES),
    ]
