#!/usr/bin/env bash
# psql through pgsluice, with the password that docker/.env has; psql itself is that of a node.
#
# usage: docker/scripts/psql.sh [USER] [psql's options…]
#
#   USER  app (the default), monitor, or admin for pgsluice's console
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh"

user=app
case ${1:-} in
-h | --help) help ;;
app | monitor | admin) user=$1 && shift ;;
esac
need_engine
need_env
case $user in
app) database=$(database) ;;
monitor) database=postgres ;;
admin) database=pgsluice ;;
esac
terminal=()
[ ! -t 0 ] || [ ! -t 1 ] || terminal=(--tty)
PGPASSWORD=$(value "${user^^}_PASSWORD")
export PGPASSWORD
exec docker exec --interactive "${terminal[@]}" --env PGPASSWORD "$(any_node)" \
    psql -h pgsluice -p 6432 -U "$user" -d "$database" "$@"
