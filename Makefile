# What people do with this tree. Each target sees to its own set-up; `make help` lists them.

.DEFAULT_GOAL := help
.PHONY: help demo test soak drill mutations docker-test check bench bench-steady docs setup clean
SHELL := bash
SCRIPTS := .ci/run tools/setup tools/mutations $(wildcard docker/*.sh docker/tests/*.sh docker/scripts/*.sh docker/pgsluice/is-ready \
	docker/pgsluice/entrypoint docker/postgres/bin/* docker/postgres/lib/* docker/patroni/bin/* docker/load/*.sh)

## help: this list
help:
	@sed -n 's/^## /  make /p' $(MAKEFILE_LIST)

## demo: the proxy over a throwaway primary and two replicas, under load; ARGS="--seconds 30", "--keep"
demo:
	@tools/setup demo
	@cargo build --locked --release --bin pgsluice
	@exec target/release/pgsluice demo $(ARGS)

## test: all tests, with real PostgreSQL nodes and real clients
test:
	@tools/setup test
	@if cargo nextest --version >/dev/null 2>&1; then \
		cargo nextest run --locked --workspace $(ARGS); \
	else \
		cargo test --locked --workspace $(ARGS); \
	fi

## soak: sessions against lagging, dying and promoted replicas; SECONDS=600 SEED=1
soak:
	@tools/setup test
	@SOAK_SECONDS=$(or $(SECONDS),600) $(if $(SEED),SEED=$(SEED)) \
		cargo test --locked --test causality -- --nocapture no_read_shows_less_than_its_level_owes

## drill: failovers under load: kills, freezes, splits, partitions, each ROUNDS=5 times; SEED=1
drill:
	@tools/setup test
	@for round in $$(seq $(or $(ROUNDS),5)); do \
		$(if $(SEED),SEED=$(SEED)) cargo test --locked --quiet --test failover -- \
			--nocapture --test-threads 1 $(ARGS) || exit 1; \
	done

## mutations: the proxy built wrong in one way after the other: a checker has to notice
mutations:
	@tools/setup test
	@tools/mutations $(ARGS)

## docker-test: the clusters of docker/, brought up, used, drilled and taken down; ARGS="sync tls" for some of them
docker-test:
	@tools/setup docker
	@docker/test.sh $(ARGS)

## check: format, lints, docs, and the shape of the tree
check:
	@tools/setup test
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps
	cargo test --locked --quiet --test tidy --test docs
	shellcheck --severity=warning --external-sources --source-path=SCRIPTDIR $(SCRIPTS)

## bench: against PgBouncer and a direct connection, in one run; QUICK=1 is the short one
bench:
	@tools/setup bench
	@cargo build --locked --release --bin pgsluice
	cargo bench --locked --bench load -- $(if $(QUICK),--quick) $(ARGS)

## bench-steady: 300 transactions a second, nine of ten reads, through the proxy and past it; SECONDS=300
bench-steady:
	@tools/setup test
	@cargo build --locked --release --bin pgsluice
	@STEADY_SECONDS=$(or $(SECONDS),300) PGSLUICE_BINARY=$(CURDIR)/target/release/pgsluice \
		cargo test --locked --test steady -- --nocapture a_steady_load

## setup: installs what is missing for all of these
setup:
	@tools/setup test
	@tools/setup bench

## clean: removes what was built
clean:
	rm -rf target .venv
