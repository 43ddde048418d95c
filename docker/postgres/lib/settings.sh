# shellcheck shell=bash disable=SC2034,SC2154
# What the environment says of this node, and the configuration that is written from it.
# Sourced by bin/node.

# The nodes of the cluster, this one among them, by the names that they reach each other by.
: "${NODES:?NODES is the list of all nodes, with commas}"
: "${REPLICATOR_PASSWORD:?}" "${MONITOR_PASSWORD:?}" "${APP_PASSWORD:?}"
readonly NODE_NAME=${NODE_NAME:-$(hostname)}
# What the node is where there is no cluster yet: primary or standby.
readonly NODE_ROLE=${NODE_ROLE:-standby}
readonly NODE_MEMORY=${NODE_MEMORY:-512m}
readonly MAX_CONNECTIONS=${MAX_CONNECTIONS:-100}
# How many standbys must have a commit before it is acknowledged.
readonly SYNCHRONOUS_STANDBYS=${SYNCHRONOUS_STANDBYS:-0}
# require: connections to and between nodes are over TLS, with the certificates of make-certificates.
readonly NODE_TLS=${NODE_TLS:-off}
export APP_USER=${APP_USER:-app} APP_DATABASE=${APP_DATABASE:-app}

readonly HOME_FOLDER=/var/lib/postgresql/17
export PGDATA=$HOME_FOLDER/data
readonly RUN=/run/node
readonly SHARE=/usr/local/share/node
readonly SLOT=${NODE_NAME//[^a-z0-9_]/_}
# While this file exists, a rewind has begun and not ended: the data is good for nothing.
readonly REWINDING=$HOME_FOLDER/rewinding
# Once this file exists, this node has held the cluster's data: it never makes a cluster of its own.
readonly JOINED=$HOME_FOLDER/joined
# Holds the timeline of a node that was promoted while this one did not answer (docker/scripts/promote-standby.sh
# writes it): with data of an older one, this node is no primary any more.
readonly REPLACED=$HOME_FOLDER/replaced

say() { printf '%s node: %s\n' "$(date -u '+%F %T.%3N UTC')" "$*" >&2; }

# "512m", "4g", "6GB" or bytes, in MB.
megabytes() {
    local text=${1,,}
    case $text in
    *g | *gb) echo $((${text%%g*} * 1024)) ;;
    *m | *mb) echo "${text%%m*}" ;;
    *[!0-9]*) say "$1 is not a size of memory: 512m or 4g is expected" && return 1 ;;
    *) echo $((text / 1024 / 1024)) ;;
    esac
}

peers() {
    local node
    for node in ${NODES//,/ }; do
        [ "${node%%:*}" = "$NODE_NAME" ] || echo "${node%%:*}"
    done
}

# How a peer is reached. The password is in the file that PGPASSFILE names.
conninfo() {
    printf 'host=%s port=5432 user=replicator application_name=%s connect_timeout=3 ' "$1" "$NODE_NAME"
    printf 'keepalives_idle=5 keepalives_interval=2 keepalives_count=3 tcp_user_timeout=10000 '
    if [ "$NODE_TLS" = require ]; then
        printf 'sslmode=verify-full sslrootcert=/certificates/ca.crt'
    else
        printf 'sslmode=disable'
    fi
}

at_most() { echo $(($1 < $2 ? $1 : $2)); }
at_least() { echo $(($1 > $2 ? $1 : $2)); }

# Writes the node's configuration; $1 is its role, $2 the primary that a standby follows (or
# nothing), $3 the fewest connections that there may be.
write_settings() {
    local role=$1 primary=$2 connections
    connections=$(at_least "$MAX_CONNECTIONS" "${3:-0}")
    {
        echo "include '$SHARE/conf/common.conf'"
        echo "include '$SHARE/conf/$role.conf'"
        echo "data_directory = '$PGDATA'"
        echo "hba_file = '$RUN/pg_hba.conf'"
        echo "ident_file = '$RUN/pg_ident.conf'"
        echo "cluster_name = '$NODE_NAME'"
        echo "max_connections = $connections"
        sizes "$connections"
        if [ "$SYNCHRONOUS_STANDBYS" -gt 0 ]; then
            echo "synchronous_standby_names = 'ANY $SYNCHRONOUS_STANDBYS ($(peers | paste -sd, | sed 's/[^,]*/"&"/g'))'"
        fi
        echo "synchronous_commit = ${SYNCHRONOUS_COMMIT:-on}"
        if [ "$NODE_TLS" = require ]; then
            echo "ssl = on"
            echo "ssl_cert_file = '/certificates/$NODE_NAME.crt'"
            echo "ssl_key_file = '/certificates/$NODE_NAME.key'"
            echo "ssl_min_protocol_version = 'TLSv1.3'"
        else
            echo "ssl = off"
        fi
        if [ -n "$primary" ]; then
            echo "primary_conninfo = '$(conninfo "$primary") passfile=$RUN/pgpass'"
            echo "primary_slot_name = '$SLOT'"
        fi
        # For settings of one's own: mount a folder there.
        [ ! -d /etc/node ] || echo "include_dir '/etc/node'"
    } >"$RUN/postgresql.conf.new"
    mv "$RUN/postgresql.conf.new" "$RUN/postgresql.conf"
}

# The sizes that fit the memory that the container may use, unless the environment says others.
sizes() {
    local memory buffers
    memory=$(megabytes "$NODE_MEMORY")
    buffers=$((memory / 4))
    echo "shared_buffers = ${SHARED_BUFFERS:-${buffers}MB}"
    echo "effective_cache_size = ${EFFECTIVE_CACHE_SIZE:-$((memory * 3 / 4))MB}"
    # Each connection at work may take it, and some of them twice.
    echo "work_mem = ${WORK_MEM:-$(at_least 1 $(((memory - buffers) / ($1 * 2))))MB}"
    echo "maintenance_work_mem = ${MAINTENANCE_WORK_MEM:-$(at_most 2048 $((memory / 16)))MB}"
    echo "max_wal_size = ${MAX_WAL_SIZE:-1GB}"
}

# Who may come from where: the system's user by the container's own socket, all others by password,
# from the containers' private network alone.
write_access() {
    local host=host
    [ "$NODE_TLS" != require ] || host=hostssl
    cat >"$RUN/pg_hba.conf" <<HBA
local all         postgres            peer
local replication postgres            peer
local all         all                 scram-sha-256
host  all         postgres   all      reject
$host replication replicator samenet  scram-sha-256
$host postgres    replicator samenet  scram-sha-256
host  all         replicator all      reject
$host all         all        samenet  scram-sha-256
HBA
    : >"$RUN/pg_ident.conf"
    (umask 077 && printf '*:5432:*:replicator:%s\n' "${REPLICATOR_PASSWORD//[:\\]/\\&}" >"$RUN/pgpass")
    export PGPASSFILE=$RUN/pgpass
}
