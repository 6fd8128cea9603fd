# Recipes for daily work. `just` alone lists them.

default:
    @just --list

# Everything that the gate runs.
ci:
    bash tests/run.sh

# The fast part, before each commit.
quick:
    cargo fmt --all --check
    cargo clippy --quiet --workspace --all-targets -- -D warnings
