#!/usr/bin/env bash
# Compose v2 or docker-compose 1.29, whichever is here, for the cluster that docker/.env describes.
#
# usage: docker/scripts/compose.sh COMMAND…     (as in: ps, logs -f primary, stop standby1, down --volumes)
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh"
case ${1:---help} in -h | --help) help ;; esac
need_engine
need_env
compose "$@"
