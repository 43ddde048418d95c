#!/usr/bin/env bash
# Shows how the cluster is: the nodes as pgsluice sees them, the standbys as the primary sees them, the
# slots and the WAL.
#
# usage: docker/scripts/monitor.sh [--watch SECONDS] [--quiet]
#
#   --watch SECONDS  again every so often, until Ctrl-C
#   --quiet          only the standbys that are not healthy
#
# Exit status: 0 all HEALTHY, 1 a WARNING, 2 something CRITICAL, no primary, or one that cannot be asked.
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh"

watch='' quiet=''
while [ $# -gt 0 ]; do
    case $1 in
    --watch) watch=${2:-} && shift && [[ $watch =~ ^[1-9][0-9]*$ ]] || fail "--watch wants seconds" ;;
    --quiet) quiet=1 ;;
    -h | --help) help ;;
    *) help 2 >&2 ;;
    esac
    shift
done
need_engine
need_env

# As the role `monitor`, which is no superuser.
as_monitor() {
    PGPASSWORD=$(value MONITOR_PASSWORD) docker exec --env PGPASSWORD --env PGOPTIONS="-c client_min_messages=warning" \
        "$(container "$1")" timeout 20 psql -X -h /var/run/postgresql -U monitor -d postgres "${@:3}" -c "$2"
}

# Columns of what psql -A printed, in line.
table() {
    awk -F'|' -v wanted="$*" '
        NR == 1 { count = split(wanted, names, " "); for (i = 1; i <= NF; i++) at[$i] = i }
        {
            for (c = 1; c <= count; c++) {
                text = $at[names[c]]
                cell[NR, c] = text == "" ? "-" : text
                if (length(cell[NR, c]) > width[c]) width[c] = length(cell[NR, c])
            }
        }
        END {
            for (r = 1; r <= NR; r++) {
                for (c = 1; c <= count; c++) printf "  %-" width[c] "s", cell[r, c]
                print ""
            }
        }' | sed 's/ *$//'
}

look() {
    local primary status
    primary=$(with_role primary)
    status=0
    if [ -z "$quiet" ]; then
        echo "Nodes, as pgsluice sees them"
        sluice admin pgsluice "SHOW NODES" -A -F'|' -P footer=off |
            table node role health excluded lag_bytes lag_ms timeline lsn sv_active sv_idle ||
            echo "  pgsluice does not answer"
    fi
    if [ "$(wc -w <<<"$primary")" != 1 ]; then
        echo "CRITICAL: ${primary:-no node} is primary"
        return 2
    fi
    if [ -z "$quiet" ]; then
        echo "Standbys, as $primary sees them"
        as_monitor "$primary" "SELECT * FROM check_replication_health()" -A -F'|' -P footer=off |
            table standby state sync_state replay_lsn lag_bytes lag_seconds status reason || status=2
        echo "Slots"
        as_monitor "$primary" "SELECT * FROM slot_status ORDER BY slot_name" -A -F'|' -P footer=off |
            table slot_name active retained_wal_bytes wal_status || status=2
        echo "WAL"
        as_monitor "$primary" "SELECT * FROM wal_status" -A -F'|' -P footer=off |
            table role timeline position files bytes_on_disk || status=2
    else
        as_monitor "$primary" "SELECT standby, status, reason FROM check_replication_health() WHERE status <> 'HEALTHY'" -At || status=2
    fi
    # What cannot be asked is no better than what is CRITICAL.
    [ "$status" != 0 ] || status=$(as_monitor "$primary" "SELECT coalesce(max(array_position(ARRAY['HEALTHY', 'WARNING', 'CRITICAL'], status)), 3) - 1
        FROM check_replication_health()" -At) || status=2
    return "$status"
}

while [ -n "$watch" ]; do
    clear
    look || true
    sleep "$watch"
done
look
