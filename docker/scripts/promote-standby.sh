#!/usr/bin/env bash
# Makes a standby the primary.
#
# usage: docker/scripts/promote-standby.sh [NODE] [--switchover]
#
#   NODE          which standby; without it the one that has received most of the newest timeline
#   --switchover  although there is a primary: pgsluice lets running transactions end and holds the next, the
#                 primary is stopped, which sends all it has to the standbys, and in the end started again as
#                 a standby. No write is lost, no client sees an error. If the standby lacks something of what the
#                 primary had, or is not promoted in time, the primary goes on
#
# Without --switchover it refuses while a primary answers. A node that is the primary already is left alone. Nodes
# that do not answer are marked: with the data they have, they do not become the primary again. Under Patroni it
# refuses: who leads is Patroni's to say.
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
! is_under_patroni || fail "Patroni promotes by itself; to choose, in a node: patronictl -c /etc/patroni/node.yml switchover (or failover)"
readonly FOLDER=/var/lib/postgresql/17

# The newest timeline that a standby has WAL of, and how far it has received that. Positions compare within one
# timeline only: who has missed a promotion may be far ahead on the one before.
received() {
    sql "$1" "SELECT coalesce(max(('x' || substr(name, 1, 8))::bit(32)::int), 0),
                     coalesce(greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()), '0/0') - '0/0'::pg_lsn
              FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}\$'"
}

# "timeline bytes node" of each standby that answers, the one that lacks least first.
ranked() {
    local each has
    for each in $(with_role standby); do
        ! has=$(received "$each") || echo "$has $each"
    done | sort -k1,1nr -k2,2nr -k3,3
}

# Who does not answer now may have been the primary.
mark_silent() {
    local each timeline
    timeline=$(sql "$node" "SELECT ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int")
    for each in $(nodes); do
        if [ "$each" != "$node" ] && [ -n "$(container "$each")" ] && [ "$(role "$each")" != standby ]; then
            # shellcheck disable=SC2016
            beside "$each" bash -c '[ ! -d "$1" ] || echo "$2" >"$1/replaced"' bash "$FOLDER" "$timeline" ||
                say "$each could not be marked: do not start it while $node is stopped"
        fi
    done
}

# Where the last record of the primary begins; nothing if it was not stopped in order.
last_record() {
    beside "$primary" pg_controldata "$FOLDER/data" |
        awk '/^Database cluster state: *shut down$/ { whole = 1 } /^Latest checkpoint location:/ { at = $NF } END { if (whole) print at }'
}
has_record() { [ "$(sql "$node" "SELECT greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) > '$1'")" = t ]; }
is_close() {
    [ "$(sql "$primary" "SELECT pg_current_wal_lsn() - replay_lsn <= 16 * 1024 * 1024 FROM pg_stat_replication WHERE application_name = '$1'")" = t ]
}
is_primary() { [ "$(role "$1")" = primary ]; }

# A switchover that ends before its time: the old primary goes on, unless the new one is it by now.
stage=''
end_switchover() {
    if [ "$stage" = promoting ]; then
        # What was asked of it may come about at any time, but not once it was stopped.
        docker stop --time 60 "$(container "$node")" >/dev/null
        ! beside "$node" test -e "$FOLDER/data/standby.signal" || stage=stopped
    fi
    if [ "$stage" = stopped ]; then
        docker start "$(container "$primary")" >/dev/null || say "$primary could not be started"
        say "$node was not promoted; $primary goes on"
    elif [ "$stage" = promoting ]; then
        say "$node was promoted too late to be waited for; docker/scripts/rejoin-old-primary.sh $primary brings $primary back"
    fi
    docker start "$(container "$node")" >/dev/null || true
    resume
}
resume() { sluice admin pgsluice RESUME -q; }
is_seen() { sluice admin pgsluice "SHOW NODES" -Atq -F' ' | grep -Eq "^[^ ]+ $1:5432 primary up "; }

primary=$(with_role primary)
[ "$(wc -w <<<"$primary")" -le 1 ] || fail "more than one node is writable: $(paste -sd' ' <<<"$primary"); stop the one that must not be"
standbys=$(ranked)
read -r newest _ foremost <<<"$standbys" || true
node=${node:-$foremost}
[ -n "$node" ] || fail "no standby answers"
nodes | grep -qx "$node" || fail "$node is none of: $(nodes | paste -sd' ')"
if [ "$node" = "$primary" ]; then
    echo "$node is the primary already"
    exit 0
fi
timeline=$(awk -v node="$node" '$3 == node { print $1 }' <<<"$standbys")
[ -n "$timeline" ] || fail "$node does not answer"
[ "$timeline" = "$newest" ] || fail "$node has missed the promotion to timeline $newest, which $foremost has"
if [ -n "$primary" ]; then
    [ -n "$switchover" ] || fail "$primary is the primary and answers; --switchover puts $node in its place"
    streams_from "$primary" "$node" || fail "$node does not stream from $primary"
    wait_for 10 "$node is less than 16 MB behind" is_close "$node"
    # Nothing is under way when the primary stops, so that no client is told of it; what comes meanwhile waits.
    trap end_switchover EXIT
    sluice admin pgsluice PAUSE -q || fail "pgsluice could not be paused; SHOW SERVERS in its console says who is at work"
    stage=stopped
    docker stop --time 60 "$(container "$primary")" >/dev/null
    last=$(last_record)
    [ -n "$last" ] || fail "$primary did not stop within 60 s and was killed"
    wait_for 10 "$node has all that $primary wrote" has_record "$last"
    say "stopped $primary"
    stage=promoting
fi
# What it has received is replayed before it is promoted; a switchover has received all.
[ "$(sql "$node" "SELECT pg_promote(true, 50)")" = t ] || fail "$node was not promoted within 50 s"
stage=promoted
wait_for 60 "$node is the primary" is_primary "$node"
if [ -n "$primary" ]; then
    wait_for 60 "pgsluice takes $node for the primary" is_seen "$node"
    resume
    trap - EXIT
fi
mark_silent
if [ -n "$primary" ]; then
    docker start "$(container "$primary")" >/dev/null
    wait_for 120 "$primary streams from $node" streams_from "$node" "$primary"
    say "$primary is a standby now"
fi
wait_for 60 "writes through pgsluice reach $node" is_written_through "$node"
echo "$node is the primary, on timeline $(sql "$node" "SELECT timeline FROM monitoring.wal_status")"
