#!/usr/bin/env bash
# A base backup, verified: by pg_basebackup from a standby (or the primary, if there is none), then by
# pg_verifybackup. It is kept in the volume `backups`.
#
# usage: docker/scripts/backup.sh [--from NODE] [--keep N] [--to FOLDER] | --list | --verify NAME
#
#   --from NODE    the node to copy; its load is the reading of all data
#   --keep N       how many backups stay (7); older ones are removed once the new one is verified
#   --to FOLDER    also as a .tar.gz in this folder of the host, readable for you alone
#   --list         the backups that there are
#   --verify NAME  checks one that is there
set -euo pipefail
here=$PWD
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh"

from='' keep=7 to='' list='' verify=''
while [ $# -gt 0 ]; do
    case $1 in
    --from) from=${2:-} && shift ;;
    --keep) keep=${2:-} && shift ;;
    --to) to=${2:-} && shift ;;
    --list) list=1 ;;
    --verify) verify=${2:-} && shift ;;
    -h | --help) help ;;
    *) help 2 >&2 ;;
    esac
    shift
done
[[ $keep =~ ^[1-9][0-9]*$ ]] || fail "--keep is 1 at least"
[ -z "$to" ] || to=$(cd "$here" && cd "$to" && pwd) || fail "there is no folder $to"
need_engine
need_env
# It holds all data, and what passwords are checked against.
umask 077

standbys=$(with_role standby)
[ -n "$from" ] || from=$(head -n 1 <<<"$standbys")
[ -n "$from" ] || from=$(with_role primary)
[ -n "$from" ] || fail "no node answers"
nodes | grep -qx "$from" || fail "$from is none of: $(nodes | paste -sd' ')"
in_node() { docker exec "$(container "$from")" "$@"; }
backups() { in_node find /backups -mindepth 1 -maxdepth 1 -name '20*' -not -name '*.new' -printf '%f\n' | sort; }

if [ -n "$list" ]; then
    for name in $(backups); do
        echo "$name $(in_node du -sh "/backups/$name" | cut -f1)"
    done
    exit 0
fi
if [ -n "$verify" ]; then
    backups | grep -qxF "$verify" || fail "there is no backup $verify; --list shows those that there are"
    in_node pg_verifybackup --quiet "/backups/$verify" || fail "backup $verify is damaged"
    echo "backup $verify is whole"
    exit 0
fi

[ -n "$(role "$from")" ] || fail "$from does not answer"
name=$(date -u +%Y%m%dT%H%M%SZ)
# One at a time; what an earlier one left half-done goes.
in_node flock --nonblock /backups/.lock sh -euc '
    rm -rf /backups/*.new
    pg_basebackup --username=postgres --pgdata="/backups/$1.new" --checkpoint=fast --wal-method=stream \
        --manifest-checksums=SHA256 --no-password
    pg_verifybackup --quiet "/backups/$1.new"
    mv "/backups/$1.new" "/backups/$1"' sh "$name" || fail "no backup was made"
echo "backup $name of $from is whole: $(in_node du -sh "/backups/$name" | cut -f1)"
for old in $(backups | head -n "-$keep"); do
    in_node rm -rf "/backups/$old"
    say "removed $old"
done
if [ -n "$to" ]; then
    trap 'rm -f "$to/$name.tar.gz.new"' EXIT
    in_node tar -C /backups -czf - "$name" >"$to/$name.tar.gz.new"
    mv "$to/$name.tar.gz.new" "$to/$name.tar.gz"
    echo "$to/$name.tar.gz"
fi
