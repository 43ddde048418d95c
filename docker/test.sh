#!/usr/bin/env bash
# The clusters of docker/, tried: each compose file is brought up, used through pgsluice, drilled and taken down.
# It works on a copy of the tree, under a project and ports of its own, and removes both in the end; the images
# stay.
#
# usage: docker/test.sh [standbys] [sync] [tls] [bench] [monitoring] [ha] [tutorial]     (all of them, if none is named)
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

standbys() {
    local old
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
    try "a server starts from the backup" backup_restores

    try "two standbys: the second joins" scripts/setup-replication.sh --standbys 2
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
    try "the old primary comes to, steps down and joins" wait_for 120 "joined" all_stream
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

doors_are_shut() {
    local at
    at=$(container standby1)
    refuses docker exec "$(container primary)" grep -w trust /run/node/pg_hba.conf
    refuses docker exec "$at" psql -w -X -h primary -U app -d "$(database)" -c 'SELECT 1'
    refuses docker exec -e PGPASSWORD=wrong "$at" psql -X -h primary -U app -d "$(database)" -c 'SELECT 1'
    refuses docker exec -e PGPASSWORD=any "$at" psql -X -h primary -U postgres -c 'SELECT 1'
    refuses docker exec -e PGPASSWORD="$(value REPLICATOR_PASSWORD)" "$at" psql -X -h primary -U replicator -d "$(database)" -c 'SELECT 1'
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
    docker run --rm --network none --volumes-from "$(container primary):ro" --entrypoint sh pgsluice-postgres:17 -euc '
        cp -R "/backups/$1" /tmp/data && chmod 700 /tmp/data && cd /tmp && echo "local all all peer" >hba
        pg_ctl -D /tmp/data -o "-c hba_file=/tmp/hba -c unix_socket_directories=/tmp -c listen_addresses=" -w start >/tmp/log
        psql -h /tmp -U postgres -d app -XAtqc "SELECT count(*) > 0 FROM replication_check" | grep t' sh "$name"
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
    try "without TLS nobody is let in" refuses docker exec -e PGPASSWORD="$(value APP_PASSWORD)" "$(container standby1)" \
        psql -X "host=primary user=app dbname=app sslmode=disable" -c 'SELECT 1'
    try "pgsluice checks who it talks to" says "verify-full" docker exec "$(container pgsluice)" \
        sh -c 'sed -n "s/^server_tls_sslmode = \"\(.*\)\"/\1/p" /run/pgsluice/pgsluice.toml'
    try "failover drill" scripts/failover-drill.sh --seconds 25
    tear_down
}

bench() {
    export STANDBY_MEMORY=512m
    try "for measuring: set up" scripts/setup-replication.sh --bench
    try "the database is filled" wait_for 120 "pgbench's tables are there" says "$BENCH_SCALE" app "SELECT count(*) FROM pgbench_branches"
    try "sizes fit the memory of the primary" says "96MB 288MB" sql primary "SELECT current_setting('shared_buffers'), current_setting('effective_cache_size')"
    try "and of the standby" says "128MB 384MB" sql standby1 "SELECT current_setting('shared_buffers'), current_setting('effective_cache_size')"
    try "pgbench through port 6432" docker run --rm --network "${COMPOSE_PROJECT_NAME}_pgsluice" --entrypoint pgbench \
        -e PGHOST=pgsluice -e PGPORT=6432 -e PGUSER=app -e PGPASSWORD="$(value APP_PASSWORD)" pgsluice-postgres:17 \
        -n -S -T 5 -c 8 -M prepared --max-tries 1 --exit-on-abort bench
    try "pools of 20 and 40" pools_are 20 40
    try "failover drill" scripts/failover-drill.sh --seconds 25
    tear_down
    export STANDBY_MEMORY=$PRIMARY_MEMORY
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
    try "nine of ten are reads, on a replica" prometheus_finds 'sum(rate(pgsluice_reads_total{outcome=~"replica.*"}[15s])) / sum(rate(pgsluice_routed_total[15s])) > 0.6'
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
    try "failover drill: no acknowledged write may be lost" scripts/failover-drill.sh --seconds 45
    sed 's/^/          /' "$work/output"
    try "a switchover, by patronictl" docker exec "$(container node1)" patronictl -c /etc/patroni/node.yml \
        switchover --leader "$(with_role primary)" --candidate "$(synchronous_standby)" --scheduled now --force
    try "pgsluice follows it" wait_for 30 "writes reach the new leader" writes_reach_the_leader
    tear_down
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
[ $# -gt 0 ] || set -- standbys sync tls bench monitoring ha tutorial
left_out=''
for each in "$@"; do
    if [ $((SECONDS - start)) -lt "$BUDGET_SECONDS" ]; then "$each"; else left_out+=" $each"; fi
done
echo "docker-test: $tried tried, all as they should be, in $((SECONDS - start)) s"
[ -z "$left_out" ] || echo "docker-test: LEFT OUT, for $BUDGET_SECONDS s were over:$left_out" >&2
