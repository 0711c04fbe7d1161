# Thin: each target is a line or two over cargo. `make run` and `make test` are all a
# newcomer needs; both install what the build needs first, and say so.

CARGO ?= cargo
TARGET := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)

# Examples in Rust stand alone: each is a workspace of its own.
EXAMPLES := $(patsubst %/Cargo.toml,%,$(shell grep -lx '\[workspace\]' examples/*/Cargo.toml))
IN_EACH_EXAMPLE = for example in $(EXAMPLES); do echo "== $$example"; (cd $$example && $(1)) || exit 1; done

.PHONY: run test build release check lint doc audit setup toolchains clients bench clean

run: setup ## serve the demo: three endpoints inside one process
	$(CARGO) run --bin tidegate -- demo

test: setup toolchains clients ## everything: units, properties, the sandbox, the real binary over real sockets
	$(CARGO) test --workspace --no-run
	$(CARGO) build --workspace --bins
	TIDEGATE_BIN=$(TARGET)/debug/tidegate $(CARGO) test --workspace
	$(call IN_EACH_EXAMPLE,$(CARGO) test --target-dir $(TARGET)/examples)

build: setup
	$(CARGO) build --bin tidegate

release: setup ## the binary to deploy: target/release/tidegate
	$(CARGO) build --release --bin tidegate

lint: setup
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	$(call IN_EACH_EXAMPLE,$(CARGO) fmt --all --check && $(CARGO) clippy --target-dir $(TARGET)/examples --all-targets -- -D warnings)

doc: setup
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --quiet

audit: ## licences, sources, bans and known faults of every dependency, in every lock file
	@sh tests/audit.sh

bench: setup ## see tests/bench/README.md
	$(CARGO) run --release --bin tidegate-bench

setup:
	@sh tests/setup.sh

toolchains: ## the compilers of other languages, for the tests of `tidegate plugin build`
	@sh tests/toolchains.sh

clients: ## curl, a browser, and gRPC and WebSocket for Python, for the tests of protocols
	@sh tests/clients.sh

clean:
	$(CARGO) clean
