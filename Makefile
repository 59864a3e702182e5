# Roamwatt. `make` lists what there is to do.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime-installed
DEVELOPMENT := $(VENV)/.development-installed
INDEPENDENT := $(VENV)/.independent-installed
# The length of the long fault run.
MINUTES ?= 20

.DEFAULT_GOAL := help
.PHONY: help demo up down clean doctor test check faults bench lock generate
# Set-up must not run twice at once.
.NOTPARALLEL:

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(RUNTIME) ## One driver roams, end to end, each step shown with its time
	@$(BIN)/roamwatt demo

up: $(RUNTIME) ## Start the platform and stay; prints what a partner needs; Ctrl-C stops it
	@$(BIN)/roamwatt up

down: $(RUNTIME) ## Stop the platform of this checkout
	@$(BIN)/roamwatt down

clean: $(RUNTIME) ## Stop it and forget its data
	@$(BIN)/roamwatt clean --yes

doctor: $(RUNTIME) ## Say what is wrong with this machine or the running platform
	@$(BIN)/roamwatt doctor

test: check $(INDEPENDENT) ## All checks and all tests, on the real Kafka and PostgreSQL
	@$(BIN)/pytest --numprocesses 2

check: $(DEVELOPMENT) ## Style, types, architecture and schemas; quick
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy services schemas tests
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m schemas.check
	$(BIN)/python -m schemas.generate --check

faults: $(DEVELOPMENT) ## The long fault run: MINUTES=20 of kills, outages and restores
	@$(BIN)/python -m tests.faults --minutes $(MINUTES)

bench: $(DEVELOPMENT) ## Measure; prints a table and writes build/bench.json
	@$(BIN)/python -m tests.bench

generate: $(DEVELOPMENT) ## Write the models of the schemas anew
	$(BIN)/python -m schemas.generate

# --- set-up -----------------------------------------------------------------------------------------------------------

not_installed = echo "The packages could not be installed (the reason is above). Without a way to pypi.org: name a mirror in PIP_INDEX_URL, and a proxy in HTTPS_PROXY; then the same command again."; exit 1

# uv installs the locks in a third of pip's time, and pip does where uv cannot (a mirror that only pip is told of).
define install
	@echo "Installing $(1) into $(2) (hashes are checked)."
	@$(BIN)/uv pip install --quiet --python $(2)/bin/python --compile-bytecode --require-hashes -r $(1) \
		|| $(BIN)/python -m pip --python $(2)/bin/python install --quiet --disable-pip-version-check --require-hashes -r $(1) \
		|| { $(not_installed); }
endef

define install_product
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
endef

$(BIN)/uv: tools.lock
	@test -n "$(PYTHON)" || { echo "There is no python3. Roamwatt needs Python 3.11 or newer (Debian: apt-get install python3 python3-venv)."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Roamwatt needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Name another one: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments: a package is missing (Debian: apt-get install python3.11-venv, or python3-venv)."; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tools.lock || { $(not_installed); }
	@touch $@

$(RUNTIME): $(BIN)/uv demo.lock pyproject.toml
	$(call install,demo.lock,$(VENV))
	$(call install_product)
	@touch $@

$(DEVELOPMENT): $(BIN)/uv dev.lock pyproject.toml
	$(call install,dev.lock,$(VENV))
	$(call install_product)
	@touch $@ $(RUNTIME)

# A partner system that others wrote, for the tests; what it needs does not go together with what the platform needs.
$(INDEPENDENT): $(BIN)/uv independent.lock
	@$(PYTHON) -m venv --without-pip $(VENV)/independent
	$(call install,independent.lock,$(VENV)/independent)
	@touch $@

# Versions of what is there already stay; to renew them, remove the lock first. Locks name no package index.
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links

lock: $(DEVELOPMENT) ## Resolve the dependencies anew into the lock files, and Kafka's jars into theirs
	$(COMPILE) --group uv -o tools.lock
	$(COMPILE) --group independent -o independent.lock
	$(COMPILE) pyproject.toml --extra embedded --extra demo --extra report --group build --group dev -o dev.lock
	$(COMPILE) pyproject.toml --extra embedded --extra demo --extra report --group build --constraints dev.lock -o demo.lock
	$(BIN)/python -m services.runtime.embedded.jars
