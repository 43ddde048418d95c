# shellcheck shell=bash
# What the scripts of this folder share; sourced by them. It makes docker/ the current folder, and
# COMPOSE_FILE (there, or in the environment) says which compose files count.

script=$(realpath "$0")
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit

say() { printf '%s: %s\n' "$(basename "$0" .sh)" "$*" >&2; }
fail() { say "$*" && exit 1; }

# Prints the comment at the head of the script, which is its help, and ends.
help() {
    sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$script"
    exit "${1:-0}"
}

need_engine() {
    command -v docker >/dev/null || fail "docker is missing (Debian: apt-get install docker.io)"
    docker version --format '{{.Server.Version}}' >/dev/null 2>&1 || fail "no Docker engine answers: is it started, may you use it?"
    compose version >/dev/null 2>&1 || fail "neither docker compose nor docker-compose is here"
}

need_env() { [ -s .env ] || fail "there is no docker/.env: docker/scripts/make-env.sh makes it"; }

# Compose v2, or docker-compose 1.29. COMPOSE says which, if both are here.
compose() {
    if [ -z "${COMPOSE:-}" ]; then
        if docker compose version >/dev/null 2>&1; then COMPOSE="docker compose"; else COMPOSE=docker-compose; fi
    fi
    $COMPOSE "$@"
}

# The value of a name: from the environment, else from .env.
value() {
    local here=${!1:-}
    [ -n "$here" ] || here=$(sed -n "s/^$1=//p" .env | tail -n 1)
    printf '%s\n' "$here"
}

nodes() { value NODES | tr ',' '\n' | sed 's/:.*//'; }

# The container of a service, be it running or not; nothing if there is none.
container() {
    docker ps --all --quiet --filter "label=com.docker.compose.project=$(value COMPOSE_PROJECT_NAME)" \
        --filter "label=com.docker.compose.service=$1" --filter label=com.docker.compose.oneoff=False |
        head -n 1
}

address() { docker inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$(container "$1")"; }

is_running() { [ "$(docker inspect --format '{{.State.Running}}' "$(container "$1")" 2>/dev/null)" = true ]; }

# Runs SQL on a node itself, as its superuser by its own socket: sql NODE QUERY.
sql() { timeout 60 docker exec "$(container "$1")" psql -XAtqF ' ' -v ON_ERROR_STOP=1 -U postgres -d postgres -c "$2"; }

# The same through pgsluice on port 6432: sluice USER DATABASE QUERY, with more of psql's options after it.
sluice() {
    local user=$1 database=$2 query=$3 password
    shift 3
    password=$(value "${user^^}_PASSWORD")
    PGPASSWORD=$password docker exec --env PGPASSWORD "$(any_node)" \
        timeout 60 psql -X -v ON_ERROR_STOP=1 -h pgsluice -p 6432 -U "$user" -d "$database" "$@" -c "$query"
}

# The container of a node that runs, to run psql in.
any_node() {
    local node
    for node in $(nodes); do
        ! is_running "$node" || { container "$node" && return; }
    done
    fail "no node runs"
}

# primary, standby, or nothing if PostgreSQL does not answer. The node need not be healthy for that.
role() {
    is_running "$1" || return 0
    timeout 10 docker exec "$(container "$1")" node-health 2>/dev/null || true
}

with_role() {
    local node
    for node in $(nodes); do
        [ "$(role "$node")" != "$1" ] || echo "$node"
    done
}

# wait_for SECONDS WHAT COMMAND…: until the command succeeds.
wait_for() {
    local seconds=$1 what=$2 until
    shift 2
    until=$((SECONDS + seconds))
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$until" ] || fail "gave up after $seconds s: $what"
        sleep 0.5
    done
}

# Runs a command in a container of its own that has the volumes of a node, be that running or not.
beside() {
    local node=$1
    shift
    docker run --rm --network none --volumes-from "$(container "$node")" \
        --entrypoint "$1" "$(docker inspect --format '{{.Config.Image}}' "$(container "$node")")" "${@:2}"
}

is_healthy() { [ "$(docker inspect --format '{{.State.Health.Status}}' "$(container "$1")")" = healthy ]; }

# Whether standby $2 streams from $1.
streams_from() { [ "$(sql "$1" "SELECT count(*) FROM pg_stat_replication WHERE application_name = '$2' AND state = 'streaming'")" = 1 ]; }

# Whether Patroni promotes, and takes an old primary back.
is_under_patroni() { [[ :$(value COMPOSE_FILE): == *:compose.ha.yml:* ]]; }

# Whether pgsluice takes $1 for the primary and writes go there.
is_written_through() {
    if is_under_patroni; then
        # All nodes have one cluster_name there.
        [ "$(sluice app "$(database)" "/* pgsluice: primary */ SELECT host(inet_server_addr()), pg_is_in_recovery()" -Atq)" = "$(address "$1")|f" ]
        return
    fi
    [ "$(sluice app "$(database)" "/* pgsluice: primary */ SELECT current_setting('cluster_name'), pg_is_in_recovery()" -Atq)" = "$1|f" ]
}

database() {
    local name
    name=$(docker inspect --format '{{range .Config.Env}}{{println .}}{{end}}' "$(any_node)" | sed -n 's/^APP_DATABASE=//p')
    echo "${name:-app}"
}
