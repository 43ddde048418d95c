-- What every primary has: run by psql as the superuser whenever a node becomes the primary, and safe to
-- run again. It reads APP_USER, APP_DATABASE and the passwords from the environment.
\set ON_ERROR_STOP on
\getenv app_user APP_USER
\getenv app_database APP_DATABASE
\getenv app_password APP_PASSWORD
\getenv monitor_password MONITOR_PASSWORD
\getenv replicator_password REPLICATOR_PASSWORD

SELECT format('CREATE ROLE %I', name)
FROM unnest(ARRAY['replicator', 'monitor', :'app_user']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec

-- Standbys: they stream, copy, keep a slot, and rewind themselves after a failover.
ALTER ROLE replicator LOGIN REPLICATION NOSUPERUSER PASSWORD :'replicator_password';
GRANT pg_read_all_stats TO replicator;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_ls_dir(text, boolean, boolean) TO replicator;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_stat_file(text, boolean) TO replicator;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_read_binary_file(text) TO replicator;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_read_binary_file(text, bigint, bigint, boolean) TO replicator;

-- Who looks: pgsluice, Prometheus, monitor.sh.
ALTER ROLE monitor LOGIN NOSUPERUSER PASSWORD :'monitor_password';
GRANT pg_monitor TO monitor;
ALTER ROLE monitor IN DATABASE postgres SET search_path = monitoring, pg_catalog;

ALTER ROLE :"app_user" LOGIN NOSUPERUSER PASSWORD :'app_password';
SELECT format('CREATE DATABASE %I OWNER %I', :'app_database', :'app_user')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'app_database') \gexec
