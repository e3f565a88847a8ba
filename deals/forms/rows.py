"""Repeated rows of a form: as many as are needed, any of which may be left empty."""

from typing import Any

from django import forms


class RowFormSet(forms.BaseFormSet):
    """Rows of a form; every row that comes back may be emptied, also one that was there before."""

    def initial_form_count(self) -> int:
        return 0 if self.is_bound else super().initial_form_count()


def rows_of(form: type[forms.Form], *, most: int, extra: int) -> Any:
    return forms.formset_factory(form, RowFormSet, extra=extra, max_num=most, absolute_max=most + 1)


def with_another(data: Any, prefix: str) -> Any:
    """The same data as typed, with one more empty row."""
    typed = data.copy()
    count = typed.get(f"{prefix}-TOTAL_FORMS", "1")
    typed[f"{prefix}-TOTAL_FORMS"] = str(min(int(count) if count.isascii() and count.isdigit() else 1, 100) + 1)
    return typed
