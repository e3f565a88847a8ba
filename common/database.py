"""Guarantees of the database that Django has no words for."""

from django.db.migrations import RunSQL
from django.db.models import DecimalField, Q, Value
from django.db.models.functions import Cast

APP_ROLE = "prm_app"  # what web, worker and beat run as: owns nothing, may not rewrite history


def append_only(table: str) -> RunSQL:
    """Rows of this table can be added but neither changed nor deleted: refused by trigger, and by privilege."""
    return RunSQL(
        sql=f"""
        CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION common_refuse_change();
        REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {APP_ROLE};
        """,
        reverse_sql=f"""
        GRANT UPDATE, DELETE ON {table} TO {APP_ROLE};
        DROP TRIGGER {table}_append_only ON {table};
        """,
    )


def are_numbers(*columns: str) -> Q:
    """Condition of a check constraint: none of these columns is NaN, which PostgreSQL would store. Null passes."""
    not_a_number = Cast(Value("NaN"), DecimalField(max_digits=19, decimal_places=4))
    return Q(*(~Q(**{column: not_a_number}) for column in columns))
