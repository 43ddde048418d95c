-- Takes away what monitoring.sql makes, so that it can be made with other columns. It fails if others' views need it.
DROP FUNCTION IF EXISTS monitoring.check_replication_health;
DROP VIEW IF EXISTS monitoring.replication_status, monitoring.slot_status, monitoring.wal_status;
DROP FUNCTION IF EXISTS monitoring.wal_position;
