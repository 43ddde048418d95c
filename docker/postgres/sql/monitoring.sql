-- How replication is: views and check_replication_health(), in the schema monitoring of the database
-- postgres. Made on the primary and replicated, so that every node has them. For members of pg_monitor.
-- Run in one transaction. Where they are there with other columns, no-monitoring.sql comes first.
CREATE SCHEMA IF NOT EXISTS monitoring;
REVOKE ALL ON SCHEMA monitoring FROM PUBLIC;
GRANT USAGE ON SCHEMA monitoring TO pg_monitor;

-- How far this node is: what it has written as the primary, or received as a standby.
CREATE OR REPLACE FUNCTION monitoring.wal_position() RETURNS pg_lsn
LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog AS $$
    SELECT CASE WHEN pg_is_in_recovery()
                THEN greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
                ELSE pg_current_wal_lsn() END
$$;

-- The standbys that are connected.
CREATE OR REPLACE VIEW monitoring.replication_status AS
SELECT r.application_name AS standby,
       r.pid,
       r.client_addr,
       r.state,
       r.sync_state,
       r.sent_lsn,
       r.write_lsn,
       r.flush_lsn,
       r.replay_lsn,
       pg_wal_lsn_diff(monitoring.wal_position(), r.replay_lsn)::bigint AS lag_bytes,
       -- The server knows no lag once a standby has been idle, which is to have none.
       round(extract(epoch FROM CASE WHEN r.replay_lsn >= monitoring.wal_position() THEN interval '0'
                                     ELSE r.replay_lag END), 3) AS lag_seconds,
       now() - r.backend_start AS connected_for,
       r.reply_time
FROM pg_stat_replication AS r
LEFT JOIN pg_replication_slots AS s ON s.active_pid = r.pid
-- Not the connections of base backups.
WHERE r.state <> 'backup' AND NOT coalesce(s.temporary, false) AND r.application_name <> 'pg_basebackup';

-- The slots, and what they keep.
CREATE OR REPLACE VIEW monitoring.slot_status AS
SELECT slot_name,
       slot_type,
       active,
       active_pid,
       restart_lsn,
       pg_wal_lsn_diff(monitoring.wal_position(), restart_lsn)::bigint AS retained_wal_bytes,
       wal_status,
       safe_wal_size AS bytes_until_lost,
       inactive_since
FROM pg_replication_slots
WHERE NOT temporary;

-- The write-ahead log of this node.
CREATE OR REPLACE VIEW monitoring.wal_status AS
SELECT CASE WHEN pg_is_in_recovery() THEN 'standby' ELSE 'primary' END AS role,
       CASE WHEN pg_is_in_recovery()
            THEN greatest((SELECT received_tli FROM pg_stat_wal_receiver), (SELECT timeline_id FROM pg_control_checkpoint()))
            ELSE ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int END AS timeline,
       monitoring.wal_position() AS position,
       CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() END AS replayed,
       d.files,
       d.bytes AS bytes_on_disk,
       w.wal_records,
       w.wal_bytes::bigint AS bytes_written,
       w.wal_buffers_full,
       w.stats_reset
FROM pg_stat_wal AS w,
     LATERAL (SELECT count(*) AS files, sum(size)::bigint AS bytes FROM pg_ls_waldir()) AS d;

-- A row for each standby, be it connected or only known by its slot. The worst of these counts:
--   CRITICAL  it is not connected; its slot is lost or about to be; it is further behind, or its slot keeps
--             more, than the critical thresholds
--   WARNING   it is not streaming yet; it is beyond the thresholds for a warning
CREATE OR REPLACE FUNCTION monitoring.check_replication_health(
    warning_bytes bigint DEFAULT 16 * 1024 * 1024,
    critical_bytes bigint DEFAULT 256 * 1024 * 1024,
    warning_lag interval DEFAULT '5 seconds',
    critical_lag interval DEFAULT '60 seconds',
    warning_retained bigint DEFAULT 512 * 1024 * 1024,
    critical_retained bigint DEFAULT 1536 * 1024 * 1024)
RETURNS TABLE (
    standby text, client_addr inet, state text, sync_state text,
    sent_lsn pg_lsn, write_lsn pg_lsn, flush_lsn pg_lsn, replay_lsn pg_lsn,
    lag_bytes bigint, lag_seconds numeric,
    slot_name name, slot_active boolean, wal_status text, retained_wal_bytes bigint,
    status text, reason text)
LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = monitoring, pg_catalog AS $$
    WITH standbys AS (
        SELECT coalesce(r.standby, s.slot_name::text) AS standby,
               r.client_addr, r.state, r.sync_state, r.sent_lsn, r.write_lsn, r.flush_lsn, r.replay_lsn,
               r.lag_bytes, r.lag_seconds,
               s.slot_name, s.active, s.wal_status, s.retained_wal_bytes
        FROM replication_status AS r
        FULL JOIN (SELECT * FROM slot_status WHERE slot_type = 'physical') AS s ON s.active_pid = r.pid
    ), verdicts AS (
        SELECT b.*, v.severity, v.reason
        FROM standbys AS b
        CROSS JOIN LATERAL (VALUES
            (2, 'not connected', b.state IS NULL),
            (2, 'slot ' || b.wal_status, b.wal_status IN ('lost', 'unreserved')),
            (2, pg_size_pretty(b.lag_bytes) || ' behind', b.lag_bytes >= critical_bytes),
            (2, b.lag_seconds || ' s behind', b.lag_seconds >= extract(epoch FROM critical_lag)),
            (2, 'slot keeps ' || pg_size_pretty(b.retained_wal_bytes), b.retained_wal_bytes >= critical_retained),
            (1, b.state, b.state <> 'streaming'),
            (1, 'no slot', b.slot_name IS NULL),
            (1, pg_size_pretty(b.lag_bytes) || ' behind', b.lag_bytes >= warning_bytes),
            (1, b.lag_seconds || ' s behind', b.lag_seconds >= extract(epoch FROM warning_lag)),
            (1, 'slot keeps ' || pg_size_pretty(b.retained_wal_bytes), b.retained_wal_bytes >= warning_retained),
            (0, '', true)
        ) AS v (severity, reason, applies)
        WHERE v.applies
    )
    SELECT DISTINCT ON (standby)
           standby, client_addr, state, sync_state, sent_lsn, write_lsn, flush_lsn, replay_lsn,
           lag_bytes, lag_seconds, slot_name, active, wal_status, retained_wal_bytes,
           (ARRAY['HEALTHY', 'WARNING', 'CRITICAL'])[severity + 1], reason
    FROM verdicts
    ORDER BY standby, severity DESC
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA monitoring FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA monitoring TO pg_monitor;
GRANT SELECT ON ALL TABLES IN SCHEMA monitoring TO pg_monitor;
