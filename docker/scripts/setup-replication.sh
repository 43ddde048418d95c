#!/usr/bin/env bash
# From nothing to a primary, its standbys and pgsluice on port 6432: makes docker/.env, the base images where
# they cannot be pulled, the images, and starts it all; then writes a row through 6432 and finds it on each
# standby. Options add to what docker/.env says already; containers whose settings change by that, which are all of them
# when a standby is added, are started anew with the data that they have.
#
# usage: docker/scripts/setup-replication.sh [--standbys 1|2|3] [--sync] [--tls] [--bench] [--monitoring] [--load]
#                                            [--file NAME]...
#        docker/scripts/setup-replication.sh --ha [--file NAME]...
#
# The options are those of docker/scripts/make-env.sh. Without any, an .env that is there is kept.
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh"
case ${1:-} in -h | --help) help ;; esac

need_engine
[ $# -eq 0 ] && [ -s .env ] || scripts/make-env.sh "$@"
./base-images.sh
# What compose and Docker have to say is of use when something is wrong.
quietly() { "$@" >"$log" 2>&1 || { cat "$log" >&2 && fail "that was: $*"; }; }
log=$(mktemp)
trap 'rm -f "$log"' EXIT
say "builds the images; the first time takes some minutes"
quietly compose build
say "starts $(nodes | paste -sd' ') and pgsluice"
quietly compose up --detach --remove-orphans

# After a failover any of them may be the primary.
has_primary() { [ "$(with_role primary | wc -l)" = 1 ]; }
wait_for 180 "one node is the primary" has_primary
primary=$(with_role primary)
for node in $(nodes); do
    [ "$node" = "$primary" ] || wait_for 180 "$node streams from $primary" streams_from "$primary" "$node"
done
wait_for 60 "pgsluice is healthy" is_healthy pgsluice
wait_for 60 "writes through port 6432 reach $primary" is_written_through "$primary"

# Through the proxy to the primary, from there to every standby.
key=$(date +%s%N)
sluice app "$(database)" "CREATE TABLE IF NOT EXISTS replication_check (key bigint PRIMARY KEY, at timestamptz DEFAULT now());
    INSERT INTO replication_check VALUES ($key); DELETE FROM replication_check WHERE at < now() - interval '1 day'" -q 2>/dev/null
has_row() { [ "$(docker exec "$(container "$1")" psql -XAtq -U postgres -d "$(database)" -c "SELECT count(*) FROM replication_check WHERE key = $key")" = 1 ]; }
for node in $(nodes); do
    wait_for 30 "the row written through pgsluice is on $node" has_row "$node"
done
echo "$primary is the primary; a row written through port $(value PGSLUICE_PORT | sed 's/^$/6432/') is on all of: $(nodes | paste -sd' ')"
