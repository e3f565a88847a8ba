"""The words of customers' names, counted: what is written with every customer, and made good now and then."""

from collections import Counter
from collections.abc import Iterable, Sequence

from django.db import connection

from crm.rules.search import EVERY_NAME, counted_words

# Nobody waits for a count: a word that somebody else is counting right now is left out, until the next recount. New
# words are added in one order by everybody, so that two who bring the same ones do not wait for each other in a circle.
_COUNT = """
    WITH news AS (SELECT * FROM unnest(%(words)s::text[], %(changes)s::integer[]) AS given (word, change)),
    free AS (
        SELECT id FROM crm_nameword WHERE word = ANY(%(words)s::text[]) ORDER BY word FOR NO KEY UPDATE SKIP LOCKED
    ),
    counted AS (
        UPDATE crm_nameword known SET customer_count = greatest(0, known.customer_count + news.change)
        FROM news, free WHERE known.id = free.id AND news.word = known.word
    )
    INSERT INTO crm_nameword (word, customer_count)
    SELECT word, greatest(0, change) FROM news
    WHERE NOT EXISTS (SELECT FROM crm_nameword known WHERE known.word = news.word) ORDER BY word
    ON CONFLICT (word) DO NOTHING
"""

_RECOUNT = """
    WITH counts AS (
        SELECT word, count(*) AS many FROM crm_customer, unnest(name_words) AS word
        WHERE left(word, 1) NOT IN ('+', '=') GROUP BY word
        UNION ALL SELECT %(every)s, count(*) FROM crm_customer
    ),
    gone AS (
        UPDATE crm_nameword SET customer_count = 0
        WHERE customer_count > 0 AND NOT EXISTS (SELECT FROM counts WHERE counts.word = crm_nameword.word)
    )
    INSERT INTO crm_nameword AS known (word, customer_count)
    SELECT word, many FROM counts ORDER BY word
    ON CONFLICT (word) DO UPDATE SET customer_count = EXCLUDED.customer_count
    WHERE known.customer_count <> EXCLUDED.customer_count
"""


def count_words(*, new: Iterable[Sequence[str]], old: Iterable[Sequence[str]] = ()) -> None:
    """Note what names are found by now, in the transaction that writes them; `old`: by what they were until now."""
    changes: Counter[str] = Counter()
    for words in new:
        changes.update([EVERY_NAME, *counted_words(words)])
    for words in old:
        changes.subtract([EVERY_NAME, *counted_words(words)])
    differing = sorted(word for word, change in changes.items() if change)
    if differing:
        with connection.cursor() as cursor:
            cursor.execute(_COUNT, {"words": differing, "changes": [changes[word] for word in differing]})


def recount_words() -> int:
    """Count the words of all customers, merged ones too; returns how many words were new or counted wrong."""
    with connection.cursor() as cursor:
        cursor.execute(_RECOUNT, {"every": EVERY_NAME})
        return int(cursor.rowcount)
