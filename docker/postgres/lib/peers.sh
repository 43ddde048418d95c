# shellcheck shell=bash disable=SC2034,SC2154
# What the other nodes say of themselves. Sourced by bin/node.

# A standby is on the newest timeline that it has WAL of; the control file knows of it minutes later.
readonly WHO_ARE_YOU="
SELECT (SELECT system_identifier FROM pg_control_system()),
       CASE WHEN pg_is_in_recovery()
            THEN greatest((SELECT timeline_id FROM pg_control_checkpoint()),
                          (SELECT max(('x' || substr(file, 1, 8))::bit(32)::int)
                           FROM pg_ls_dir('pg_wal', true, false) AS file WHERE file ~ '^[0-9A-F]{24}$'))
            ELSE ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int END,
       CASE WHEN pg_is_in_recovery() THEN 'standby' ELSE 'primary' END,
       current_setting('max_connections')"

# Prints "system timeline role max_connections" of a peer; nothing if it does not answer.
ask() { timeout 5 psql -XAtqF ' ' "$(conninfo "$1") dbname=postgres" -c "$WHO_ARE_YOU" 2>/dev/null || true; }

# Asks all peers. Of those that are of system $1 (any, if it is empty), sets
#   primary_name, primary_timeline, primary_connections: the writable one of the highest timeline
#   standby_name, standby_timeline: the standby of the highest timeline
#   stranger_name: a writable one of another system
#   silent_names: those that do not answer
# and leaves empty, or 0, what there is not.
survey() {
    local own=$1 peer system timeline role connections
    primary_name='' primary_timeline=0 primary_connections=0 standby_name='' standby_timeline=0 stranger_name=''
    silent_names=''
    for peer in $(peers); do
        read -r system timeline role connections <<<"$(ask "$peer")" || true
        if [ -z "$system" ]; then
            silent_names+=" $peer"
        elif [ -n "$own" ] && [ "$system" != "$own" ]; then
            [ "$role" != primary ] || stranger_name=$peer
        elif [ "$role" = primary ] && [ "$timeline" -gt "$primary_timeline" ]; then
            primary_name=$peer primary_timeline=$timeline primary_connections=$connections
        elif [ "$role" = standby ] && [ "$timeline" -ge "$standby_timeline" ]; then
            standby_name=$peer standby_timeline=$timeline
        fi
    done
}

# Sees to it that the primary keeps the WAL that this node still needs.
ensure_slot() {
    timeout 20 psql -XAtq -v ON_ERROR_STOP=1 -v slot="$SLOT" "$(conninfo "$1") dbname=postgres" >/dev/null <<'SQL'
SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
WHERE slot_name = :'slot' AND wal_status = 'lost' AND NOT active;
SELECT pg_create_physical_replication_slot(:'slot', true)
WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = :'slot');
SQL
}
