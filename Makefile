# Everything happens inside the clone: environments in .venv*, caches in .cache, data in var, releases in dist.

PYTHON ?= python3

DISTRIBUTIONS := generated/python clients/python clients/verify server
PROJECTS := $(DISTRIBUTIONS:%=%/pyproject.toml)
PROGRAMS := scripts/loaded scripts/pictures scripts/reference scripts/release
CODE := $(wildcard clients server tests benchmarks) $(PROGRAMS)
TYPED := $(wildcard clients/python/demo clients/*/unisono/* server/unisono/server tests benchmarks) $(PROGRAMS)

# An OpenID provider of somebody else, which runs on Node.js.
PROVIDER := tests/interop/oidc_provider
PROVIDER_PORT ?= 9000

# Clients of gRPC of others, each in its own language.
CLIENTS := tests/interop/clients

BIN := .venv/bin
PROTO_BIN := .venv-proto/bin
LOCK_BIN := .venv-lock/bin
INSTALL := -m pip install --quiet --require-hashes --requirement

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export XDG_CACHE_HOME := $(CURDIR)/.cache
export PIP_CACHE_DIR ?= $(CURDIR)/.cache/pip
# Tests start hundreds of processes, none of which is to compile everything anew.
unexport PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

.PHONY: help
help: ## show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# --- environments: each stamp is written last, so a step that fails is done again ---

.PHONY: setup
setup: .venv/.dev golang ## install what development needs, into .venv

# Tests start the example device; whoever compiles it is no test.
.PHONY: golang
golang:
	@scripts/golang build

.PHONY: tools
tools: .venv/.dev ## build programs of others that some tests use, into .cache/tools: h2spec, gRPC's interop client, Connect's conformance suite; needs Go; and what drives Chromium, which needs Node.js
	@scripts/golang tools
	@scripts/playwright

.venv/.made:
	@scripts/prerequisites $(PYTHON)
	@echo "setup: making .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv --clear .venv
	@touch $@

.venv/.run: .venv/.made requirements/run.txt $(PROJECTS)
	@echo "setup: installing the dependencies (requirements/run.txt)"
	@$(BIN)/python $(INSTALL) requirements/run.txt
	@echo "setup: installing $(DISTRIBUTIONS) in place"
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation $(DISTRIBUTIONS:%=-e %)
	@touch $@

.venv/.dev: .venv/.run requirements/dev.txt
	@echo "setup: installing the development tools (requirements/dev.txt)"
	@$(BIN)/python $(INSTALL) requirements/dev.txt
	@touch $@

.venv-proto/.made: requirements/proto.txt
	@scripts/prerequisites $(PYTHON)
	@echo "setup: installing the stub generator into .venv-proto (requirements/proto.txt)"
	@$(PYTHON) -m venv --clear .venv-proto
	@$(PROTO_BIN)/python $(INSTALL) requirements/proto.txt
	@touch $@

.venv-lock/.made: requirements/lock.txt
	@scripts/prerequisites $(PYTHON)
	@echo "setup: installing the lock writer into .venv-lock (requirements/lock.txt)"
	@$(PYTHON) -m venv --clear .venv-lock
	@$(LOCK_BIN)/python $(INSTALL) requirements/lock.txt
	@touch $@

# --- the contract and what is generated from it ---

.PHONY: proto
proto: .venv/.dev .venv-proto/.made ## regenerate the stubs in generated/ from proto/
	@scripts/generate generated/python
	@scripts/golang generate generated/go

REFERENCE = mkdir -p .cache && $(BIN)/buf build --output .cache/proto.binpb && $(BIN)/python scripts/reference .cache/proto.binpb

.PHONY: reference
reference: .venv/.dev ## renew docs/reference.md from the comments in proto/
	@$(REFERENCE) docs/reference.md

.PHONY: stubs
stubs: .venv/.dev ## make stubs for another language, with its own generators (LANGUAGE=go OUT=stubs/go); see docs/clients.md
	@scripts/stubs "$(LANGUAGE)" "$(or $(OUT),stubs/$(LANGUAGE))"

.PHONY: pictures
pictures: .venv/.dev ## take the pictures in docs/pictures anew, from the running thing; needs tmux and Chromium
	@PYTHONPATH=. $(BIN)/python scripts/pictures docs/pictures

.PHONY: proto-check
proto-check: .venv/.dev .venv-proto/.made ## check the stubs and the reference for drift, the proto for lint, format and breaking changes
	@echo "proto-check: the stubs"
	@rm -rf .cache/generated && mkdir -p .cache/generated
	@scripts/generate .cache/generated
	@diff -r --exclude=py.typed --exclude=__pycache__ generated/python/unisono .cache/generated/unisono \
		|| { echo "proto-check: the stubs differ from the proto; run make proto" >&2; exit 1; }
	@mkdir -p .cache/generated/go && cp -R generated/go/unisono .cache/generated/go
	@scripts/golang generate .cache/generated/go
	@diff -r generated/go .cache/generated/go \
		|| { echo "proto-check: the stubs for Go differ from the proto; run make proto" >&2; exit 1; }
	@echo "proto-check: the reference"
	@$(REFERENCE) .cache/reference.md
	@diff docs/reference.md .cache/reference.md \
		|| { echo "proto-check: docs/reference.md differs from the proto; run make reference" >&2; exit 1; }
	@echo "proto-check: lint, format, breaking changes"
	@$(BIN)/buf lint
	@$(BIN)/buf format --diff --exit-code
	@$(BIN)/buf breaking --against proto/released.binpb

.PHONY: proto-release
proto-release: .venv/.dev ## record the proto as released: later changes must not break it
	@$(BIN)/buf build --exclude-source-info --output proto/released.binpb

# --- checks ---

.PHONY: format
format: .venv/.dev ## format the code and the proto
	@$(BIN)/ruff check --fix-only --quiet $(CODE)
	@$(BIN)/ruff format $(CODE)
	@$(BIN)/buf format --write
	@scripts/golang format

.PHONY: lint
lint: .venv/.dev ## check style, format and the layers of the server
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/ruff format --check $(CODE)
	@$(BIN)/lint-imports
	@$(BIN)/hadolint deploy/container/Containerfile
	@scripts/golang check

.PHONY: types
types: .venv/.dev ## check the types, strictly
	@$(BIN)/mypy --scripts-are-modules $(TYPED)

# Tests wait for sockets, disks and each other for more than half of their time.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(2 * (os.cpu_count() or 1) + 1)')

# Each worker begins with a part of the tests, and takes of another's when it is through.
PYTEST := -m pytest --numprocesses $(WORKERS) --dist worksteal --ignore $(PROVIDER) --ignore $(CLIENTS)

# Servers that are broken on purpose, and the judge of what is recorded, would show little, and take long.
UNCOVERED := tests/guarantees/torture tests/guarantees/mutants tests/guarantees/stateful

# Whatever takes long to try: histories, and what is broken on purpose.
THOROUGH := tests/guarantees/mutants tests/guarantees/stateful tests/guarantees/test_position_rules.py \
	tests/guarantees/test_vectors.py tests/sdk/test_inbox_rules.py

ALL_TESTS := $(BIN)/python $(PYTEST) -m "not thorough"

# Whatever fails, all of it is run and reported.
define COVERED_TESTS
$(BIN)/coverage erase; status=0; \
$(BIN)/coverage run $(PYTEST) -m "not thorough" $(UNCOVERED:%=--ignore %) || status=$$?; \
$(BIN)/coverage combine --quiet && $(BIN)/coverage report || status=$$?; \
$(ALL_TESTS) $(UNCOVERED) || status=$$?; \
exit $$status
endef

# The doors of the web, and what does not come in by a channel, or measures what others do, too.
DOORS := connect json grpc-web
NOT_ON_DOORS := $(addprefix tests/api/test_,door.py encoded_by_hand.py gone_clients.py \
	limits_of_lists.py reflection.py splitting.py tarpit.py what_http_adds.py)

# These wait for little: more workers than cores would only import everything more often. Whatever fails, all
# doors are tried and reported.
define DOOR_TESTS
status=0; \
for door in $(DOORS); do \
	DOOR=$$door $(BIN)/python $(PYTEST) --numprocesses auto tests/api $(NOT_ON_DOORS:%=--ignore %) || status=$$?; \
done; \
exit $$status
endef

.PHONY: test
test: .venv/.dev golang test-doors ## run all tests
	@$(if $(COVERAGE),$(COVERED_TESTS),$(ALL_TESTS))

.PHONY: test-doors
test-doors: .venv/.dev ## run the tests of the API over the web: Connect, its JSON, and gRPC-Web
	@$(DOOR_TESTS)

# What names a connection, a stream or a call; not what tries out files, keys and commands beside a server.
ON_HTTP := tests/api tests/client tests/e2e
NOT_ON_HTTP := $(addprefix tests/e2e/test_,audit_file.py backup.py demo.py full_disk.py issuers.py tokens_command.py)

.PHONY: test-http
test-http: .venv/.dev ## run what the transport can change on our own, http
	@TRANSPORT=http $(BIN)/python $(PYTEST) -m "not thorough" $(ON_HTTP) $(NOT_ON_HTTP:%=--ignore %)

# Of the rest, what is marked: whole fleets behind proxies, and what is tried often elsewhere.
.PHONY: test-thorough
test-thorough: .venv/.dev golang ## run the tests that take long, but those of make mutants: 2,000 devices behind nginx, forks, sleeping laptops
	@$(BIN)/python $(PYTEST) -m thorough $(THOROUGH:%=--ignore %)

.PHONY: coverage
coverage: COVERAGE := yes
coverage: test ## run all tests and show which lines of client, server and judge they miss

.PHONY: vectors
vectors: .venv/.dev ## write tests/vectors anew, which every SDK replays
	@$(BIN)/python -m tests.guarantees.vectors write

.PHONY: test-loaded
test-loaded: .venv/.dev ## run all tests three times on a machine that has no time for them
	@scripts/loaded $(MAKE) --no-print-directory test

.PHONY: mutants
mutants: .venv/.dev golang ## break the promises of a server, and the rules of a device, one by one, and see each caught
	@$(BIN)/python $(PYTEST) --hypothesis-profile long $(THOROUGH)

.PHONY: interop
interop: tools $(PROVIDER)/node_modules/.package-lock.json ## try the server beside an OpenID provider, by Connect's conformance suite and with clients of others (ONLY="go tonic" TRANSPORT=grpcio); needs Node.js
	@$(if $(ONLY),,$(BIN)/python -m pytest $(PROVIDER) tests/conformance)
	@ONLY="$(ONLY)" scripts/interop
	@ONLY="$(ONLY)" $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal $(CLIENTS)

.PHONY: interop-report
interop-report: .venv/.dev ## renew docs/interop.md from what make interop found
	@$(BIN)/python -m tests.interop.clients.report

$(PROVIDER)/node_modules/.package-lock.json: $(PROVIDER)/package-lock.json
	@command -v npm >/dev/null \
		|| { echo "interop: needs Node.js 20 or later with npm; on Debian and Ubuntu: sudo apt-get install -y nodejs npm" >&2; exit 1; }
	@echo "interop: installing oidc-provider ($<)"
	@npm ci --prefix $(PROVIDER) --cache $(CURDIR)/.cache/npm --ignore-scripts --no-audit --no-fund --no-update-notifier
	@touch $@

.PHONY: torture
torture: .venv/.dev golang ## give a real server bad days, and judge what its clients recorded (ONLY="killed disk" SEED= ROUNDS= TIMES=)
	@GRPC_VERBOSITY=NONE $(BIN)/python -m tests.guarantees.torture $(if $(ONLY),--only $(ONLY)) $(SEED:%=--seed %) $(ROUNDS:%=--rounds %) $(TIMES:%=--times %)

# --- what it costs ---

BENCH := $(BIN)/python -m benchmarks
CHOSEN = $(ONLY:%=--only %) $(ROUNDS:%=--rounds %) $(METRICS:yes=--metrics)

# The first time takes minutes: it has more than a hundred dependencies.
.PHONY: peers
peers: ## build Centrifugo, which make bench measures beside ours, into .cache/tools; needs Go
	@scripts/golang peers

.PHONY: bench
bench: .venv/.dev peers ## measure what the service costs, on each transport, beside floors and peers: about half an hour (ONLY="sending live" ROUNDS= METRICS=yes)
	@$(BENCH) run $(CHOSEN)

.PHONY: bench-quick
bench-quick: .venv/.dev ## try out all that make bench does, in about two minutes; keeps nothing in docs/ (ONLY= ROUNDS= METRICS=)
	@$(BENCH) run --scale quick --out .cache/benchmarks/quick.json $(CHOSEN)

.PHONY: bench-growth
bench-growth: .venv/.dev ## measure how costs grow with what is stored and who listens (ONLY= ROUNDS= METRICS=)
	@$(BENCH) run --growth $(CHOSEN)

.PHONY: bench-check
bench-check: .venv/.dev ## measure again, and name what got worse than the committed result (ONLY= ROUNDS=), or gets so with METRICS=yes
	@$(BENCH) check $(CHOSEN)

.PHONY: bench-report
bench-report: .venv/.dev ## make docs/performance.md and its pictures of docs/performance/result.json
	@$(BENCH) report

.PHONY: ci
ci: COVERAGE := yes
ci: setup tools proto-check lint types test test-http demo ## do all that the project's CI does

# --- running ---

.PHONY: demo
demo: .venv/.run ## show three devices of one person staying in unison
	@$(BIN)/python clients/python/demo

.PHONY: serve
serve: .venv/.run ## serve on 127.0.0.1:50051 for trying things out, and say how; data in var/
	@scripts/serve 127.0.0.1:50051

.PHONY: provider
provider: $(PROVIDER)/node_modules/.package-lock.json ## an OpenID provider on 127.0.0.1:9000 for trying things out, with tokens like those of Keycloak; needs Node.js
	@node $(PROVIDER)/server.mjs --port $(PROVIDER_PORT) --shape keycloak

# --- upkeep ---

.PHONY: release
release: .venv/.dev ## build wheels, sdists and what an operator needs of this commit into dist/, and check them; publishes nothing
	@$(BIN)/python scripts/release

COMPILE = $(LOCK_BIN)/uv pip compile --quiet --no-config --system-certs --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command 'make lock' --no-emit-package unisono-proto --no-emit-package unisono-client $(UPGRADE)

.PHONY: lock
lock: .venv-lock/.made ## renew requirements/*.txt (UPGRADE=--upgrade takes newer versions)
	@$(COMPILE) $(PROJECTS) requirements/run.in --output-file requirements/run.txt
	@$(COMPILE) server/pyproject.toml --constraints requirements/run.txt --output-file requirements/server.txt
	@$(COMPILE) requirements/run.txt requirements/dev.in --constraints requirements/run.txt --output-file requirements/dev.txt
	@$(COMPILE) server/pyproject.toml --extra otel --constraints requirements/dev.txt --output-file requirements/server-otel.txt
	@$(COMPILE) requirements/proto.in --output-file requirements/proto.txt
	@$(COMPILE) requirements/lowest.in --output-file requirements/lowest.txt
	@$(COMPILE) requirements/lock.in --output-file requirements/lock.txt

.PHONY: clean
clean: ## remove environments, caches and builds, but not var/
	rm -rf .venv .venv-proto .venv-lock .cache dist .coverage .coverage.* .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find benchmarks clients generated server tests -name __pycache__ -type d -prune -exec rm -rf {} +
