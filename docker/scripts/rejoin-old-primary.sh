#!/usr/bin/env bash
# Brings a node back that was the primary before a failover, as a standby of the one that is it now. The node
# does so itself when it starts: by pg_rewind, which undoes what it had written and sent nobody, or by a new
# base backup.
#
# usage: docker/scripts/rejoin-old-primary.sh [NODE] [--fresh]
#
#   NODE     which node; without it the one that is neither primary nor streaming
#   --fresh  by a new base backup in any case; what the node has is removed once the copy is whole, so that
#            there must be room for both. Not under Patroni
#
# A node that streams already is left alone, unless --fresh.
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh"

node='' fresh=''
while [ $# -gt 0 ]; do
    case $1 in
    --fresh) fresh=1 ;;
    -h | --help) help ;;
    -*) help 2 >&2 ;;
    *) node=$1 ;;
    esac
    shift
done
need_engine
need_env
[ -z "$fresh" ] || ! is_under_patroni || fail "under Patroni that is patronictl's: patronictl -c /etc/patroni/node.yml reinit pgsluice ${node:-NODE}"

primary=$(with_role primary)
case $(wc -w <<<"$primary") in
0) fail "there is no primary to join; promote a standby first" ;;
1) ;;
*) fail "more than one node is writable: $(paste -sd' ' <<<"$primary"); stop the one that must not be" ;;
esac
if [ -z "$node" ]; then
    for each in $(nodes); do
        [ "$each" = "$primary" ] || streams_from "$primary" "$each" || { node=$each && break; }
    done
    if [ -z "$node" ]; then
        echo "all standbys stream from $primary"
        exit 0
    fi
fi
nodes | grep -qx "$node" || fail "$node is none of: $(nodes | paste -sd' ')"
[ "$node" != "$primary" ] || fail "$node is the primary"
[ -n "$(container "$node")" ] || fail "$node has no container: docker/scripts/setup-replication.sh makes it"
if [ -z "$fresh" ] && streams_from "$primary" "$node"; then
    echo "$node streams from $primary already"
    exit 0
fi

if [ -n "$fresh" ]; then
    docker stop --time 60 "$(container "$node")" >/dev/null
    # The mark of a rewind that did not end: the node copies the primary then.
    beside "$node" touch /var/lib/postgresql/17/rewinding
fi
since=$(date -u +%FT%TZ)
docker start "$(container "$node")" >/dev/null
wait_for "${REJOIN_SECONDS:-300}" "$node streams from $primary (docker logs $(container "$node") says why)" streams_from "$primary" "$node"
docker logs --since "$since" "$(container "$node")" 2>&1 | sed -n "s/^[^ ]* [^ ]* UTC node: /$node: /p"
echo "$node is a standby of $primary"
