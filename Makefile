# Needs make, Python 3.11 or newer, and npm (where npm is missing, Node comes from its Python wheel).
# Everything is installed into .venv and node_modules; stamp files make a second start a matter of seconds.

.DEFAULT_GOAL := help
PORT ?= 8000
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
PIP := .venv/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes
LOCK := .venv/bin/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
	--universal --python-version 3.11

export PORT

.PHONY: help run test check fmt reset static messages lock

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/.runtime static ## Start the program on PORT (8000): engines, web, worker and beat; Ctrl-C ends all
	@.venv/bin/python -m prm.run

reset: .venv/.runtime static ## Throw the local data away and make fresh demo data
	@.venv/bin/python -m prm.run --reset

test: .venv/.dev static ## The whole suite on a throwaway cluster; ARGS="tests/deals -n0" narrows it
	@.venv/bin/python -m pytest $(ARGS)

check: .venv/.dev ## Lint, format, types, import contracts, migrations, Django's own checks
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-logo
	.venv/bin/python manage.py makemigrations --check --dry-run
	.venv/bin/python manage.py check --fail-level WARNING

fmt: .venv/.dev ## Mend and format the code
	.venv/bin/ruff check --fix-only .
	.venv/bin/ruff format .

static: static/vendor/.stamp ## Front-end files, by npm into the git-ignored static/vendor

messages: .venv/.dev ## Collect the sentences to translate (needs gettext) and compile the translations
	@command -v xgettext >/dev/null || { echo 'gettext is not installed: it provides xgettext'; exit 1; }
	@mkdir -p locale
	.venv/bin/python manage.py makemessages --all --no-location --ignore 'node_modules/*' --ignore '.venv/*' --ignore 'var/*'
	.venv/bin/pybabel -q compile --directory locale --domain django

lock: .venv/.dev ## Lock the dependencies anew, with hashes; UPGRADE=--upgrade takes the newest
	$(LOCK) $(UPGRADE) requirements.in --output-file requirements.txt
	$(LOCK) $(UPGRADE) requirements-dev.in --output-file requirements-dev.txt
	$(LOCK) $(UPGRADE) requirements-node.in --output-file requirements-node.txt

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo 'Python 3.11 or newer is needed and none was found; name one with PYTHON=/path/to/python3'; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo 'Python 3.11 or newer is needed; $(PYTHON) is' "$$($(PYTHON) --version 2>&1)"; exit 1; }
	@echo "Making .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

.venv/.runtime: requirements.txt | .venv/bin/python
	@echo 'Installing the locked dependencies'
	@$(PIP) -r requirements.txt
	@touch $@

.venv/.dev: requirements-dev.txt .venv/.runtime
	@echo 'Installing the locked development tools'
	@$(PIP) -r requirements.txt -r requirements-dev.txt
	@touch $@

node_modules/.stamp: package.json package-lock.json requirements-node.txt | .venv/bin/python
	@command -v npm >/dev/null || { echo 'npm is not installed: bringing Node from its wheel'; $(PIP) -r requirements-node.txt; }
	@echo 'Fetching the front-end files'
	@PATH="$$PATH:$(CURDIR)/.venv/bin" npm ci --no-audit --no-fund --ignore-scripts --loglevel=error
	@touch $@

static/vendor/.stamp: node_modules/.stamp static/copy_vendor.py static/icons.txt
	@.venv/bin/python static/copy_vendor.py
	@touch $@
