#!/usr/bin/env bash
# Pushes rows over HTTP with wrk, one and a hundred a request, into a durable node: requests a second, latency, CPU.
# Usage: benches/push.sh NODE [SECONDS [CONNECTIONS]]; NODE is the program `yibiao`. wrk: `apt-get install wrk`.
set -euo pipefail
node=$(realpath "${1:?name the program yibiao}") seconds=${2:-20} connections=${3:-16}
here=$(cd "$(dirname "$0")" && pwd)
command -v wrk >/dev/null || { echo "wrk is missing: apt-get install wrk" >&2; exit 1; }
work=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill -9 "$pid"; rm -rf "$work"' EXIT
export YIBIAO_TOKEN=a-token-of-the-benchmark
for batch in 1 100; do
    listen=127.0.0.1:$((20000 + RANDOM % 20000))
    cat > "$work/yibiao.yaml" <<END
node: { data: "store-$batch", listen: "$listen" }
policy: $here/../schemas/policy/bus.yaml
sources: [ { system: MZ, http: {} } ]
http: { tokens: [ { env: YIBIAO_TOKEN, push: [MZ] } ] }
END
    "$node" run -c "$work/yibiao.yaml" >/dev/null 2>"$work/log" &
    pid=$!
    until curl -fs "http://$listen/readyz" >/dev/null; do kill -0 "$pid"; sleep 0.1; done
    echo "== $batch rows a request, $connections connections, $seconds s"
    BATCH=$batch wrk -t2 -c"$connections" -d"${seconds}s" --latency -s "$here/push.lua" "http://$listen/v1/submissions/MZ"
    awk '{ printf "%.1f CPU-s\n", ($14 + $15) / 100 }' "/proc/$pid/stat"
    curl -fs "http://$listen/metrics" | grep '^yibiao_ingest_rows_total'
    kill "$pid"
    wait "$pid" || true
    pid=
done
