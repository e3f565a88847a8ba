"""What is said in Docker, compose, Makefile, locks and documents exists. No Docker daemon is needed for that."""

import ast
import json
import os
import re
import secrets
import shlex
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
OURS = {name: service for name, service in COMPOSE["services"].items() if service["image"] == "prm"}
LOCKS = sorted(ROOT.glob("requirements*.txt"))
PRODUCTION = {
    "PRM_PRODUCTION": "1",
    "PRM_SECRET_KEY": secrets.token_urlsafe(50),
    "PRM_ALLOWED_HOSTS": "prm.example.com",
    "DATABASE_URL": "postgres://prm:secret@database.invalid/prm",
    "REDIS_URL": "redis://broker.invalid/0",
}
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*/README.md")])


def command_of(service: dict[str, Any]) -> list[str]:
    return shlex.split(service["command"]) if "command" in service else image_command()


def image_command() -> list[str]:
    words = re.search(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    assert words
    return list(json.loads(words[1]))


def test_compose_has_every_process() -> None:
    assert set(COMPOSE["services"]) == {"migrate", "web", "worker", "beat", "postgres", "valkey"}
    lasting = {name: service for name, service in COMPOSE["services"].items() if name != "migrate"}
    assert [name for name, service in lasting.items() if "healthcheck" not in service] == []
    assert "noeviction" in COMPOSE["services"]["valkey"]["command"]
    mounted = {mount.split(":")[0] for service in COMPOSE["services"].values() for mount in service["volumes"]}
    assert mounted == set(COMPOSE["volumes"])


def test_only_migrations_run_as_the_owner_of_the_tables() -> None:
    roles = {name: service["environment"]["PRM_DATABASE_ROLE"] for name, service in OURS.items()}
    assert roles == {"migrate": "", "web": "prm_app", "worker": "prm_app", "beat": "prm_app"}


@pytest.mark.parametrize("name", OURS)
def test_compose_command_exists(name: str) -> None:
    program, *arguments = command_of(OURS[name])
    assert Path(sys.executable).with_name(program).exists()
    if program == "python":
        assert arguments[0] == "manage.py"
        assert arguments[1] in get_commands()
    elif program == "celery":
        assert find_spec(arguments[arguments.index("--app") + 1])
        assert arguments[2] in ("worker", "beat")


def test_healthcheck_script_exists() -> None:
    assert COMPOSE["services"]["web"]["healthcheck"]["test"][:3] == ["CMD", "python", "docker/healthy.py"]
    assert (ROOT / "docker" / "healthy.py").exists()


def test_image_starts_the_web_server() -> None:
    """The image's own command, with its own options, loads the program here."""
    program, *arguments = image_command()
    command = [Path(sys.executable).with_name(program), "--check-config", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_image_is_built_from_files_that_exist() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    assert [name for line in copied for name in line.split() if not (ROOT / name).exists()] == []
    assert [name for name in re.findall(r"python (\S+\.py)", DOCKERFILE) if not (ROOT / name).exists()] == []
    assert [name for name in re.findall(r"manage\.py (\w+)", DOCKERFILE) if name not in get_commands()] == []


def test_image_does_not_run_as_root() -> None:
    assert re.findall(r"^USER (.+)$", DOCKERFILE, re.MULTILINE)[-1] == "prm"


def check_deployment(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """`manage.py check --deploy` in a process that has this environment and none of ours."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "PRM_VAR_DIR")}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(command, cwd=ROOT, env=kept | environment, capture_output=True, text=True, check=False)


def test_production_settings_are_clean() -> None:
    done = check_deployment(PRODUCTION)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", [name for name in PRODUCTION if name != "PRM_PRODUCTION"])
def test_production_refuses_to_start_without_its_secrets(name: str) -> None:
    done = check_deployment({key: value for key, value in PRODUCTION.items() if key != name})
    assert done.returncode != 0
    assert name in done.stderr


def test_example_environment_names_every_setting() -> None:
    named = set(re.findall(r"^(?:# )?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    read = environment_names(ROOT / "prm" / "settings.py") | {"PRM_VAR_DIR"}
    assert named == read | {"POSTGRES_PASSWORD"}


def environment_names(path: Path) -> set[str]:
    """First arguments of ``env(…)``, ``env.bool(…)`` and the like."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case (
                ast.Call(func=ast.Name(id="env"), args=[ast.Constant(value=str(name)), *_])
                | ast.Call(func=ast.Attribute(value=ast.Name(id="env")), args=[ast.Constant(value=str(name)), *_])
            ):
                names.add(name)
    return names


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_lock_is_hashed_and_names_no_index(path: Path) -> None:
    text = path.read_text()
    pinned = re.findall(r"^[a-z0-9][^\n]*==(?:[^\n]*\\\n)+[^\n]*", text, re.MULTILINE)
    named = re.findall(r"^[a-zA-Z0-9]", text, re.MULTILINE)
    assert pinned
    assert len(pinned) == len(named)
    assert [entry for entry in pinned if "--hash=sha256:" not in entry] == []
    assert re.findall(r"://|^--|^-", text, re.MULTILINE) == []
    assert path.with_suffix(".in").exists()


def test_front_end_lock_has_integrity_and_names_no_registry() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert [name for name, entry in packages.items() if "resolved" in entry or "integrity" not in entry] == []


def test_continuous_integration_runs_check_and_test() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert re.findall(r"^make (\w+)", script.read_text(), re.MULTILINE) == ["check", "test"]
    subprocess.run(["bash", "-n", script], check=True)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_document_names_what_exists(path: Path) -> None:
    """`make` targets, management commands and relative links."""
    text = path.read_text()
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^|`|\n)make ([a-z]+)", text)) - targets == set()
    assert set(re.findall(r"manage\.py ([a-z_]+)", text)) - get_commands().keys() == set()
    links = re.findall(r"\]\((?!\w+:|#)([^)#\s]+)", text)
    assert [link for link in links if not (path.parent / link).exists()] == []
