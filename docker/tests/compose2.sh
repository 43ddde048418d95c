# shellcheck shell=bash disable=SC2154
# Compose v2, wherever docker-compose 1.29 is what is installed: its binary is that of Debian trixie's package.
# Sourced by test.sh.

compose2() {
    local before=${COMPOSE:-}
    try "Compose v2, from Debian's package" fetch_compose2
    # BuildKit would build anew what the classic builder has built.
    export COMPOSE=$work/compose2/docker-compose DOCKER_BUILDKIT=0
    try "it is Compose v2" prints '^Docker Compose version v?2\.' compose version
    try "Compose v2: TLS and a synchronous standby: set up" scripts/setup-replication.sh --tls --sync
    try "the standby is synchronous, over TLS" says "quorum t" sql primary \
        "SELECT r.sync_state, s.ssl FROM pg_stat_replication AS r JOIN pg_stat_ssl AS s USING (pid)"
    try "Compose v2: another standby joins" scripts/setup-replication.sh --standbys 2
    try "Compose v2: failover drill: no acknowledged write may be lost" scripts/failover-drill.sh --seconds 25
    sed 's/^/          /' "$work/output"
    try "Compose v2: taken down" compose down --volumes --timeout 30
    try "nothing is left" says '' docker ps --all --quiet --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME"
    tear_down
    COMPOSE=$before
    unset DOCKER_BUILDKIT
    [ -n "$before" ] || unset COMPOSE
}

fetch_compose2() {
    mkdir "$work/compose2"
    docker run --rm debian:trixie-slim bash -euc '
        apt-get update >&2
        cd /tmp && apt-get download docker-compose >&2
        dpkg -x docker-compose_*.deb package
        tar -C package/usr/libexec/docker/cli-plugins -c docker-compose' | tar -x -C "$work/compose2"
}
