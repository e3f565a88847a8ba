"""The import contracts hold, and each of them is broken by its fault and by nothing else."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT = Path(sys.executable).with_name("lint-imports")
LINTER = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
IDS = {contract["name"]: contract["id"] for contract in LINTER["contracts"]}
APPS_WITH_MODELS = ("partners", "tiers", "crm", "deals", "incentives")

# contract, the module that gets the line, the line (or nothing: the module itself is the fault)
FAULTS = [
    ("downhill", "tiers/actions", "from deals import choices"),
    ("downhill", "common/events", "from partners import choices"),
    ("downhill", "crm/choices", "import prm.settings"),
    ("rooms", "deals/choices", "from deals import rules"),
    ("rooms", "deals/rules", "from deals import apps"),
    ("rooms", "deals/models", "from deals import queries"),
    ("rooms", "deals/queries", "from deals import actions"),
    ("rooms", "deals/actions", "from deals import views"),
    ("rooms", "deals/matching", ""),
    ("common", "common/period", "from common import choices"),
    ("common", "common/models", "from common import reasons"),
    ("common", "common/things", ""),
    ("pure-rules", "deals/rules", "from django.utils import timezone"),
    ("pure-rules", "deals/rules", "from django.utils.translation import gettext_lazy"),
    ("pure-rules", "incentives/rules", "import celery"),
    ("pure-rules", "tiers/rules", "from rest_framework import serializers"),
    ("pure-rules", "common/money", "from django.conf import settings"),
    ("rules-look-nowhere", "deals/rules", "from tiers import queries"),
    ("rules-look-nowhere", "incentives/rules", "from crm.actions import ensure_customer"),
    ("edges-without-models", "deals/views", "from deals import models"),
    ("edges-without-models", "deals/forms", "from deals import models"),
    ("edges-without-models", "deals/tasks", "import deals.models"),
    ("edges-without-models", "crm/api", "from crm import models"),
    *((f"{app}-models", "prm/demo", f"from {app} import models") for app in APPS_WITH_MODELS),
]


def broken_contracts(folder: Path) -> set[str]:
    """The ids of the contracts that do not hold for the packages in a folder."""
    done = subprocess.run(
        [LINT, "--no-logo", "--no-cache"],
        cwd=folder,
        env=os.environ | {"COLUMNS": "300"},
        capture_output=True,
        text=True,
        check=False,
    )
    verdicts = re.findall(r"^(.+) (KEPT|BROKEN)$", done.stdout, re.MULTILINE)
    assert {name for name, _ in verdicts} == set(IDS), done.stdout + done.stderr
    broken = {IDS[name] for name, verdict in verdicts if verdict == "BROKEN"}
    assert bool(broken) == bool(done.returncode)
    return broken


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The packages and the contracts, in a folder of their own."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in LINTER["root_packages"]:
        for source in (ROOT / package).rglob("*.py"):
            target = tmp_path / source.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    return tmp_path


def add_line(root: Path, module: str, line: str) -> None:
    """Append to ``module.py``, or to ``module/__init__.py`` where the room is a package."""
    package = root / module / "__init__.py"
    path = package if package.exists() else root / f"{module}.py"
    with path.open("a") as source:
        source.write(f"\n{line}\n")


@pytest.fixture(scope="module")
def broken_before() -> set[str]:
    return broken_contracts(ROOT)


def test_import_contracts_hold(broken_before: set[str]) -> None:
    assert broken_before == set()


@pytest.mark.parametrize(("contract", "module", "line"), FAULTS)
def test_fault_breaks_its_contract_alone(
    copy: Path, broken_before: set[str], contract: str, module: str, line: str
) -> None:
    add_line(copy, module, line)
    assert broken_contracts(copy) ^ broken_before == {contract}


def test_every_contract_has_a_fault() -> None:
    assert {contract for contract, *_ in FAULTS} == set(IDS.values())


def test_every_app_is_under_the_contracts() -> None:
    """A new app that is listed as a root package must also be layered, and its models private."""
    apps = set(LINTER["root_packages"]) - {"prm", "common"}
    contracts = {contract["id"]: contract for contract in LINTER["contracts"]}
    assert set(contracts["rooms"]["containers"]) == apps
    assert contracts["downhill"]["layers"] == LINTER["root_packages"]
    with_models = {app for app in apps if any((ROOT / app / room).exists() for room in ("models.py", "models"))}
    assert {f"{app}-models" for app in with_models} <= contracts.keys()
