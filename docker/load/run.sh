#!/usr/bin/env bash
# A steady load for docker/compose.yml, profile `load`: pgbench at a fixed rate, nine of ten
# transactions of which read.
#
# From the environment: PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE as for all of PostgreSQL's
# programs; RATE (300 a second), CLIENTS (20), SCALE (10: 100,000 accounts each), SECONDS_ALL (0:
# until it is stopped).
set -euo pipefail

readonly rate=${RATE:-300} clients=${CLIENTS:-20} scale=${SCALE:-10} seconds=${SECONDS_ALL:-0}

say() { printf 'load: %s\n' "$*"; }

case ${1:-} in
-h | --help) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" && exit 0 ;;
esac

until psql -XAtqc 'select 1' >/dev/null 2>&1; do
    say "waiting for ${PGHOST:-the server}"
    sleep 1
done
if [ "$(psql -XAtqc "select to_regclass('pgbench_history') is not null")" != t ]; then
    say "making pgbench's tables, scale $scale"
    pgbench --initialize --quiet --scale="$scale"
fi
trap 'exit 0' TERM INT
say "$rate transactions a second by $clients clients"
# In pieces, so that a failure of all clients at once ends none of it.
began=$SECONDS
while [ "$seconds" -eq 0 ] || [ $((SECONDS - began)) -lt "$seconds" ]; do
    piece=60
    [ "$seconds" -eq 0 ] || [ $((seconds - SECONDS + began)) -ge "$piece" ] || piece=$((seconds - SECONDS + began))
    pgbench --no-vacuum --protocol=prepared --rate="$rate" --client="$clients" --jobs=2 \
        --time="$piece" --progress=10 --builtin=select-only@9 --builtin=simple-update@1 &
    wait $! || sleep 1
done
