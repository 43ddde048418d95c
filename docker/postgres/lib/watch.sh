# shellcheck shell=bash disable=SC2034,SC2154
# What the node does while PostgreSQL runs: it follows whoever becomes the primary, and gives up
# being the primary itself when another was promoted. Sourced by bin/node.

# How long a standby may get nothing from a primary that is there, before its data is mended.
readonly STUCK_SECONDS=${STUCK_SECONDS:-20}

readonly HOW_ARE_YOU="
SELECT CASE WHEN pg_is_in_recovery() THEN 'standby' ELSE 'primary' END,
       CASE WHEN pg_is_in_recovery() THEN coalesce((SELECT received_tli FROM pg_stat_wal_receiver), 0)
            ELSE ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int END,
       (SELECT count(*) FROM pg_stat_wal_receiver WHERE status = 'streaming'),
       coalesce(pg_last_wal_replay_lsn(), '0/0')"

own_sql() { timeout 20 psql -XAtqF ' ' -v ON_ERROR_STOP=1 -U postgres -d postgres "$@"; }

# Returns when PostgreSQL has ended, with its status, or with 0 when the data is to be looked at again
# (`mend` says how). Expects `postgres_pid`.
watch() {
    local state timeline streaming position is_known='' last_timeline='' last_position='' stuck_since=$SECONDS
    while kill -0 "$postgres_pid" 2>/dev/null; do
        pause 2
        read -r state timeline streaming position <<<"$(own_sql -c "$HOW_ARE_YOU" 2>/dev/null || true)" || true
        [ -n "$state" ] || continue
        if [ "$state" != "$is_known" ] && "became_$state"; then
            is_known=$state
            touch "$RUN/is-up"
        fi
        # A primary that lacks something is one all the same, and steps down as one.
        if [ "$state" = primary ]; then
            mend=''
            ! is_superseded "$timeline" || { stop_postgres && return 0; }
        elif [ "$streaming" = 1 ] || [ "$position" != "$last_position" ]; then
            stuck_since=$SECONDS
            [ "$streaming" = 0 ] || mend=''
            # What it streams from may have become a standby itself, which goes with a new timeline.
            [ "$streaming" = 0 ] || [ "$timeline" = "$last_timeline" ] || { find_primary && last_timeline=$timeline; }
        else
            find_primary || true
            [ -n "$primary_name" ] || stuck_since=$SECONDS
            if [ $((SECONDS - stuck_since)) -ge "$STUCK_SECONDS" ]; then
                say "gets nothing from $primary_name for $STUCK_SECONDS s"
                if [ -z "$mend" ]; then mend=rewind; else mend=copy; fi
                stop_postgres
                return 0
            fi
        fi
        last_position=$position
    done
    wait "$postgres_pid"
}

became_primary() {
    [ "$role" = primary ] || say "was promoted"
    role=primary
    # A synchronous standby may be one that needs these roles first.
    local -x PGOPTIONS='-c synchronous_commit=local -c default_transaction_read_only=off -c lock_timeout=5s'
    PGOPTIONS+=' -c log_min_error_statement=panic -c client_min_messages=warning'
    own_sql -f "$SHARE/sql/primary.sql" >/dev/null && keep_for_peers >/dev/null ||
        { say "the SQL of a primary failed; again in a moment" && return 1; }
    make_monitoring >/dev/null || say "the views and functions of schema monitoring could not be renewed; those that there are stay"
    say "is the primary"
}

# A slot for each peer, also for one that has not come yet: the WAL is kept for it, and it is missed.
keep_for_peers() {
    own_sql -v names="$(peers | tr -c 'a-z0-9_\n' _ | paste -sd,)" <<'SQL'
SELECT pg_create_physical_replication_slot(name, true) FROM unnest(string_to_array(:'names', ',')) AS name
WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = name);
SQL
}

# The views are left alone if they are those of this image: to replace them takes a lock that a session which has
# read one, and is idle in its transaction, keeps from us. In place if that can be, or else anew, which others'
# views on them forbid.
make_monitoring() {
    local version sql=$SHARE/sql/monitoring.sql
    version=$(md5sum <"$sql")
    version="of sql/monitoring.sql ${version%% *}"
    [ "$(own_sql -c "SELECT obj_description(to_regnamespace('monitoring'), 'pg_namespace')")" != "$version" ] || return 0
    own_sql -1 -f "$sql" 2>/dev/null || own_sql -1 -f "$SHARE/sql/no-monitoring.sql" -f "$sql" || return 1
    own_sql -c "COMMENT ON SCHEMA monitoring IS '$version'"
}

# Slots that are left from a time as the primary would keep WAL for nobody.
became_standby() {
    role=standby
    own_sql -c "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
                WHERE slot_type = 'physical' AND NOT active AND NOT temporary" >/dev/null
}

# Whether another node was promoted: this one was the primary then.
is_superseded() {
    survey "$(own_system)"
    [ "$primary_timeline" -gt "$1" ] || return 1
    say "$primary_name was promoted to timeline $primary_timeline; this node, on timeline $1, steps down"
}

# Follows another primary, if there is one, without a restart. Fails if none is to be seen.
find_primary() {
    survey "$(own_system)"
    [ -n "$primary_name" ] || return 1
    [ "$primary_name" != "$followed" ] || return 0
    ensure_slot "$primary_name" || return 1
    write_settings standby "$primary_name" "$(at_least "$primary_connections" "$(own_connections)")"
    own_sql -c 'SELECT pg_reload_conf()' >/dev/null || return 1
    followed=$primary_name
    say "follows $primary_name now, on timeline $primary_timeline"
}
