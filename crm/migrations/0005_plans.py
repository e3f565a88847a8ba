"""What every registration asks is looked up by functions, whose plans a connection makes once."""

from django.db import migrations

# One plan for any customer, by indexes: made anew for each it takes longer than the look.
ACTIVITY_AT = """
CREATE FUNCTION crm_activity_at(asked_customers bigint[], asked_families bigint[], since date)
RETURNS text LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
BEGIN
    RETURN jsonb_build_object(
        'opportunities', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'external_id', found.external_id, 'close_on', found.close_on, 'updated_at', found.updated_at_source,
                'stage_moved_at', found.stage_moved_at, 'first_seen_at', found.first_seen_at
            ) ORDER BY found.first_seen_at, found.id), '[]')
            FROM crm_opportunity found
            WHERE found.customer_id = ANY(asked_customers) AND found.is_open
              AND (found.family_id IS NULL OR found.family_id = ANY(asked_families))
        ),
        'business', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'partner_id', won.partner_id, 'family_id', won.family_id, 'booked_on', won.booked_on
            ) ORDER BY won.booked_on, won.partner_id, won.family_id), '[]')
            FROM (
                SELECT sale.partner_id, product.family_id, max(sale.booked_on) AS booked_on
                FROM crm_sale sale JOIN crm_saleline line ON line.sale_id = sale.id
                JOIN crm_product product ON product.id = line.product_id
                WHERE sale.customer_id = ANY(asked_customers || ARRAY(
                    SELECT id FROM crm_customer WHERE merged_into_id = ANY(asked_customers)
                )) AND sale.is_current AND sale.status = 'booked'
                  AND sale.partner_id IS NOT NULL AND sale.booked_on >= since
                  AND product.family_id = ANY(asked_families)
                GROUP BY sale.partner_id, product.family_id
            ) won
        ),
        'families', (
            SELECT coalesce(jsonb_agg(jsonb_build_object('pk', id, 'code', code) ORDER BY id), '[]')
            FROM crm_productfamily WHERE id = ANY(asked_families)
        ),
        'segment', coalesce((
            SELECT segment FROM crm_customer
            WHERE id = ANY(asked_customers) AND segment <> '' ORDER BY id LIMIT 1
        ), '')
    )::text;
END $$;
"""
# Each statement of a volatile function sees what was committed until then: the look, what the locks waited for.
LOCK_AND_LOOK = """
CREATE FUNCTION crm_lock_and_look(
    space integer, buckets integer[], asked_identity text, asked_domain text, asked_tax text
) RETURNS boolean LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(space, bucket) FROM unnest(buckets) AS bucket;
    RETURN EXISTS (SELECT FROM crm_customer WHERE identity_key = asked_identity AND identity_key <> '')
        OR EXISTS (SELECT FROM crm_customer WHERE domain_key = asked_domain AND domain_key <> '')
        OR EXISTS (SELECT FROM crm_customer WHERE tax_key = asked_tax AND tax_key <> '');
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("crm", "0004_segment")]

    operations = [
        migrations.RunSQL(ACTIVITY_AT, "DROP FUNCTION crm_activity_at(bigint[], bigint[], date)"),
        migrations.RunSQL(LOCK_AND_LOOK, "DROP FUNCTION crm_lock_and_look(integer, integer[], text, text, text)"),
    ]
