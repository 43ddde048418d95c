# shellcheck shell=bash
# What may go wrong at a failover: the standby that is promoted lacks something, nodes are promoted over others, all of
# it is stopped in between. Sourced by test.sh.

replaced() {
    local first
    try "three standbys: set up" scripts/setup-replication.sh --standbys 3
    try "a standby that lacks something is not promoted" standby_lacks_the_last
    try "one that is far behind neither: nothing is stopped" standby_is_far_behind

    fork_history
    try "a standby that was overtaken is promoted, for it is the only one" scripts/promote-standby.sh standby1
    try "who follows it follows it" wait_for 90 "standby3 streams" streams_from standby1 standby3
    try "monitor.sh misses those that never came" wait_for 20 "both are missed" misses 'primary standby2'
    try "and WAL is kept for them" says "primary standby2" sql standby1 \
        "SELECT string_agg(slot_name, ' ' ORDER BY slot_name) FROM pg_replication_slots WHERE NOT active AND wal_status = 'reserved'"
    docker kill "$(container standby1)" >/dev/null
    docker unpause "$(container standby2)" >/dev/null
    try "who has most of the old timeline is not promoted over the new one" \
        fails_with 'standby2 has missed the promotion to timeline 2' scripts/promote-standby.sh standby2
    try "nor chosen" prints '^standby3 is the primary, on timeline 3$' scripts/promote-standby.sh

    compose stop --timeout 60 >/dev/null 2>&1
    docker start "$(container primary)" "$(container standby1)" >/dev/null
    try "former primaries that are started alone stay where they are" nobody_leads_for 20
    first=$(docker inspect --format '{{.State.StartedAt}}' "$(container standby1)")
    try "with the others, the last primary is the primary" prints '^standby3 is the primary' scripts/setup-replication.sh
    try "without being started again" says "$first" docker inspect --format '{{.State.StartedAt}}' "$(container standby1)"

    sql standby3 "CREATE VIEW on_monitoring AS SELECT * FROM monitoring.replication_status"
    docker restart --time 60 "$(container standby3)" >/dev/null
    try "a view on the views is in nobody's way" wait_for 60 "standby3 is healthy" is_healthy standby3
    sql standby3 "CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END';
        CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('GRANT') EXECUTE FUNCTION refuse()"
    docker restart --time 60 "$(container standby3)" >/dev/null
    try "a primary whose SQL fails is one" wait_for 60 "standby3 is the primary" is_the_only_primary standby3
    try "and is not promoted over" fails_with 'standby3 is the primary and answers' scripts/promote-standby.sh standby1
    docker pause "$(container standby3)" >/dev/null
    try "unless it hangs" scripts/promote-standby.sh standby1
    docker unpause "$(container standby3)" >/dev/null
    try "then it steps down" wait_for 180 "joined" all_stream
    try "and is a standby" says standby role standby3
    sql standby1 "DROP EVENT TRIGGER refuse"
    try "in the end all are well" wait_for 60 "healthy" all_are_healthy
    tear_down
}

# prints PATTERN COMMAND…: it succeeds, and prints that among other things.
prints() {
    local pattern=$1 output
    shift
    output=$("$@")
    printf '%s\n' "$output"
    grep -Eq "$pattern" <<<"$output"
}

# The process that receives is stopped: the primary stops in order, but one standby does not have its last words.
standby_lacks_the_last() {
    local at receiver
    at=$(container standby1)
    receiver=$(sql standby1 "SELECT pid FROM pg_stat_wal_receiver")
    docker exec "$at" bash -c 'kill -STOP "$1"' bash "$receiver"
    fails_with 'standby1 was not promoted; primary goes on' scripts/promote-standby.sh standby1 --switchover
    docker exec "$at" bash -c 'kill -CONT "$1"' bash "$receiver" || true
    wait_for 60 "writes reach the primary" is_written_through primary
    wait_for 60 "all stream again" all_stream
    [ "$(role primary)" = primary ]
}

standby_is_far_behind() {
    local since
    since=$(docker inspect --format '{{.State.StartedAt}}' "$(container primary)")
    sql standby1 "SELECT pg_wal_replay_pause()"
    app "CREATE TABLE filler AS SELECT repeat(md5(i::text), 10) FROM generate_series(1, 80000) AS i"
    fails_with 'standby1 is less than 16 MB behind' scripts/promote-standby.sh standby1 --switchover
    sql standby1 "SELECT pg_wal_replay_resume()"
    says "$since" docker inspect --format '{{.State.StartedAt}}' "$(container primary)"
    is_written_through primary
}

# standby2 alone receives the last that the primary writes, which dies; standby1 and standby3 are there, standby2 hangs.
fork_history() {
    docker pause "$(container standby1)" "$(container standby3)" >/dev/null
    sql primary "CREATE TABLE forked AS SELECT repeat(md5(i::text), 10) FROM generate_series(1, 20000) AS i"
    wait_for 30 "standby2 has it" is_received
    docker kill "$(container primary)" >/dev/null
    docker pause "$(container standby2)" >/dev/null
    docker unpause "$(container standby1)" "$(container standby3)" >/dev/null
}
is_received() { [ "$(sql primary "SELECT flush_lsn >= pg_current_wal_lsn() FROM pg_stat_replication WHERE application_name = 'standby2'")" = t ]; }

# Whether monitor.sh says of these, and of no other, that they are not connected.
misses() {
    local output status=0
    output=$(scripts/monitor.sh --quiet) || status=$?
    [ "$status" = 2 ] && [ "$(sed -n 's/|CRITICAL|not connected$//p' <<<"$output" | sort | paste -sd' ')" = "$1" ]
}

nobody_leads_for() {
    local until=$((SECONDS + $1))
    while [ $SECONDS -lt $until ]; do
        [ -z "$(with_role primary)" ]
        sleep 1
    done
    docker logs --tail 3 "$(container primary)"
    docker logs --tail 3 "$(container primary)" 2>&1 | grep -F 'another node was promoted to timeline 3, here it is 1'
    docker logs --tail 3 "$(container standby1)" 2>&1 | grep -F 'another node was promoted to timeline 3, here it is 2'
}

is_the_only_primary() { [ "$(with_role primary)" = "$1" ]; }

all_are_healthy() {
    local each
    for each in $(nodes); do is_healthy "$each" || return 1; done
    scripts/monitor.sh --quiet
}
