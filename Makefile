# `make` lists what can be done. PYTHON names another interpreter, PORT another port: make demo PORT=8001
PORT ?= 8000
PYTHON ?=
FUZZ_SECONDS ?= 60
PROMPTFOO := 0.121.20
BIN := .venv/bin
MANAGE := $(BIN)/python manage.py
PIP := $(BIN)/python -m pip install --quiet --no-input --disable-pip-version-check

NPM := npm install --prefix .venv/promptfoo --omit=optional --ignore-scripts --no-audit --no-fund --loglevel=error

# `check` looks at the code, not at this machine's data, and at the settings of a deployment behind a proxy.
CHECK_DATA := $(CURDIR)/.venv/check-data
DEPLOYED := LOOPKIT_PUBLIC_URL=https://loopkit.example.com LOOPKIT_TRUSTED_PROXIES=1

export PORT
# Where it is set, each of the many processes that the tests start would compile the product again.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help demo run test check measure bench bench-diagnose bench-texts patterns quality faults evals thorough audit fuzz format browser clean
.DEFAULT_GOAL := help

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 16

demo: .venv/run.stamp ## serve with a demo project: recorded telemetry in, a packet out; FRESH=1 starts a new project
	@exec $(MANAGE) demo $(if $(FRESH),--fresh)

run: .venv/run.stamp ## serve on 127.0.0.1:8000 (PORT=... changes it)
	@exec $(MANAGE) serve

test: .venv/dev.stamp browser ## install what the tests need, then check
	@$(MAKE) --no-print-directory check

check: export LOOPKIT_DATA_DIR = $(CHECK_DATA)
check: .venv/dev.stamp ## format, lint, layers, types, settings, migrations, API schema, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy
	$(MANAGE) check --fail-level WARNING
	$(DEPLOYED) $(MANAGE) check --deploy --fail-level WARNING
	$(MANAGE) makemigrations --check --dry-run
	$(MANAGE) spectacular --validate --fail-on-warn > /dev/null
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

measure: .venv/run.stamp ## the code in figures: files, folders, functions, names that are not unique
	@$(BIN)/python -m benchmarks.layout

bench: .venv/run.stamp ## how fast spans are stored, and how far the goals are; ARGS="--case one_span" for a part
	@$(BIN)/python -m benchmarks.ingest $(ARGS)

bench-diagnose: .venv/run.stamp ## how fast windows are diagnosed and read; FOLDER keeps the stores, which take long to fill
	@$(BIN)/python -m benchmarks.diagnose --folder $(or $(FOLDER),.venv/diagnose-stores) $(ARGS)

bench-texts: .venv/run.stamp ## how long hostile texts take, in every pattern and in every place of a span
	@$(BIN)/python -m benchmarks.adversarial_texts $(ARGS)

patterns: export LOOPKIT_DATA_DIR = $(CHECK_DATA)
patterns: .venv/dev.stamp ## count the steps of every regular expression anew, and note in tests/fixtures that they are linear
	@$(BIN)/python -m tests.security.costs.counted_patterns

quality: .venv/run.stamp ## how good grouping, attribution and hints are: DATA=folder of labelled sets, HALF=dev, ARGS="--set load"
	@$(BIN)/python -m benchmarks.quality --data $(DATA) --half $(or $(HALF),dev) $(ARGS)
	@$(if $(ARGS),,$(BIN)/python -m benchmarks.verify_quality --data $(DATA) --half $(or $(HALF),dev))

faults: .venv/dev.stamp ## kill the server, fill and break its disks, and count afterwards; minutes, best as root
	$(BIN)/pytest tests -m faults -p no:randomly --tb=short --durations=0

evals: .venv/dev.stamp .venv/promptfoo-$(PROMPTFOO).stamp ## run exports of hostile telemetry in the programs they are for; needs node and npm
	$(BIN)/pytest tests -m evals -p no:randomly --tb=short --durations=0

thorough: .venv/dev.stamp ## run whole what the tests run a sample of: more seeds of generated programs, every value everywhere; minutes
	$(BIN)/pytest tests -m thorough -n 2 --tb=short

audit: .venv/dev.stamp .venv/audit.stamp ## look installed packages up in the PyPI advisory database; needs its API
	@sed -n 's/.*Checked on \([0-9-]*\).*/requirements-floors.txt was checked on \1/p' requirements-floors.txt
	@$(BIN)/python -m pip freeze --exclude-editable > .venv/installed.txt
	.venv/audit/bin/pip-audit --strict --no-deps --disable-pip --progress-spinner off -r .venv/installed.txt \
		|| { echo "Raise requirements-floors.txt; where the database cannot be reached, compare it with release notes."; exit 1; }

fuzz: .venv/fuzz.stamp ## look for bodies that break the decoders, FUZZ_SECONDS=60 for each; tests run again what it finds
	@for target in json protobuf compressed json_logs protobuf_logs; do \
		echo "Fuzzing $$target for $(FUZZ_SECONDS) s"; \
		log=.venv/fuzz-$$target.log; \
		nice $(BIN)/python -m tests.fuzz.run $$target -max_total_time=$(FUZZ_SECONDS) \
			-artifact_prefix=tests/fixtures/fuzz/$$target- > $$log 2>&1 || { tail -n 40 $$log; exit 1; }; \
		grep -E "^Done|slowest|peak_rss" $$log; \
	done

format: .venv/dev.stamp ## rewrite the code in the project's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

browser: ## make sure that the page tests have a Chromium
	@if command -v chromium > /dev/null; then \
		:; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
		echo "Installing chromium for the page tests"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
			apt-get install -y -qq --no-install-recommends chromium < /dev/null; \
	else \
		echo "The page tests need 'chromium' on the PATH: install it, then run make again."; \
		exit 1; \
	fi

clean: ## delete the virtual environment and caches; the data dir stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/bin/python:
	@for python in $(PYTHON) python3.11 python3.12 python3.13 python3.14 python3; do \
		$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null || continue; \
		echo "Making .venv with $$python"; \
		$$python -m venv .venv && exit 0; \
		rm -rf .venv; \
		echo "$$python cannot make a virtual environment; on Debian: apt-get install python3-venv"; \
		exit 1; \
	done; \
	echo "LoopKit needs Python 3.11 or newer. Install it, or name it: make demo PYTHON=/path/to/python3"; \
	exit 1

.venv/run.stamp: requirements.txt requirements-floors.txt | .venv/bin/python
	@echo "Installing requirements.txt"
	@$(PIP) -r requirements.txt
	@touch $@

.venv/dev.stamp: requirements.txt requirements-floors.txt requirements-dev.txt | .venv/bin/python
	@echo "Installing requirements-dev.txt"
	@$(PIP) -r requirements-dev.txt
	@touch .venv/run.stamp $@

.venv/fuzz.stamp: requirements-fuzz.txt .venv/dev.stamp
	@echo "Installing requirements-fuzz.txt"
	@$(PIP) -r requirements-fuzz.txt
	@touch $@

# Apart, so that what it needs changes nothing of what it looks up.
.venv/audit.stamp: | .venv/bin/python
	@echo "Installing pip-audit"
	@$(BIN)/python -m venv .venv/audit
	@.venv/audit/bin/python -m pip install --quiet --no-input --disable-pip-version-check "pip-audit>=2.10,<3"
	@touch $@

# Without its optional packages, which are 1.6 GB, but for the one driver of its database that it needs.
.venv/promptfoo-$(PROMPTFOO).stamp: | .venv/bin/python
	@command -v npm > /dev/null || { echo "make evals needs node 20.20 or newer, and npm, on the PATH."; exit 1; }
	@echo "Installing promptfoo $(PROMPTFOO)"
	@rm -rf .venv/promptfoo && mkdir -p .venv/promptfoo
	@$(NPM) promptfoo@$(PROMPTFOO)
	@$(NPM) $$(cd .venv/promptfoo && node -p '"@libsql/" + process.platform + "-" + process.arch + \
		({linux: "-gnu", win32: "-msvc"}[process.platform] || "") + "@" + require("./node_modules/libsql/package.json").version')
	@touch $@
