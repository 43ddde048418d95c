# shellcheck shell=bash disable=SC2034,SC2154
# Makes the data of this node fit the cluster as it is now. Sourced by bin/node.
#
# Whatever is cut short here is done again at the next start: a base backup goes to a folder of its
# own until it is whole, a rewind leaves a mark until it has ended.

# How long a former primary waits for standbys that do not answer: one of them may have been promoted, and be as
# late as this node when all are started together.
readonly PEERS_SECONDS=${PEERS_SECONDS:-10}

has_data() { [ -s "$PGDATA/PG_VERSION" ] && [ -s "$PGDATA/global/pg_control" ]; }
is_standby() { [ -e "$PGDATA/standby.signal" ]; }
own_system() { ! has_data || pg_controldata | sed -n 's/^Database system identifier: *//p'; }

# The timeline that the data is on. Right after a promotion the control file does not know it yet.
own_timeline() {
    local control history
    control=$(pg_controldata | sed -n "s/^Latest checkpoint's TimeLineID: *//p")
    history=$(find "$PGDATA/pg_wal" -name '*.history' -printf '%f\n' | sort | tail -n 1)
    at_least "$control" $((16#0${history%.history}))
}

# Sets `role` when the data is ready to be started in that role. Waits for as long as it takes, and
# says why. $1: how a standby that cannot follow is mended (rewind or copy), or nothing.
join() {
    local reason='' said='' since=$SECONDS
    role=''
    rm -rf "$PGDATA.new" "$PGDATA.old"
    while [ -z "$role" ]; do
        survey "$(own_system)"
        reason=''
        if [ -e "$REWINDING" ] || ! has_data; then
            join_without_data
        elif [ -n "$stranger_name" ] && [ -z "$primary_name" ]; then
            reason="$stranger_name is the primary of another cluster; to join that, remove this node's volume"
        elif is_standby; then
            join_as_standby "$1"
        else
            join_as_former_primary
        fi
        [ -n "$role" ] || pause 1
        [ -z "$reason" ] || [ "$reason" = "$said" ] || say "waiting: $reason"
        said=$reason
    done
}

join_without_data() {
    if [ -n "$primary_name" ]; then
        ! copy || follow
    elif [ "$NODE_ROLE" != primary ] || [ -e "$JOINED" ]; then
        reason="no node is a primary to copy from"
    elif [ -n "$standby_name" ]; then
        reason="$standby_name has the cluster's data and nobody is its primary; promote it"
    else
        initialise
    fi
}

join_as_standby() {
    if [ -z "$primary_name" ]; then
        say "starts as a standby; no primary is to be seen"
        write_settings standby '' "$(own_connections)"
        role=standby
    elif [ "$1" = copy ]; then
        ! copy || follow
    elif [ "$1" = rewind ]; then
        ! { rewind || copy; } || follow
    else
        follow
    fi
}

join_as_former_primary() {
    local timeline replaced=0
    timeline=$(own_timeline)
    [ ! -s "$REPLACED" ] || replaced=$(<"$REPLACED")
    if [ "$primary_timeline" -gt "$timeline" ]; then
        say "was the primary on timeline $timeline; $primary_name is it now, on timeline $primary_timeline"
        ! { rewind || copy; } || follow
    elif [ "$primary_timeline" -eq "$timeline" ]; then
        reason="$primary_name is a primary on the same timeline, $timeline; stop one of the two for good"
    elif [ "$standby_timeline" -gt "$timeline" ]; then
        reason="$standby_name follows a newer primary (timeline $standby_timeline, here $timeline), which does not answer"
    elif [ "$replaced" -gt "$timeline" ]; then
        reason="another node was promoted to timeline $replaced, here it is $timeline; only without $REPLACED does this one go on as the primary"
    elif [ $((SECONDS - since)) -lt "$PEERS_SECONDS" ] && is_standby_silent; then
        reason="for $PEERS_SECONDS s at most, for an answer of$silent_names"
    else
        say "starts as the primary, on timeline $timeline"
        write_settings primary '' 0
        role=primary
    fi
}

# Whether one of those that do not answer was a standby of this node: it left its slot.
is_standby_silent() {
    local name
    for name in $silent_names; do
        [ ! -d "$PGDATA/pg_replslot/${name//[^a-z0-9_]/_}" ] || return 0
    done
    return 1
}

# Most connections of the primary that the data comes from: a standby must not have fewer.
own_connections() { pg_controldata | sed -n 's/^max_connections setting: *//p'; }

initialise() {
    say "makes a new cluster"
    # Made aside, so that what is at the place is whole.
    rm -rf "$PGDATA.new"
    initdb --pgdata="$PGDATA.new" --username=postgres --data-checksums --encoding=UTF8 \
        --locale-provider=builtin --builtin-locale=C.UTF-8 --locale=C \
        --auth-local=peer --auth-host=scram-sha-256 >"$RUN/initdb.log" || { cat "$RUN/initdb.log" >&2 && exit 1; }
    mv "$PGDATA.new" "$PGDATA"
    touch "$JOINED"
    write_settings primary '' 0
    role=primary
}

# A base backup of the primary in the place of what is here.
copy() {
    say "copies the data of $primary_name"
    rm -rf "$PGDATA.new" "$PGDATA.old"
    ensure_slot "$primary_name" || return 1
    pg_basebackup --dbname="$(conninfo "$primary_name")" --pgdata="$PGDATA.new" --slot="$SLOT" \
        --wal-method=stream --checkpoint=fast --no-password || return 1
    touch "$PGDATA.new/standby.signal" "$JOINED"
    [ ! -e "$PGDATA" ] || mv "$PGDATA" "$PGDATA.old"
    mv "$PGDATA.new" "$PGDATA"
    rm -rf "$PGDATA.old" "$REWINDING"
}

# Undoes what was written here and never reached the primary.
rewind() {
    ensure_slot "$primary_name" || return 1
    write_settings standby "$primary_name" "$(own_connections)"
    touch "$REWINDING"
    pg_rewind --target-pgdata="$PGDATA" --source-server="$(conninfo "$primary_name") dbname=postgres" \
        --config-file="$RUN/postgresql.conf" || { say "pg_rewind failed; a base backup it is" && return 1; }
    touch "$PGDATA/standby.signal"
    rm "$REWINDING"
    say "rewound to where $primary_name took over"
}

# Sets up the data to follow the primary.
follow() {
    ensure_slot "$primary_name" || return 0
    touch "$PGDATA/standby.signal"
    write_settings standby "$primary_name" "$(at_least "$primary_connections" "$(own_connections)")"
    followed=$primary_name
    rm -f "$REPLACED"
    say "follows $primary_name, on timeline $primary_timeline"
    role=standby
}
