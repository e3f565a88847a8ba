"""Writing one row by a statement that is put together once for each model, not once for each row.

For the few rows that somebody waits for on every claim: the ORM takes longer to put such a statement together than the
database to run it (`docs/decisions/0020-written-out-statements.md`). Everywhere else the ORM is the way.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import connection, models

Fields = list["models.Field[Any, Any]"]


def insert(row: models.Model) -> None:
    """As ``row.save(force_insert=True)`` without its signals; sets the primary key."""
    statement, fields = _insertion(type(row))
    with connection.cursor() as cursor:
        cursor.execute(statement, [_stored(field, row, is_new=True) for field in fields])
        (row.pk,) = cursor.fetchone()
    row._state.adding, row._state.db = False, connection.alias  # noqa: SLF001 (as the ORM marks what it has stored)


def update(row: models.Model, names: Sequence[str]) -> None:
    """As ``row.save(update_fields=names)`` without its signals; the row must exist."""
    statement, fields = _update(type(row), tuple(names))
    with connection.cursor() as cursor:
        cursor.execute(statement, [*(_stored(field, row, is_new=False) for field in fields), row.pk])
        if cursor.rowcount != 1:
            raise type(row).DoesNotExist  # type: ignore[attr-defined]


def _stored(field: "models.Field[Any, Any]", row: models.Model, *, is_new: bool) -> Any:
    return field.get_db_prep_save(field.pre_save(row, is_new), connection)


@cache
def _insertion(model: type[models.Model]) -> tuple[str, Fields]:
    table = model._meta
    fields: Fields = [field for field in table.local_concrete_fields if not (field.primary_key or field.generated)]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    places = ", ".join(["%s"] * len(fields))
    returned = f'RETURNING "{_key(model)}"'
    return f'INSERT INTO "{table.db_table}" ({columns}) VALUES ({places}) {returned}', fields  # noqa: S608 (own names)


@cache
def _update(model: type[models.Model], names: tuple[str, ...]) -> tuple[str, Fields]:
    table = model._meta
    by_name = {name: field for field in table.local_concrete_fields for name in (field.name, field.attname)}
    fields: Fields = [by_name[name] for name in names]
    changes = ", ".join(f'"{field.column}" = %s' for field in fields)
    return f'UPDATE "{table.db_table}" SET {changes} WHERE "{_key(model)}" = %s', fields  # noqa: S608 (own names)


def _key(model: type[models.Model]) -> str | None:
    return model._meta.pk.column
