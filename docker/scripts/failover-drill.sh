#!/usr/bin/env bash
# A failover, for practice: kills the primary under load, promotes a standby, brings the old primary back as a
# standby, and says what the clients noticed. In the end the cluster is whole again, with another primary.
#
# usage: docker/scripts/failover-drill.sh [--seconds 30] [--clients 8] [--reads 80] [--wait 0] [--switchover]
#
#   --seconds N   how long the load runs; 10 s into it the primary is killed
#   --clients N   how many clients
#   --reads N     how many of a hundred statements read
#   --wait N      seconds from the kill to the promotion
#   --switchover  a planned one: the primary is stopped in order instead of killed
#
# Exit status: 0 when the cluster is whole again, no read has failed, no write has but those that were under way when
# the primary died, and, with synchronous standbys or a switchover, no acknowledged write is lost. At a switchover no
# statement may fail.
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh"

seconds=30 clients=8 reads=80 wait=0 switchover=''
while [ $# -gt 0 ]; do
    case $1 in
    --seconds | --clients | --reads | --wait)
        [[ ${2:-} =~ ^[0-9]+$ ]] || fail "$1 wants a number"
        printf -v "${1#--}" %s "$2"
        shift
        ;;
    --switchover) switchover=1 ;;
    -h | --help) help ;;
    *) help 2 >&2 ;;
    esac
    shift
done
[ "$seconds" -ge 20 ] || fail "--seconds is 20 at least"
need_engine
need_env

another_leads() {
    local leader
    leader=$(with_role primary)
    [ -n "$leader" ] && [ "$leader" != "$1" ] && is_written_through "$leader"
}
[ -z "$switchover" ] || ! is_under_patroni || fail "under Patroni a switchover is patronictl's: patronictl -c /etc/patroni/node.yml switchover"

primary=$(with_role primary)
[ "$(wc -w <<<"$primary")" = 1 ] || fail "one primary is needed, and there is: ${primary:-none}"
for node in $(nodes); do
    [ "$node" = "$primary" ] || streams_from "$primary" "$node" || fail "$node does not stream from $primary; docker/scripts/rejoin-old-primary.sh mends that"
done
is_written_through "$primary" || fail "pgsluice does not write to $primary"

# The load has a container of its own: the nodes may die.
results=$(mktemp)
load=''
trap 'rm -f "$results"; [ -z "$load" ] || docker rm --force --volumes "$load" >/dev/null 2>&1 || true' EXIT
PGPASSWORD=$(value APP_PASSWORD)
export PGPASSWORD
load=$(docker run --detach --network "$(value COMPOSE_PROJECT_NAME)_pgsluice" --entrypoint drill-client \
    --env PGHOST=pgsluice --env PGPORT=6432 --env PGUSER=app --env PGDATABASE="$(database)" --env PGPASSWORD \
    "$(docker inspect --format '{{.Config.Image}}' "$(container "$primary")")" "$seconds" "$clients" "$reads")
echo "$primary is the primary; $clients clients at work through pgsluice"
sleep 10

synchronous=$(sql "$primary" "SELECT current_setting('synchronous_standby_names') <> ''")
if [ -n "$switchover" ]; then
    scripts/promote-standby.sh --switchover
else
    docker kill --signal KILL "$(container "$primary")" >/dev/null
    echo "killed $primary"
    if is_under_patroni; then
        wait_for 90 "Patroni promotes another node" another_leads "$primary"
        echo "Patroni promoted $(with_role primary)"
        # Its kill was Docker's order, after which Docker does not start it by itself.
        docker start "$(container "$primary")" >/dev/null
    else
        sleep "$wait"
        scripts/promote-standby.sh
        scripts/rejoin-old-primary.sh "$primary"
    fi
fi

[ "$(docker wait "$load")" = 0 ] || { docker logs "$load" >&2 && fail "the load failed"; }
docker logs "$load" >"$results" 2>/dev/null
echo "what the clients noticed:"
column -t "$results" 2>/dev/null | sed 's/^/  /' || sed 's/^/  /' "$results"

noticed() { awk -v name="$1" '$1 == name { print $2 }' "$results"; }
lost=$(noticed acknowledged_and_lost)
new=$(with_role primary)
for node in $(nodes); do
    [ "$node" = "$new" ] || wait_for 120 "$node streams from $new" streams_from "$new" "$node"
done
echo "$new is the primary now; all others stream from it"
if [ "$lost" != 0 ] && { [ "$synchronous" = t ] || [ -n "$switchover" ]; }; then
    fail "$lost acknowledged writes are lost"
fi
[ "$(noticed read_errors)" = 0 ] || fail "$(noticed read_errors) reads failed"
[ -z "$switchover" ] || [ "$(noticed write_errors)" = 0 ] || fail "$(noticed write_errors) writes failed"
strange=$(awk '$1 == "errors_by_code" { for (i = 2; i <= NF; i++) if ($i !~ /^(-$|08006:|08007:|57P01:|57P03:)/) print $i }' "$results")
[ -z "$strange" ] || fail "writes failed with other codes than the death of a server has: $strange"
