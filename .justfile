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

# The laws of the resolver on a whole data set (dev_8k, where it lies beside the project).
laws:
    cargo run --release --quiet --package yibiao-benches --bin laws

# Accuracy against the truth of the data sets beside the project; writes the table in benches/README.md.
accuracy:
    cargo run --release --quiet --package yibiao-benches --bin accuracy

# The crash rounds: the node and its broker are killed at named points and at random; writes benches/gold.md.
gold rounds="100":
    GOLD_ROUNDS={{rounds}} GOLD_REPORT={{justfile_directory()}}/benches/gold.md cargo test --package yibiao --test bus -- gold

# The bus, measured: Kafka in and out beside Kafka Connect and a bare loop; HTTP push by wrk; webhooks beside some that hang.
bus:
    cargo build --release --quiet --package yibiao --package yibiao-benches
    target/release/bus target/release/yibiao
    bash benches/push.sh target/release/yibiao
    target/release/hanging target/release/yibiao
