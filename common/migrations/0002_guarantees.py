"""The application's database role, append-only tables, and the audit chain's seal."""

from django.db import migrations

# A role belongs to the whole server: another database of it may make it at the same instant.
ROLE = """
DO $$ BEGIN
    CREATE ROLE prm_app NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
GRANT USAGE ON SCHEMA public TO prm_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO prm_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO prm_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO prm_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO prm_app;
"""

REFUSE = """
CREATE FUNCTION common_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
"""

# The seal is a deferred trigger: it runs when the transaction commits, so the lock on the chain's end is the last
# lock taken and is held for one flush of the log; no order of actions can deadlock on it.
SEAL = """
CREATE FUNCTION common_audit_text(entry common_auditentry) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_array(entry.position, entry.event, entry.subject_kind, entry.subject_id, entry.actor_key,
                             entry.actor_label, extract(epoch FROM entry.at)::text, entry.facts)::text
$$;

CREATE FUNCTION common_seal_audit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
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

CREATE CONSTRAINT TRIGGER common_auditentry_seal AFTER INSERT ON common_auditentry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION common_seal_audit();

CREATE FUNCTION common_refuse_unsealing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.position IS NULL AND NEW.position IS NOT NULL THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the audit chain is append-only' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER common_auditentry_append_only BEFORE UPDATE OR DELETE ON common_auditentry
    FOR EACH ROW EXECUTE FUNCTION common_refuse_unsealing();
REVOKE UPDATE, DELETE, TRUNCATE ON common_auditentry FROM prm_app;
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON common_audithead FROM prm_app;
"""

UNSEAL = """
DROP TRIGGER common_auditentry_append_only ON common_auditentry;
DROP FUNCTION common_refuse_unsealing();
DROP TRIGGER common_auditentry_seal ON common_auditentry;
DROP FUNCTION common_seal_audit();
DROP FUNCTION common_audit_text(common_auditentry);
"""


class Migration(migrations.Migration):
    dependencies = [("common", "0001_initial")]

    operations = [
        migrations.RunSQL(ROLE, migrations.RunSQL.noop),
        migrations.RunSQL(REFUSE, "DROP FUNCTION common_refuse_change()"),
        migrations.RunSQL(SEAL, UNSEAL),
    ]
