"""What one transaction wrote into the audit chain is sealed together: the end of the chain is locked and moved once."""

from django.db import migrations

# The trigger fires for every entry, in their order: the first seals all of them, the others find themselves sealed.
TOGETHER = """
CREATE OR REPLACE FUNCTION common_seal_audit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
    head common_audithead;
    entry common_auditentry;
BEGIN
    IF EXISTS (SELECT FROM common_auditentry WHERE id = NEW.id AND position IS NOT NULL) THEN
        RETURN NULL;
    END IF;
    SELECT * INTO head FROM common_audithead WHERE id = 1 FOR UPDATE;
    IF NOT FOUND THEN
        INSERT INTO common_audithead (id, position, hash) VALUES (1, 0, '') ON CONFLICT DO NOTHING;
        SELECT * INTO head FROM common_audithead WHERE id = 1 FOR UPDATE;
    END IF;
    FOR entry IN SELECT * FROM common_auditentry WHERE position IS NULL AND id >= NEW.id ORDER BY id LOOP
        entry.position := head.position + 1;
        entry.previous_hash := head.hash;
        entry.hash := encode(sha256(convert_to(head.hash || common_audit_text(entry), 'UTF8')), 'hex');
        UPDATE common_auditentry SET position = entry.position, previous_hash = entry.previous_hash, hash = entry.hash
            WHERE id = entry.id;
        head.position := entry.position;
        head.hash := entry.hash;
    END LOOP;
    UPDATE common_audithead SET position = head.position, hash = head.hash WHERE id = 1;
    RETURN NULL;
END $$;
"""

ONE_BY_ONE = """
CREATE OR REPLACE FUNCTION common_seal_audit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
    head common_audithead;
    entry common_auditentry;
    seal text;
BEGIN
    INSERT INTO common_audithead (id, position, hash) VALUES (1, 0, '') ON CONFLICT DO NOTHING;
    SELECT * INTO head FROM common_audithead WHERE id = 1 FOR UPDATE;
    SELECT * INTO entry FROM common_auditentry WHERE id = NEW.id;
    entry.position := head.position + 1;
    entry.previous_hash := head.hash;
    seal := encode(sha256(convert_to(head.hash || common_audit_text(entry), 'UTF8')), 'hex');
    UPDATE common_auditentry SET position = entry.position, previous_hash = head.hash, hash = seal WHERE id = NEW.id;
    UPDATE common_audithead SET position = entry.position, hash = seal WHERE id = 1;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("common", "0002_guarantees")]

    operations = [migrations.RunSQL(TOGETHER, ONE_BY_ONE)]
