#!/usr/bin/env bash
# The clusters of docker/, tried: each compose file is brought up, used through pgsluice, drilled and taken down.
# It works on a copy of the tree, under a project and ports of its own, and removes both in the end; the images
# stay.
#
# usage: docker/test.sh [doors] [standbys] [replaced] [sync] [tls] [compose2] [bench] [monitoring] [ha] [tutorial]
#        (all of them, if none is named; `doors` is what needs no failover, `replaced` what goes wrong at one)
#
# After BUDGET_SECONDS none of these is begun any more; what is left out is said.
# Where no Docker engine answers it says so and ends with 0. LTO, CODEGEN_UNITS and OPT_LEVEL say how pgsluice is
# built: for the test as fast as may be.
set -euo pipefail

tree=$(cd "$(dirname "$0")/.." && pwd)
readonly tree
case ${1:-} in -h | --help) sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$0" && exit ;; esac

if ! docker version --format '{{.Server.Version}}' >/dev/null 2>&1; then
    echo "docker-test: SKIPPED. NO DOCKER ENGINE ANSWERS HERE: nothing of docker/ was tried" >&2
    exit 0
fi

export COMPOSE_PROJECT_NAME=pgsluice-test PGSLUICE_IMAGE=pgsluice:test
export PGSLUICE_PORT=${PGSLUICE_PORT:-16432} METRICS_PORT=${METRICS_PORT:-19127}
readonly BENCH_STANDBY_MEMORY=${STANDBY_MEMORY:-512m}
export LTO=${LTO:-off} CODEGEN_UNITS=${CODEGEN_UNITS:-16} OPT_LEVEL=${OPT_LEVEL:-1}
export PRIMARY_MEMORY=${PRIMARY_MEMORY:-384m} STANDBY_MEMORY=${STANDBY_MEMORY:-384m} BENCH_SCALE=2
readonly BUDGET_SECONDS=${BUDGET_SECONDS:-86400}
work=$(mktemp -d)
readonly work
cp -R "$tree"/{Cargo.toml,Cargo.lock,.dockerignore,src,benches,docker} "$work/"
mkdir "$work/tests" "$work/docs" "$work/tools"
cp -R "$tree/tests/second_opinion" "$work/tests/"
cp "$tree/docs/TUTORIAL.md" "$work/docs/"
cp "$tree/tools/tutorial" "$work/tools/"
rm -f "$work/docker/.env"
# shellcheck source=scripts/common.sh
source "$work/docker/scripts/common.sh"
# shellcheck source=tests/replaced.sh
source tests/replaced.sh
# shellcheck source=tests/compose2.sh
source tests/compose2.sh

tear_down() {
    [ ! -s .env ] || compose down --volumes --remove-orphans --timeout 20 >/dev/null 2>&1 || true
    rm -f .env
}

# What the containers said is worth having when something fails.
finish() {
    local status=$?
    if [ $status -ne 0 ] && [ -s .env ]; then
        for each in $(nodes) pgsluice; do
            printf -- '--- %s\n' "$each" >&2
            docker logs --tail 40 "$(container "$each")" >&2 2>&1 || true
        done
        echo "docker-test: FAILED: $doing" >&2
    fi
    tear_down
    rm -rf "$work"
    exit $status
}
trap finish EXIT
trap 'exit 1' INT TERM

doing=''
tried=0
# try WHAT COMMAND…: the command must succeed.
try() {
    doing=$1 && shift
    local start=$SECONDS
    # In the background, for there a failure ends a function, which it does not in a condition.
    "$@" >"$work/output" 2>&1 &
    wait $! || { cat "$work/output" >&2 && return 1; }
    tried=$((tried + 1))
    printf 'ok %3d s  %s\n' $((SECONDS - start)) "$doing"
}
refuses() { if "$@"; then return 1; fi; }
fails_with() { # fails_with PATTERN COMMAND…: it fails, and says so
    local pattern=$1 output
    shift
    ! output=$("$@" 2>&1) || { printf 'it succeeded: %s\n' "$output" && return 1; }
    printf '%s\n' "$output"
    grep -Eq "$pattern" <<<"$output"
}
says() { # says TEXT COMMAND…: it succeeds, and prints that
    local text=$1 output
    shift
    output=$("$@")
    printf '%s\n' "$output"
    [ "$output" = "$text" ]
}
ends_with() { # ends_with STATUS COMMAND…
    local wanted=$1 status=0
    shift
    "$@" || status=$?
    [ "$status" = "$wanted" ]
}
app() { sluice app "$(database)" "$1" -Atq; }

doors() {
    try "who has the base images needs no root" needs_no_root
    try "one standby: set up" scripts/setup-replication.sh --standbys 1
    try "again, which changes nothing" scripts/setup-replication.sh
    try "port $PGSLUICE_PORT of the host speaks PostgreSQL" port_answers
    try "reads go to the standby" app_reads_on standby1
    try "transactions go to the primary" says primary app "BEGIN; SELECT current_setting('cluster_name'); COMMIT"
    try "nobody is trusted, nobody but those who should comes in" doors_are_shut
    try "monitor.sh finds it healthy" ends_with 0 scripts/monitor.sh
    try "thresholds make it a warning" says "WARNING|0 bytes behind" \
        docker exec -e PGPASSWORD="$(value MONITOR_PASSWORD)" "$(container primary)" psql -XAtq -U monitor -d postgres -c \
        "SELECT status, reason FROM check_replication_health(warning_bytes => 0)"
    docker stop "$(container standby1)" >/dev/null
    try "monitor.sh finds a standby that is gone critical" ends_with 2 scripts/monitor.sh
    try "reads go to the primary then" app_reads_on primary
    docker start "$(container standby1)" >/dev/null
    try "it comes back by itself" wait_for 60 "healthy" scripts/monitor.sh --quiet
    try "a backup, verified" scripts/backup.sh
    try "a damaged backup is found out" damage_is_found
    try "on the host it is for its owner alone" backup_is_ones_own
    try "the cluster goes back to it, as the tutorial says" backup_restores
    tear_down
}

standbys() {
    local old
    try "one standby, synchronous: set up" scripts/setup-replication.sh --sync
    try "two standbys: the second joins" scripts/setup-replication.sh --standbys 2
    try "commits wait for a standby as before" says quorum sql primary "SELECT DISTINCT sync_state FROM pg_stat_replication"
    try "no standby is taken away" fails_with 'there are 2 standbys' scripts/setup-replication.sh --standbys 1
    try "nor the cluster for one under Patroni" fails_with 'without Patroni' scripts/setup-replication.sh --ha
    try "failover drill" scripts/failover-drill.sh --seconds 25
    sed 's/^/          /' "$work/output"
    try "promote-standby.sh refuses while there is a primary" refuses scripts/promote-standby.sh primary
    try "rejoin-old-primary.sh has nothing to do" scripts/rejoin-old-primary.sh
    try "switchover drill" scripts/failover-drill.sh --seconds 25 --switchover
    sed 's/^/          /' "$work/output"

    try "three standbys: the third joins" scripts/setup-replication.sh --standbys 3
    old=$(with_role primary)
    docker pause "$(container "$old")" >/dev/null
    try "promotion while the primary hangs" scripts/promote-standby.sh
    docker unpause "$(container "$old")" >/dev/null
    try "the old primary comes to, steps down and joins" wait_for 180 "joined" all_stream
    try "a rewind that was cut short ends in a base backup" scripts/rejoin-old-primary.sh "$old" --fresh
    docker rm --force --volumes "$(container standby3)" >/dev/null && docker volume rm "${COMPOSE_PROJECT_NAME}_standby3" >/dev/null
    try "a standby without its data gets it again" scripts/setup-replication.sh
    compose down --timeout 60 >/dev/null 2>&1
    try "all of it stopped and started" scripts/setup-replication.sh
    try "with what was written" app "/* pgsluice: primary */ SELECT count(*) FROM drill"
    tear_down
}

# Whether a read through pgsluice was run on the node, by the node's own word.
app_reads_on() {
    app "SELECT count(*) AS read_by_test FROM replication_check"
    [ "$(sql "$1" "SELECT count(*) FROM pg_stat_activity WHERE usename = 'app' AND query LIKE '%read_by_test%'")" = 1 ]
}

port_answers() {
    local answer
    exec 3<>"/dev/tcp/127.0.0.1/$PGSLUICE_PORT"
    printf '\0\0\0\x08\x04\xd2\x16\x2f' >&3
    read -r -N 1 -t 10 answer <&3
    [[ $answer == [SN] ]]
}

# comes_in PASSWORD CONNINFO: whether psql on a standby is let in by the primary.
comes_in() { docker exec -e PGPASSWORD="$1" "$(container standby1)" psql -w -X "host=primary $2" -c 'SELECT 1'; }

doors_are_shut() {
    local app
    app="user=app dbname=$(database)"
    comes_in "$(value APP_PASSWORD)" "$app"
    docker exec "$(container primary)" grep -w scram-sha-256 /run/node/pg_hba.conf
    refuses docker exec "$(container primary)" grep -w trust /run/node/pg_hba.conf
    fails_with 'no password supplied' comes_in '' "$app"
    fails_with 'password authentication failed' comes_in wrong "$app"
    fails_with 'pg_hba.conf rejects' comes_in any "user=postgres"
    fails_with 'pg_hba.conf rejects' comes_in "$(value REPLICATOR_PASSWORD)" "user=replicator dbname=$(database)"
    [ "$(sql primary "SELECT count(*) FROM pg_roles WHERE rolsuper AND rolname <> 'postgres'")" = 0 ]
    [ "$(sql primary "SELECT count(*) FROM pg_authid WHERE rolcanlogin AND rolname <> 'postgres' AND rolpassword NOT LIKE 'SCRAM-SHA-256\$%'")" = 0 ]
    [ "$(stat -c %a .env)" = 600 ]
}

damage_is_found() {
    local name
    name=$(scripts/backup.sh --list | tail -n 1 | cut -d' ' -f1)
    scripts/backup.sh --verify "$name"
    docker exec "$(container primary)" sh -c "cp -R /backups/$name /backups/20000101T000000Z && printf x >>/backups/20000101T000000Z/global/pg_control"
    refuses scripts/backup.sh --verify 20000101T000000Z
    docker exec "$(container primary)" rm -rf /backups/20000101T000000Z
}

backup_restores() {
    local name
    name=$(scripts/backup.sh --list | tail -n 1 | cut -d' ' -f1)
    app "CREATE TABLE since (); SELECT count(*) FROM replication_check"
    # The page's own commands, for this cluster.
    sed -n '/^```sh$/,/^```$/{/^```/d;p}' ../docs/TUTORIAL.md | sed "s/pgsluice_/${COMPOSE_PROJECT_NAME}_/g; s/ [^ ]*_standby2$//
        s/20[0-9]*T[0-9]*Z/$name/g" >"$work/restore.sh"
    (cd .. && bash -euo pipefail "$work/restore.sh")
    says "|t" app "SELECT to_regclass('since'), count(*) > 1 FROM replication_check"
    all_stream
}

backup_is_ones_own() {
    local file
    mkdir "$work/backups"
    file=$(scripts/backup.sh --to "$work/backups" | tail -n 1)
    [ "$(stat -c %a "$file")" = 600 ]
    tar -tzf "$file" | grep '/global/pg_control$'
    [ "$(find "$work/backups" -type f | wc -l)" = 1 ]
}

# As nobody, in the group that may talk to the engine, where sudo fails.
needs_no_root() {
    local path=$work/no-sudo as=()
    mkdir -p "$path/docker" && cp base-images.sh "$path/docker/" && cp build-ca.crt "$path/docker/" 2>/dev/null || true
    printf '#!/bin/sh\nexit 1\n' >"$path/sudo"
    chmod -R a+rX "$path" && chmod a+x "$path/sudo" "$work"
    [ "$(id -u)" != 0 ] || [ ! -S /var/run/docker.sock ] ||
        as=(setpriv --reuid 65534 --regid "$(stat -c %g /var/run/docker.sock)" --clear-groups)
    env HOME="$path" PATH="$path:$PATH" "${as[@]}" "$path/docker/base-images.sh"
}

all_stream() {
    local primary each
    primary=$(with_role primary)
    [ "$(wc -w <<<"$primary")" = 1 ] || return 1
    for each in $(nodes); do
        [ "$each" = "$primary" ] || streams_from "$primary" "$each" || return 1
    done
}

sync() {
    try "synchronous: set up" scripts/setup-replication.sh --sync --standbys 2
    try "a standby is synchronous" says quorum sql primary "SELECT DISTINCT sync_state FROM pg_stat_replication"
    try "failover drill: no acknowledged write may be lost" scripts/failover-drill.sh --seconds 25
    sed 's/^/          /' "$work/output"
    tear_down
}

tls() {
    try "TLS: set up" scripts/setup-replication.sh --tls
    try "all connections over the network are encrypted" says "t" \
        sql primary "SELECT count(*) >= 2 AND bool_and(s.ssl AND s.version = 'TLSv1.3') FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) WHERE a.client_addr IS NOT NULL"
    try "without TLS nobody is let in" fails_with 'no pg_hba.conf entry' comes_in "$(value APP_PASSWORD)" "user=app dbname=app sslmode=disable"
    try "pgsluice checks who it talks to" says "verify-full" docker exec "$(container pgsluice)" \
        sh -c 'sed -n "s/^server_tls_sslmode = \"\(.*\)\"/\1/p" /run/pgsluice/pgsluice.toml'
    try "failover drill" scripts/failover-drill.sh --seconds 25
    tear_down
}

bench() {
    export STANDBY_MEMORY=$BENCH_STANDBY_MEMORY
    try "for measuring: set up" scripts/setup-replication.sh --bench
    try "the database is filled" wait_for 120 "pgbench's tables are there" says "$BENCH_SCALE" app "SELECT count(*) FROM pgbench_branches"
    try "sizes fit the memory of the primary" sizes_fit primary "$PRIMARY_MEMORY"
    try "and of the standby" sizes_fit standby1 "$STANDBY_MEMORY"
    try "pgbench through port 6432" docker run --rm --network "${COMPOSE_PROJECT_NAME}_pgsluice" --entrypoint pgbench \
        -e PGHOST=pgsluice -e PGPORT=6432 -e PGUSER=app -e PGPASSWORD="$(value APP_PASSWORD)" pgsluice-postgres:17 \
        -n -S -T 5 -c 8 -M prepared --max-tries 1 --exit-on-abort bench
    try "pools of 20 and 40" pools_are 20 40
    try "failover drill" scripts/failover-drill.sh --seconds 25
    tear_down
    export STANDBY_MEMORY=$PRIMARY_MEMORY
}

# A quarter and three quarters of the memory that the container may use.
sizes_fit() {
    local bytes
    bytes=$(numfmt --from=iec "${2^^}")
    [ "$(docker inspect --format '{{.HostConfig.Memory}}' "$(container "$1")")" = "$bytes" ]
    says "$((bytes / 4)) $((bytes / 4 * 3))" sql "$1" "SELECT pg_size_bytes(current_setting('shared_buffers')), pg_size_bytes(current_setting('effective_cache_size'))"
}

pools_are() {
    local sizes
    sizes=$(docker exec "$(container pgsluice)" bash -c 'exec 3<>/dev/tcp/127.0.0.1/9127
        printf "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" >&3; cat <&3' | sed -n 's/^pgsluice_pool_size.*database="bench".*} //p' | sort -n | uniq | paste -sd' ')
    [ "$sizes" = "$1 $2" ] || { echo "$sizes" && return 1; }
}

monitoring() {
    export LOAD_SCALE=1 PROMETHEUS_PORT=${PROMETHEUS_PORT:-19090} GRAFANA_PORT=${GRAFANA_PORT:-13000}
    try "monitored: set up" scripts/setup-replication.sh --load
    try "Prometheus's image" compose build prometheus
    try "Prometheus starts" compose up --detach prometheus
    try "it sees the load: 250 transactions a second and more" wait_for 120 "the load arrives" \
        prometheus_finds 'sum(rate(pgsluice_routed_total[15s])) > 250'
    try "nine of ten are reads, on a replica" wait_for 60 "most are on a replica" \
        prometheus_finds 'sum(rate(pgsluice_reads_total{outcome=~"replica.*"}[15s])) / sum(rate(pgsluice_routed_total[15s])) > 0.6'
    try "no alert" refuses prometheus_finds 'ALERTS{alertstate="firing"}'
    if docker image inspect "${GRAFANA_IMAGE:-grafana/grafana:11.6.0}" >/dev/null 2>&1 || compose pull grafana >/dev/null 2>&1; then
        try "Grafana starts" compose up --detach grafana
        try "with the dashboard" wait_for 90 "Grafana has the dashboard" grafana_has_dashboard
    else
        echo "docker-test: GRAFANA'S IMAGE CANNOT BE HAD HERE: it was not started" >&2
    fi
    tear_down
}

# Whether a query has an answer.
prometheus_finds() {
    local encoded
    encoded=$(printf %s "$1" | od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g')
    docker exec "$(container prometheus)" bash -c 'exec 3<>/dev/tcp/127.0.0.1/9090
        printf "GET /api/v1/query?query=%s HTTP/1.0\r\n\r\n" "$1" >&3; cat <&3' bash "$encoded" | grep '"value":'
}

grafana_has_dashboard() {
    docker run --rm --network "${COMPOSE_PROJECT_NAME}_pgsluice" --entrypoint bash pgsluice-postgres:17 -c 'exec 3<>/dev/tcp/grafana/3000
        printf "GET /api/dashboards/uid/pgsluice HTTP/1.0\r\nAuthorization: Basic %s\r\n\r\n" "$(printf "admin:%s" "$1" | base64 -w 0)" >&3
        cat <&3' bash "$(value ADMIN_PASSWORD)" | grep '"provisioned":true'
}

ha() {
    export NODE_MEMORY=${NODE_MEMORY:-256m}
    try "under Patroni: set up" scripts/setup-replication.sh --ha
    try "pgsluice has the nodes from Patroni" nodes_are_found 3
    try "etcd forgets what is old" etcd_is_compacted
    try "a backup, verified" scripts/backup.sh
    try "promote-standby.sh leaves it to Patroni" fails_with 'Patroni promotes' scripts/promote-standby.sh
    try "rejoin-old-primary.sh --fresh too" fails_with 'patronictl' scripts/rejoin-old-primary.sh node1 --fresh
    try "what this cluster has not is refused" fails_with 'nothing for --monitoring --sync' scripts/make-env.sh --monitoring --sync
    try "failover drill: no acknowledged write may be lost" scripts/failover-drill.sh --seconds 45
    sed 's/^/          /' "$work/output"
    try "a switchover, by patronictl" docker exec "$(container node1)" patronictl -c /etc/patroni/node.yml \
        switchover --leader "$(with_role primary)" --candidate "$(synchronous_standby)" --scheduled now --force
    try "pgsluice follows it" wait_for 30 "writes reach the new leader" writes_reach_the_leader
    tear_down
}

etcd_is_compacted() {
    docker logs "$(container etcd1)" 2>&1 | grep -o '"auto-compaction-mode":"periodic","auto-compaction-retention":"1h[0-9ms]*"'
}

nodes_are_found() {
    [ "$(sluice admin pgsluice 'SHOW NODES' -Atq | wc -l)" = "$1" ]
}

synchronous_standby() { sql "$(with_role primary)" "SELECT application_name FROM pg_stat_replication WHERE sync_state = 'sync'"; }
writes_reach_the_leader() { is_written_through "$(with_role primary)"; }

tutorial() {
    try "the tutorial's commands print what it says" ../tools/tutorial ../docs/TUTORIAL.md
    sed 's/^/          /' "$work/output"
    tear_down
}

start=$SECONDS
try "base images" ./base-images.sh
scripts/make-env.sh 2>/dev/null
try "images" compose build
rm -f .env
docker image ls --format '{{.Repository}}:{{.Tag}} {{.Size}}' |
    grep -E '^(debian:trixie-slim|rust:1-slim-trixie|pgsluice:test|pgsluice-postgres:17|pgsluice-patroni:17|pgsluice-prometheus:latest) ' | sed 's/^/          /'
[ $# -gt 0 ] || set -- doors standbys replaced sync tls compose2 bench monitoring ha tutorial
left_out=''
for each in "$@"; do
    if [ $((SECONDS - start)) -lt "$BUDGET_SECONDS" ]; then "$each"; else left_out+=" $each"; fi
done
echo "docker-test: $tried tried, all as they should be, in $((SECONDS - start)) s"
[ -z "$left_out" ] || echo "docker-test: LEFT OUT, for $BUDGET_SECONDS s were over:$left_out" >&2
