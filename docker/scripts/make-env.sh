#!/usr/bin/env bash
# Makes docker/.env: which nodes there are, which compose files count, and passwords at random. What a file that is
# there says stays, and options add to it.
#
# usage: docker/scripts/make-env.sh [--standbys 1|2|3] [--sync] [--tls] [--bench] [--monitoring] [--load] [--file NAME]...
#        docker/scripts/make-env.sh --ha [--file NAME]...
#
#   --standbys N  how many standbys (1); never fewer than there are
#   --sync        a commit waits for a standby        (compose.sync.yml)
#   --tls         TLS between pgsluice and the nodes  (compose.tls.yml)
#   --bench       a database and sizes for measuring  (compose.bench.yml)
#   --monitoring  Prometheus and Grafana too, --load  a steady load, of compose.yml
#   --ha          three nodes under Patroni instead   (compose.ha.yml)
#   --file NAME   one more compose file of docker/
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh"

wanted='' standbys='' profiles='' ha='' files=()
while [ $# -gt 0 ]; do
    case $1 in
    --standbys) standbys=${2:-0} wanted+=" $1" && shift ;;
    --sync | --tls | --bench) files+=("compose.${1#--}.yml") wanted+=" $1" ;;
    --monitoring | --load) profiles+=,${1#--} wanted+=" $1" ;;
    --ha) ha=1 ;;
    --file) files+=("${2:-}") && shift ;;
    -h | --help) help ;;
    *) help 2 >&2 ;;
    esac
    shift || fail "the last option wants a value"
done

# What the .env that is there says.
was() { [ ! -e .env ] || sed -n "s/^$1=//p" .env | tail -n 1; }
all=$(was COMPOSE_FILE) nodes=$(was NODES)
has_standbys=$(was COMPOSE_PROFILES | sed -n 's/.*standbys-\([0-9]*\).*/\1/p')
readonly ANEW="For another cluster in its place: docker/scripts/compose.sh down --volumes, then remove docker/.env"

if [ -n "$ha" ]; then
    [[ -z $all || :$all: == *:compose.ha.yml:* ]] || fail "docker/.env is that of a cluster without Patroni. $ANEW"
    all=${all:-compose.ha.yml}
fi
if [[ :$all: == *:compose.ha.yml:* ]]; then
    [ -z "$wanted" ] || fail "the cluster under Patroni has nothing for$wanted"
    names='node1 node2 node3'
else
    standbys=${standbys:-${has_standbys:-1}}
    [[ $standbys =~ ^[123]$ ]] || fail "--standbys is 1, 2 or 3"
    # Any of them may be the primary by now.
    [ "$standbys" -ge "${has_standbys:-0}" ] || fail "there are $has_standbys standbys, and none is taken away. $ANEW"
    names=primary
    for ((i = 1; i <= standbys; i++)); do names+=" standby$i"; done
fi
all=${all:-compose.yml}
for file in "${files[@]}"; do
    [ -f "$file" ] || fail "there is no docker/$file"
    [[ :$all: == *:$file:* ]] || all+=:$file
done
for name in $names; do
    [[ ,$nodes, == *,"$name"[,:]* ]] || nodes+=${nodes:+,}$name
done
old=$(was COMPOSE_PROFILES | tr ',' '\n' | grep -v '^standbys-' | paste -sd,) || true
profiles=$(printf '%s\n' "${standbys:+standbys-$standbys}" ${old//,/ } ${profiles//,/ } | awk 'NF && !seen[$0]++' | paste -sd,)

# 32 hexadecimal digits: nothing in them needs quoting anywhere.
password() {
    local old
    old=$(was "$1")
    printf '%s=%s\n' "$1" "${old:-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')}"
}

project=${COMPOSE_PROJECT_NAME:-$(was COMPOSE_PROJECT_NAME)}
umask 077
{
    echo "# Made by docker/scripts/make-env.sh. It holds passwords: not to be committed, not to be shown."
    echo "COMPOSE_PROJECT_NAME=${project:-pgsluice}"
    echo "COMPOSE_FILE=$all"
    echo "COMPOSE_PROFILES=$profiles"
    echo "NODES=$nodes"
    for name in REPLICATOR MONITOR APP ADMIN; do password "${name}_PASSWORD"; done
    # What the reader has added.
    [ ! -e .env ] || grep -Ev '^(#|COMPOSE_(PROJECT_NAME|FILE|PROFILES)=|NODES=|(REPLICATOR|MONITOR|APP|ADMIN)_PASSWORD=|$)' .env || true
} >.env.new
mv .env.new .env
say "docker/.env: $nodes; $all"
