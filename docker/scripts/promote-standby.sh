#!/usr/bin/env bash
# Makes a standby the primary.
#
# usage: docker/scripts/promote-standby.sh [NODE] [--switchover]
#
#   NODE          which standby; without it the one that has received most
#   --switchover  although there is a primary: pgsluice lets running transactions end and holds the next, the
#                 primary is stopped, which sends all it has to the standbys, and in the end started again as
#                 a standby. No write is lost, no client sees an error
#
# Without --switchover it refuses while a primary answers. A node that is the primary already is left alone.
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh"

node='' switchover=''
while [ $# -gt 0 ]; do
    case $1 in
    --switchover) switchover=1 ;;
    -h | --help) help ;;
    -*) help 2 >&2 ;;
    *) node=$1 ;;
    esac
    shift
done
need_engine
need_env

received() { sql "$1" "SELECT coalesce(greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()), '0/0') - '0/0'::pg_lsn"; }

# The standby that lacks least.
foremost() {
    local each
    for each in $(with_role standby); do
        echo "$(received "$each") $each"
    done | sort -k1,1nr -k2,2 | head -n 1 | cut -d' ' -f2
}

resume() { sluice admin pgsluice RESUME -q; }
is_seen() { sluice admin pgsluice "SHOW NODES" -Atq -F' ' | grep -Eq "^[^ ]+ $1:5432 primary up "; }

primary=$(with_role primary)
[ -n "$node" ] || node=$(foremost)
[ -n "$node" ] || fail "no standby answers"
nodes | grep -qx "$node" || fail "$node is none of: $(nodes | paste -sd' ')"
if [ "$node" = "$primary" ]; then
    echo "$node is the primary already"
    exit 0
fi
[ "$(role "$node")" = standby ] || fail "$node does not answer"
if [ -n "$primary" ]; then
    [ -n "$switchover" ] || fail "$primary is the primary and answers; --switchover puts $node in its place"
    streams_from "$primary" "$node" || fail "$node does not stream from $primary"
    # Nothing is under way when the primary stops, so that no client is told of it; what comes meanwhile waits.
    trap resume EXIT
    sluice admin pgsluice PAUSE -q || fail "pgsluice could not be paused; SHOW SERVERS in its console says who is at work"
    docker stop --time 60 "$(container "$primary")" >/dev/null
    say "stopped $primary"
fi
# What it has received is replayed before it is promoted; a switchover has received all.
[ "$(sql "$node" "SELECT pg_promote(true, 60)")" = t ] || fail "$node was not promoted within 60 s"
is_primary() { [ "$(role "$1")" = primary ]; }
wait_for 60 "$node is the primary" is_primary "$node"
if [ -n "$primary" ]; then
    wait_for 60 "pgsluice takes $node for the primary" is_seen "$node"
    resume
    trap - EXIT
fi
if [ -n "$primary" ]; then
    docker start "$(container "$primary")" >/dev/null
    wait_for 120 "$primary streams from $node" streams_from "$node" "$primary"
    say "$primary is a standby now"
fi
wait_for 60 "writes through pgsluice reach $node" is_written_through "$node"
echo "$node is the primary, on timeline $(sql "$node" "SELECT timeline FROM monitoring.wal_status")"
