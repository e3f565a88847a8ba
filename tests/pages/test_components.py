"""Components as they reach the browser."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import engines
from django.test import RequestFactory
from django_cotton.compiler_regex import CottonCompiler

from common.verdict import Reason

NOW = datetime(2026, 10, 14, 10, 0, tzinfo=UTC)


def rendered(text: str, address: str = "/", **values) -> str:
    """A page made of this text alone, as one line."""
    template = engines["django"].from_string(CottonCompiler().process(text))
    html = template.render({"now": NOW, **values}, request=RequestFactory().get(address))
    return re.sub(r"\s+", " ", html).strip()


class DealForm(forms.Form):
    customer = forms.CharField(label="Customer", help_text="As registered")
    note = forms.CharField(label="Note", required=False)
    kind = forms.ChoiceField(label="Kind", choices=[("a", "A")], widget=forms.RadioSelect)
    secret = forms.CharField(widget=forms.HiddenInput, initial="s")


def test_money_is_a_link_where_it_has_steps():
    assert "€10.00" in rendered('<c-money :amount="amount" currency="EUR" />', amount=Decimal(10))
    linked = rendered('<c-money :amount="amount" currency="EUR" href="/steps/" />', amount=Decimal(-10))
    assert linked == '<a class="money is-negative" href="/steps/">\N{MINUS SIGN}€10.00</a>'


def test_no_amount_is_a_dash_and_never_zero():
    assert "–" in rendered('<c-money :amount="amount" currency="EUR" />', amount=None)


def test_a_component_takes_nothing_from_the_page_around_it():
    assert "Deal of the page" not in rendered("<c-card>x</c-card>", title="Deal of the page", footer="f")


def test_dates_are_exact_for_machines():
    html = rendered('<c-date :value="at" relative="yes" />', at=NOW - timedelta(days=2))
    assert 'datetime="2026-10-12T10:00:00+00:00"' in html
    assert 'title="12 Oct 2026, 12:00"' in html
    assert "2 days ago" in html


@pytest.mark.parametrize(
    ("left", "urgency", "words"),
    [
        (timedelta(days=4), "calm", "4 days left"),
        (timedelta(days=3), "soon", "3 days left"),
        (timedelta(hours=1), "soon", "1 hour left"),
        (timedelta(hours=-5), "late", "5 hours late"),
    ],
)
def test_countdown(left, urgency, words):
    html = rendered('<c-countdown :until="until" />', until=NOW + left)
    assert f"countdown-{urgency}" in html
    assert words in html


def test_steps_show_every_part_and_the_total():
    steps = [{"label": "First", "amount": Decimal(2), "detail": "d"}, {"label": "Second", "amount": Decimal(-1)}]
    html = rendered('<c-steps :steps="steps" :total="total" currency="EUR" />', steps=steps, total=Decimal(1))
    assert re.findall(r"−?€[\d.]+", html) == ["€2.00", "−€1.00", "€1.00"]


def test_a_total_of_zero_is_shown():
    assert "€0.00" in rendered('<c-steps :steps="[]" :total="total" currency="EUR" />', total=Decimal(0))


def test_reasons_are_sentences():
    html = rendered('<c-reasons :reasons="reasons" />', reasons=[Reason("actor.not_permitted")])
    assert "Your role does not allow this." in html
    assert rendered('<c-reasons :reasons="reasons" />', reasons=[]) == ""


def test_fields_tie_help_and_error_to_the_input():
    html = rendered('<c-field :field="form.customer" />', form=DealForm({}))
    described = re.search(r'aria-describedby="([^"]+)"', html)
    assert described is not None
    assert set(described[1].split()) == {"id_customer_helptext", "id_customer_error"}
    assert all(f'id="{name}"' in html for name in described[1].split())
    assert 'aria-invalid="true"' in html
    assert '<label for="id_customer">Customer</label>' in html


def test_optional_fields_say_so_and_hidden_ones_show_nothing():
    assert "(optional)" in rendered('<c-field :field="form.note" />', form=DealForm())
    assert rendered('<c-field :field="form.secret" />', form=DealForm()).startswith('<input type="hidden"')


def test_choices_are_a_group_with_a_legend():
    html = rendered('<c-field :field="form.kind" />', form=DealForm())
    assert "<fieldset" in html
    assert "<legend>Kind</legend>" in html


def test_the_error_summary_links_to_the_fields():
    html = rendered('<c-form :form="form" submit="Save" />', form=DealForm({}))
    assert 'href="#id_customer"' in html
    assert "csrfmiddlewaretoken" in html


def test_pages_keep_the_filters():
    page = Paginator(range(100), 10).page(4)
    html = rendered('<c-pagination :page="page" />', address="/?q=a%26b&page=4", page=page)
    assert "?q=a%26b&amp;page=5" in html
    assert 'aria-current="page">4<' in html
    assert "31–40 of 100" in html


def test_nothing_to_page_through_shows_nothing():
    assert rendered('<c-pagination :page="page" />', page=Paginator([], 10).page(1)) == ""


@pytest.mark.parametrize(
    ("address", "state", "target"),
    [
        ("/", None, "?sort=name"),
        ("/?sort=name", "ascending", "?sort=-name"),
        ("/?sort=-name", "descending", "?sort=name"),
    ],
)
def test_sorting(address, state, target):
    html = rendered('<c-sort by="name" label="Name" />', address=address)
    assert f'href="{target}"' in html
    assert (f'aria-sort="{state}"' in html) if state else ("aria-sort" not in html)


@pytest.mark.parametrize(("value", "percent"), [(0, 0), (999, 99), (1000, 100), (4000, 100), (-5, 0)])
def test_progress_is_full_only_when_all_is_there(value, percent):
    html = rendered('<c-progress label="Revenue" :value="value" :max="1000" />', value=Decimal(value))
    assert f'value="{percent}"' in html
    assert ("meter-done" in html) == (percent == 100)


def test_progress_towards_nothing_is_empty():
    assert 'value="0"' in rendered('<c-progress label="x" :value="5" :max="0" />')


def test_figures_carry_definition_and_day():
    html = rendered(
        '<c-stat label="Owed" value="€1" definition="What is owed." :as_of="day" />', day=date(2026, 10, 14)
    )
    assert "What is owed." in html
    assert 'datetime="2026-10-14"' in html


def test_what_users_typed_is_escaped():
    html = rendered('<c-page-header title="{{ name }}" /><c-status label="{{ name }}" />', name="<script>x</script>")
    assert "<script>" not in html


def test_chart_data_cannot_break_out():
    html = rendered('<c-chart id="c" summary="s" :data="data">t</c-chart>', data={"labels": ["</script><b>"]})
    assert "</script><b>" not in html
    assert 'id="c-data" type="application/json"' in html
