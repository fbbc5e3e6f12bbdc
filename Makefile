# Every target does its own set-up; the second time that takes a moment.
PYTHON_PACKAGES := api service device_drivers evidence_store integrity
BIN := .venv/bin
DATA ?= data/demo
PORT ?= 8000

.DEFAULT_GOAL := help
.PHONY: help setup run test check bench test-nightly fuzz lock assets

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

setup: ## Make .venv from the hashed locks and fetch what the pages load
	@tools/set_up.sh run

assets: setup ## Fetch what the pages load (part of setup)

run: setup ## Run the demonstration at http://127.0.0.1:8000 (PORT=, DATA=)
	@exec $(BIN)/bodycam up --data $(DATA) --port $(PORT) --demo

test: ## Check, then run every test but the nightly ones
	@tools/set_up.sh test
	@tools/debian_packages.sh
	@$(MAKE) --no-print-directory check
	@tools/run_tests.sh "not nightly"

check: ## Format, lint, types, imports
	@tools/set_up.sh test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(PYTHON_PACKAGES)
	$(BIN)/lint-imports

test-nightly: ## Long loops, and fuzzing
	@tools/set_up.sh test
	@tools/debian_packages.sh
	@tools/run_tests.sh nightly --timeout 3600
	@$(MAKE) --no-print-directory fuzz

fuzz: ## Fuzz the parsers, 20 s each (ARGS="--seconds 60 NAME ...")
	@tools/set_up.sh test
	@tools/fuzz.sh $(ARGS)

bench: ## Docking against rclone and openssl: ratios of wall time and CPU seconds
	@tools/set_up.sh test
	$(BIN)/python -m tests.bench.docking $(ARGS)

lock: ## Write the hashed locks anew
	@tools/make_locks.sh
