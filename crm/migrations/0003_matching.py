"""What like names are found by: the words of every customer's name, and how many names hold each."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.expressions
from django.db import migrations, models

from crm.rules.matching import CustomerIdentity, keys_of
from crm.rules.search import EVERY_NAME, counted_words, index_words

ROWS = 5000

# The settings and the number of rows are the functions' own: the planner would expect many and read whole tables.
WORD_DELETIONS = """
CREATE FUNCTION crm_word_deletions(word text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE WHEN length(word) < 5 THEN ARRAY[word] ELSE
        ARRAY(SELECT left(word, place - 1) || substr(word, place + 1) FROM generate_series(1, length(word)) AS place)
        || word
    END
$$;
"""
WORDS_NEAR = """
CREATE FUNCTION crm_words_near(parts text[]) RETURNS TABLE (word text, customer_count integer)
LANGUAGE plpgsql STABLE ROWS 20 SET enable_seqscan = off SET max_parallel_workers_per_gather = 0 AS $$
BEGIN
    RETURN QUERY SELECT known.word, known.customer_count FROM crm_nameword known
        WHERE crm_word_deletions(known.word) && parts;
END $$;
"""
CUSTOMERS_SHARING = """
CREATE FUNCTION crm_customers_sharing(any_of text[], all_of text[], most integer) RETURNS SETOF crm_customer
LANGUAGE plpgsql STABLE ROWS 20 SET enable_seqscan = off SET max_parallel_workers_per_gather = 0 AS $$
DECLARE
    words text;
    count integer := 0;
    more integer;
BEGIN
    IF any_of <> '{}' THEN
        RETURN QUERY SELECT found.* FROM crm_customer found WHERE found.name_words && any_of LIMIT most;
        GET DIAGNOSTICS count = ROW_COUNT;
    END IF;
    FOREACH words IN ARRAY all_of LOOP
        EXIT WHEN count >= most;
        RETURN QUERY SELECT found.* FROM crm_customer found WHERE found.name_words @> string_to_array(words, ' ')
            LIMIT most - count;
        GET DIAGNOSTICS more = ROW_COUNT;
        count := count + more;
    END LOOP;
END $$;
"""
LIKE_NAMES = """
CREATE FUNCTION crm_customers_named_like(asked text, wanted integer) RETURNS TABLE (customer_id bigint)
LANGUAGE sql STABLE SET pg_trgm.similarity_threshold = 0.4 AS $$
    SELECT id FROM crm_customer
    WHERE name_key % asked AND merged_into_id IS NULL
    ORDER BY similarity(name_key, asked) DESC, id
    LIMIT wanted
$$;
"""
REWRITE = """
    UPDATE crm_customer SET name_key = given.name_key, identity_key = given.identity_key,
        domain_key = given.domain_key, tax_key = given.tax_key, name_words = given.name_words::text[]
    FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
        AS given (id, name_key, identity_key, domain_key, tax_key, name_words)
    WHERE crm_customer.id = given.id
"""


def rewrite_keys(apps, schema_editor):
    """Give every customer its words, and the keys that names have by the present rules."""
    customers = apps.get_model("crm", "Customer").objects.order_by("pk")
    counts = {}
    last = 0
    while True:
        rows = list(customers.filter(pk__gt=last).values_list("pk", "legal_name", "country", "domain", "tax_id")[:ROWS])
        if not rows:
            break
        last = rows[-1][0]
        columns = []
        for pk, *identity in rows:
            keys = keys_of(CustomerIdentity(*identity))
            words = index_words(keys.name)
            columns.append((pk, keys.name, keys.identity, keys.domain, keys.tax, _array(words)))
            for word in (EVERY_NAME, *counted_words(words)):
                counts[word] = counts.get(word, 0) + 1
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(REWRITE, [list(column) for column in zip(*columns, strict=True)])
    word = apps.get_model("crm", "NameWord")
    word.objects.bulk_create((word(word=text, customer_count=count) for text, count in counts.items()), batch_size=ROWS)


def _array(words):
    return "{" + ",".join('"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"' for word in words) + "}"


class Migration(migrations.Migration):
    dependencies = [("crm", "0002_guarantees")]

    operations = [
        migrations.RemoveIndex(model_name="customer", name="customer_by_likeness"),
        migrations.RunSQL("DROP FUNCTION crm_customers_named_like(text, integer)", LIKE_NAMES),
        migrations.RunSQL(WORD_DELETIONS, "DROP FUNCTION crm_word_deletions(text)"),
        migrations.CreateModel(
            name="NameWord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("word", models.TextField()),
                ("customer_count", models.PositiveIntegerField()),
            ],
        ),
        migrations.AddField(
            model_name="customer",
            name="name_words",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(), default=list, editable=False, size=None
            ),
            preserve_default=False,
        ),
        migrations.RunSQL(WORDS_NEAR, "DROP FUNCTION crm_words_near(text[])"),
        migrations.RunPython(rewrite_keys, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="nameword",
            constraint=models.UniqueConstraint(fields=("word",), name="name_word_once"),
        ),
        migrations.AddIndex(
            model_name="nameword",
            index=django.contrib.postgres.indexes.GinIndex(
                django.db.models.expressions.Func(
                    "word",
                    function="crm_word_deletions",
                    output_field=django.contrib.postgres.fields.ArrayField(models.TextField()),
                ),
                fastupdate=False,
                name="name_word_inexact",
            ),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=django.contrib.postgres.indexes.GinIndex(
                fastupdate=False, fields=["name_words"], name="customer_by_words"
            ),
        ),
        migrations.RunSQL(CUSTOMERS_SHARING, "DROP FUNCTION crm_customers_sharing(text[], text[], integer)"),
    ]
