#!/usr/bin/env bash
# Makes docker/.env: which nodes there are, which compose files count, and passwords at random.
# Passwords that are there stay.
#
# usage: docker/scripts/make-env.sh [--standbys 1|2|3] [--sync] [--tls] [--bench] [--ha] [--monitoring] [--load] [--file NAME]...
#
#   --standbys N  how many standbys (1)
#   --sync        a commit waits for a standby        (compose.sync.yml)
#   --tls         TLS between pgsluice and the nodes  (compose.tls.yml)
#   --bench       a database and sizes for measuring  (compose.bench.yml)
#   --ha          three nodes under Patroni instead   (compose.ha.yml)
#   --monitoring  Prometheus and Grafana too, --load  a steady load, of compose.yml
#   --file NAME   one more compose file of docker/
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh"

standbys=1 files=compose.yml nodes='' profiles=''
while [ $# -gt 0 ]; do
    case $1 in
    --standbys) standbys=${2:-} && shift ;;
    --sync | --tls | --bench) files+=:compose.${1#--}.yml ;;
    --ha) files=compose.ha.yml nodes=node1,node2,node3 ;;
    --monitoring | --load) profiles+=,${1#--} ;;
    --file) files+=:${2:-} && shift ;;
    -h | --help) help ;;
    *) help 2 >&2 ;;
    esac
    shift
done
[[ $standbys =~ ^[123]$ ]] || fail "--standbys is 1, 2 or 3"
for file in ${files//:/ }; do [ -f "$file" ] || fail "there is no docker/$file"; done

# 32 hexadecimal digits: nothing in them needs quoting anywhere.
password() {
    local old=''
    [ ! -e .env ] || old=$(sed -n "s/^$1=//p" .env)
    printf '%s=%s\n' "$1" "${old:-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')}"
}

if [ -z "$nodes" ]; then
    nodes=primary
    for ((i = 1; i <= standbys; i++)); do nodes+=,standby$i; done
fi
umask 077
{
    echo "# Made by docker/scripts/make-env.sh. It holds passwords: not to be committed, not to be shown."
    echo "COMPOSE_PROJECT_NAME=${COMPOSE_PROJECT_NAME:-pgsluice}"
    echo "COMPOSE_FILE=$files"
    echo "COMPOSE_PROFILES=standbys-$standbys$profiles"
    echo "NODES=$nodes"
    for name in REPLICATOR MONITOR APP ADMIN; do password "${name}_PASSWORD"; done
    # What the reader has added.
    [ ! -e .env ] || grep -Ev '^(#|COMPOSE_|NODES=|(REPLICATOR|MONITOR|APP|ADMIN)_PASSWORD=|$)' .env || true
} >.env.new
mv .env.new .env
say "docker/.env: $nodes; $files"
