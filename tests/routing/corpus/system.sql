-- System information functions.

select current_database(), current_catalog, current_schema(), current_schemas(false), current_query();
--~ pooled: a server's temporary schema stays with the server
select current_schemas(true);
select current_user, session_user, user, current_role, system_user_missing;
select version() like 'PostgreSQL%', pg_client_encoding(), getdatabaseencoding(), pg_encoding_to_char(6), pg_char_to_encoding('UTF8');
--~ shape: pid
select pg_backend_pid();
select pg_is_in_recovery();
select not pg_is_in_recovery() as writable;
--~ shape: time
select pg_postmaster_start_time(), pg_conf_load_time();
select inet_server_addr() is null, inet_server_port() is null, inet_client_port() is null;
--~ shape: pid
select inet_client_addr(), inet_client_port(), inet_server_port();
--~ pooled: a server's temporary schema stays with the server
select pg_my_temp_schema();
select pg_is_other_temp_schema(0), pg_trigger_depth(), pg_jit_available() is not null;
select pg_listening_channels();
select pg_notification_queue_usage();
select pg_blocking_pids(0), pg_safe_snapshot_blocking_pids(0);
select has_table_privilege('grower', 'select'), has_table_privilege('picker', 'grower', 'insert'), has_any_column_privilege('grower', 'update'), has_column_privilege('grower', 'name', 'select'), has_schema_privilege('public', 'usage'), has_database_privilege(current_database(), 'connect'), has_function_privilege('vat(numeric)', 'execute'), has_language_privilege('sql', 'usage'), has_sequence_privilege('ticket_no', 'usage'), has_type_privilege('spot', 'usage'), has_tablespace_privilege('pg_default', 'create'), has_foreign_data_wrapper_privilege_missing('x');
select has_table_privilege('grower', 'select'), has_schema_privilege('public', 'usage'), has_sequence_privilege('ticket_no', 'usage'), pg_has_role('app', 'member'), row_security_active('grower'), has_parameter_privilege('work_mem', 'set');
select pg_table_is_visible('grower'::regclass), pg_type_is_visible('spot'::regtype), pg_function_is_visible('vat'::regproc), pg_operator_is_visible('<~>(int,int)'::regoperator), pg_collation_is_visible(100::oid), pg_ts_config_is_visible('english'::regconfig), pg_ts_dict_is_visible('simple'::regdictionary), pg_opclass_is_visible(1978::oid), pg_opfamily_is_visible(1976::oid), pg_conversion_is_visible(1::oid), pg_statistics_obj_is_visible(1::oid);
select format_type(1043, 64), pg_get_expr(adbin, adrelid) from pg_attrdef where adrelid = 'orchard'::regclass order by adnum;
select pg_get_viewdef('active_grower'::regclass), pg_get_viewdef('fruit_total', true);
select pg_get_functiondef('vat(numeric)'::regprocedure), pg_get_function_arguments('addup'::regproc), pg_get_function_identity_arguments('addup'::regproc), pg_get_function_result('vat'::regproc), pg_get_function_sqlbody('vat'::regproc);
select pg_get_indexdef('crop_by_fruit'::regclass), pg_get_indexdef('crop_by_fruit'::regclass, 1, true), pg_get_constraintdef(oid) from pg_constraint where conrelid = 'crop'::regclass order by conname;
select pg_get_triggerdef(oid), pg_get_triggerdef(oid, true) from pg_trigger where tgrelid = 'price'::regclass;
select pg_get_ruledef(oid) from pg_rewrite where rulename = 'parent_kept';
select pg_get_serial_sequence('orchard', 'id'), pg_get_userbyid(10), pg_get_partkeydef('reading'::regclass), pg_get_partition_constraintdef('reading_2023'::regclass), pg_get_statisticsobjdef(0), pg_get_keywords() limit 1;
select count(*) > 400 from pg_get_keywords();
select * from pg_get_catalog_foreign_keys() order by 1, 2, 3 limit 1;
select pg_index_column_has_property('crop_by_fruit'::regclass, 1, 'asc'), pg_index_has_property('crop_by_fruit'::regclass, 'clusterable'), pg_indexam_has_property(403, 'can_order');
select pg_describe_object('pg_class'::regclass, 'grower'::regclass, 1), (pg_identify_object('pg_class'::regclass, 'grower'::regclass, 0)).identity, pg_identify_object_as_address('pg_class'::regclass, 'grower'::regclass, 0) is not null, pg_get_object_address('table', '{grower}', '{}') is not null;
select obj_description('grower'::regclass), obj_description('grower'::regclass, 'pg_class'), col_description('grower'::regclass, 5), shobj_description(1, 'pg_database');
--~ shape: oid
select 'grower'::regclass::oid, pg_relation_filenode('grower'), pg_relation_filepath('grower');
--~ shape: oid
select oid, datname from pg_database where datname = current_database();
select pg_relation_size('price') > 0, pg_table_size('price') > 0, pg_indexes_size('price') > 0, pg_total_relation_size('price') > pg_table_size('price'), pg_size_pretty(10240::bigint), pg_size_bytes('10 kB'), pg_database_size(current_database()) > 0, pg_tablespace_size('pg_default') > 0;
select pg_partition_root('reading_2023'), relid, parentrelid, isleaf, level from pg_partition_tree('reading') order by relid::text;
select pg_partition_ancestors('reading_2023');
select pg_column_compression('x'::text), pg_tablespace_location(0), pg_tablespace_databases_missing(1);
select pg_collation_actual_version(100), pg_database_collation_actual_version(1);
select pg_typeof(pg_current_snapshot()), pg_typeof(txid_current_snapshot());
--~ shape: xid
select pg_current_snapshot(), txid_current_snapshot();
--~ shape: xid
select txid_current(), pg_current_xact_id();
--~ shape: xid
select txid_current_if_assigned(), pg_current_xact_id_if_assigned(), txid_status(3);
select pg_current_xact_id_if_assigned() is null;
--~ shape: xid
select xmin, age(xmin), mxid_age('1') from grower where id = 1;
select pg_xact_commit_timestamp('3'), pg_last_committed_xact();
--~ shape: lsn
select pg_current_wal_lsn(), pg_current_wal_insert_lsn(), pg_current_wal_flush_lsn();
--~ shape: lsn
select pg_walfile_name(pg_current_wal_lsn()), pg_walfile_name_offset(pg_current_wal_lsn());
select pg_last_wal_replay_lsn() is null, pg_last_wal_receive_lsn() is null, pg_last_xact_replay_timestamp() is null;
select pg_is_wal_replay_paused();
select pg_wal_lsn_diff('0/16B3748', '0/16B3700'), pg_split_walfile_name_missing('x');
--~ shape: lsn
select checkpoint_lsn, redo_lsn, timeline_id from pg_control_checkpoint();
select pg_control_version is not null from pg_control_system();
select end_of_backup_record_required from pg_control_recovery();
--~ shape: random
select pg_export_snapshot();
--~ primary: a restore point is not made there
--~ shape: lsn
select pg_create_restore_point('before the harvest {db}');
--~ shape: lsn
select pg_switch_wal();
--~ shape: lsn
select pg_logical_emit_message(false, 'note', 'hello'), pg_logical_emit_message(true, 'note', 'hello');
--~ shape: lsn
select * from pg_create_physical_replication_slot('slot_{db}');
select slot_name, slot_type, active from pg_replication_slots where slot_name = 'slot_{db}';
select slot_name from pg_get_replication_slots() where slot_name = 'slot_{db}';
select pg_drop_replication_slot('slot_{db}');
select pg_create_logical_replication_slot('logical_{db}', 'test_decoding');
select pg_stat_reset(), pg_stat_reset_single_table_counters('grower'::regclass), pg_stat_clear_snapshot();
select current_setting('search_path'), current_setting('nowhere.at_all', true), current_setting('TimeZone');
select current_setting('work_mem'), current_setting('hot_standby'), current_setting('port') <> '5432', current_setting('transaction_read_only'), current_setting('in_hot_standby');
select current_setting('transaction_read_only');
select current_setting('in_hot_standby');
select current_setting('server_version_num')::int >= 150000;
select current_setting('cluster_name');
select name, setting from pg_settings where name in ('cluster_name', 'transaction_read_only', 'in_hot_standby') order by name;
select set_config('work_mem', '5MB', true), current_setting('work_mem');
select pg_column_size(row(1, 2)), pg_input_is_valid_missing('1', 'int4');
select pg_ls_dir_missing('.');
select count(*) > 3 from pg_ls_dir('.');
select pg_read_file('PG_VERSION'), pg_read_binary_file('PG_VERSION') is not null, (pg_stat_file('PG_VERSION')).isdir;
--~ shape: files
select name, size from pg_ls_waldir() order by name limit 1;
select count(*) >= 0 from pg_ls_logdir();
select count(*) from pg_ls_tmpdir();
select pg_current_logfile();
select pg_rotate_logfile();
select pg_reload_conf();
--~ primary: it would end a server there
select pg_cancel_backend(-1), pg_terminate_backend(-1);
--~ primary: a standby would be promoted
select pg_promote(false);
--~ primary: replay would stop
select pg_wal_replay_pause();
--~ primary: replay has not stopped
select pg_wal_replay_resume();
select get_wal_replay_state_missing();
select pg_get_wal_replay_pause_state();
--~ shape: load
select pg_log_backend_memory_contexts(pg_backend_pid());
select brin_summarize_new_values('crop_by_fruit'::regclass);
select gin_clean_pending_list('orchard_tags'::regclass);
select pg_extension_config_dump('grower'::regclass, '');
select pg_import_system_collations('pg_catalog') >= 0;
select pg_prepared_xact_missing();
select * from pg_prepared_xact() where gid like '%{db}';
select amname, pg_indexam_has_property(oid, 'can_unique') from pg_am order by amname;
select name from pg_available_extensions where name = 'hstore';
select count(*) > 10 from pg_timezone_names;
select abbrev, utc_offset from pg_timezone_abbrevs where abbrev = 'CET';
select pg_get_multixact_members('1'::xid);
select count(*) from pg_show_all_settings() where name = 'work_mem';
select count(*) from pg_lock_status() where not granted;
select count(*) >= 0 from pg_stat_get_activity(null);
select pg_stat_get_live_tuples('grower'::regclass) >= 0;
select satisfies_hash_partition('reading'::regclass, 2, 0, null::timestamp);
select pg_filenode_relation(0, 0), pg_sequence_parameters('ticket_no'::regclass), pg_sequence_last_value('ticket_no'::regclass);

-- Advisory locks.

select pg_try_advisory_lock(1);
select pg_advisory_unlock(1);

select pg_advisory_lock(2), pg_advisory_unlock(2);

select pg_advisory_lock(3, 4);
select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid();
select pg_advisory_unlock_all();

begin;
select pg_advisory_xact_lock(5);
select pg_try_advisory_xact_lock(5), pg_try_advisory_xact_lock_shared(6, 7);
commit;

select pg_advisory_lock_shared(8), pg_advisory_unlock_shared(8), pg_try_advisory_lock_shared(9), pg_advisory_unlock_shared(9);
select pg_advisory_xact_lock(10);
select pg_advisory_unlock(999);

-- Sequences.

select nextval('ticket_no');
select currval('ticket_no'), lastval();
select setval('ticket_no', 100), setval('ticket_no', 200, false), nextval('ticket_no');
select last_value, is_called from ticket_no;
select * from ticket_no;
select sequencename, last_value from pg_sequences where sequencename = 'ticket_no';
select seqstart, seqincrement from pg_sequence where seqrelid = 'ticket_no'::regclass;

--~ pooled: what a sequence gave is the server's to know
select currval('ticket_no');
--~ pooled: what a sequence gave is the server's to know
select lastval();
select nextval('no_such_sequence');
select setval('orchard_id_seq', (select max(id) from orchard));
select last_value from orchard_id_seq;

-- Catalogs.

select relname, relkind, relpersistence from pg_class where relname in ('grower', 'scratch', 'ticket_no', 'active_grower', 'fruit_stock', 'reading', 'crop_by_fruit') order by relname;
select c.relname, n.nspname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public' and c.relkind = 'r' order by 1;
select attname, atttypid::regtype, attnotnull, attidentity, attgenerated from pg_attribute where attrelid = 'grower'::regclass and attnum > 0 and not attisdropped order by attnum;
select conname, contype, pg_get_constraintdef(oid) from pg_constraint where conrelid = 'orchard'::regclass order by conname;
select indexrelid::regclass, indisunique, indisprimary, indkey from pg_index where indrelid = 'crop'::regclass order by 1::text;
select proname, provolatile, prokind from pg_proc where pronamespace = 'public'::regnamespace and proname in ('vat', 'next_ticket', 'settle') order by proname;
select typname, typtype from pg_type where typname in ('ripeness', 'spot', 'grams', 'float_span') order by typname;
select enumlabel from pg_enum where enumtypid = 'ripeness'::regtype order by enumsortorder;
select nspname from pg_namespace where nspname !~ '^pg_(temp|toast)' order by nspname;
select tgname, tgenabled from pg_trigger where not tgisinternal and tgrelid = 'price'::regclass order by tgname;
select rulename, ev_type from pg_rewrite where rulename like '%\_kept' order by rulename;
select rolname, rolsuper from pg_roles where rolname in ('picker', 'app') order by rolname;
select usename from pg_user where usename = 'app';
select extname from pg_extension order by extname;
select lanname from pg_language order by lanname;
select amname from pg_am where amtype = 'i' order by amname;
select oprname, oprleft::regtype from pg_operator where oprname = '<~>';
select castsource::regtype, castcontext from pg_cast where casttarget = 'spot'::regtype;
select aggfnoid from pg_aggregate where aggfnoid::text = 'noted_sum';
select inhrelid::regclass, inhparent::regclass from pg_inherits where inhparent = 'reading'::regclass order by 1::text;
select partstrat, partnatts from pg_partitioned_table where partrelid = 'reading'::regclass;
select polname, polcmd from pg_policy order by polname;
select rngsubtype::regtype from pg_range where rngtypid = 'float_span'::regtype;
select description from pg_description where objoid = 'grower'::regclass order by objsubid;
select classid::regclass, deptype from pg_depend where refobjid = 'price'::regclass order by 1::text, 2;
select cfgname from pg_ts_config where cfgname = 'english';
select collname from pg_collation where collname = 'C';
select conname from pg_conversion where conname = 'utf8_to_iso_8859_1';
select spcname from pg_tablespace order by spcname;
select datname, datistemplate from pg_database where datname in ('template1', current_database()) order by 2;
select count(*) from pg_largeobject_metadata where oid = 4711;
select loid, pageno, length(data) from pg_largeobject where loid = 4711;
select tablename, tableowner, hasindexes from pg_tables where schemaname = 'public' order by tablename limit 4;
select viewname, definition from pg_views where schemaname = 'public' and viewname = 'northern';
select matviewname, ispopulated from pg_matviews;
select indexname, indexdef from pg_indexes where tablename = 'crop' order by indexname;
select tablename, rulename from pg_rules where schemaname = 'public' order by 2;
select policyname, cmd, roles from pg_policies order by policyname;
select attname, n_distinct from pg_stats where tablename = 'price' order by attname;
select * from pg_stats_ext limit 1;
select * from pg_publication;
select * from pg_publication_tables;
select subname from pg_subscription;
select count(*) >= 0 from pg_seclabels;
select name, statement from pg_prepared_statements;
select name from pg_cursors;
select gid from pg_prepared_xacts where database = current_database();
--~ shape: pid
select pid, state from pg_stat_activity where datname = current_database() order by pid limit 1;
select count(*) from pg_stat_replication where false;
select count(*) from pg_stat_replication;
select count(*) from pg_stat_wal_receiver;
select slot_name from pg_replication_slots where slot_name like 'slot%' order by 1;
--~ shape: load
select seq_scan, n_tup_ins from pg_stat_user_tables where relname = 'grower';
--~ shape: load
select xact_commit from pg_stat_database where datname = current_database();
--~ shape: load
select idx_scan from pg_stat_user_indexes where indexrelname = 'crop_by_fruit';
--~ shape: load
select heap_blks_read from pg_statio_user_tables where relname = 'grower';
--~ shape: load
select checkpoints_timed from pg_stat_bgwriter;
--~ shape: load
select wal_records from pg_stat_wal;
select archived_count from pg_stat_archiver;
select count(*) from pg_stat_progress_vacuum;
select count(*) > 0 from pg_locks;
select sourcefile is null from pg_settings where name = 'work_mem';
select count(*) > 5 from pg_file_settings;
select type, database from pg_hba_file_rules order by line_number limit 1;
select count(*) from pg_ident_file_mappings;
select name from pg_config where name = 'VERSION';
select count(*) > 0 from pg_backend_memory_contexts;
select count(*) > 0 from pg_shmem_allocations;
select local_id from pg_replication_origin_status;
select roname from pg_replication_origin;

-- The information schema.

select table_name, table_type from information_schema.tables where table_schema = 'public' order by table_name;
select column_name, data_type, is_nullable, column_default, is_identity, is_generated from information_schema.columns where table_name = 'grower' order by ordinal_position;
select constraint_name, constraint_type from information_schema.table_constraints where table_name = 'orchard' and constraint_type <> 'CHECK' order by 1;
select column_name from information_schema.key_column_usage where constraint_name = 'grower_pkey';
select unique_constraint_name, delete_rule from information_schema.referential_constraints where constraint_name = 'crop_orchard_id_fkey';
select table_name from information_schema.views where table_schema = 'public' order by 1;
select routine_name, routine_type from information_schema.routines where routine_schema = 'public' and routine_name in ('vat', 'settle') order by 1;
select parameter_name, data_type from information_schema.parameters where specific_schema = 'public' and specific_name like 'addup%' order by ordinal_position;
select sequence_name, start_value from information_schema.sequences where sequence_schema = 'public' order by 1;
select trigger_name, event_manipulation from information_schema.triggers order by 1, 2;
select schema_name from information_schema.schemata where schema_name !~ '_temp_' order by 1;
select check_clause from information_schema.check_constraints where constraint_name = 'crop_weight_check';
select domain_name, data_type from information_schema.domains where domain_schema = 'public' order by 1;
select grantee, privilege_type from information_schema.table_privileges where table_name = 'price' and grantee = 'picker';
select role_name from information_schema.enabled_roles order by 1 limit 1;
select table_name, column_name from information_schema.constraint_column_usage where constraint_name = 'orchard_title_key';
select catalog_name = current_database() from information_schema.information_schema_catalog_name;
select feature_id, is_supported from information_schema.sql_features where feature_id = 'E011' and sub_feature_id = '';
select * from information_schema.applicable_roles order by 1, 2 limit 1;
select udt_name, attribute_name from information_schema.attributes where udt_name = 'spot' order by ordinal_position;
select character_set_name from information_schema.character_sets;
select view_name, table_name from information_schema.view_table_usage where view_name = 'orchard_card' order by 2;

-- Large objects.

select lo_get(4711), lo_get(4711, 2, 5);
select convert_from(lo_get(body), 'UTF8') from document;
select lo_create(4800), lo_put(4800, 0, 'some bytes'), lo_get(4800);
select lo_unlink(4800);
select lo_unlink(lo_creat(-1));
select lo_get(99999);

begin;
select lo_open(4711, 262144);
select loread(0, 7), lo_tell(0), lo_lseek(0, 2, 0), loread(0, 5), lo_tell64(0), lo_lseek64(0, 0, 2);
select lo_close(0);
commit;

begin;
select lo_open(4711, 131072 | 262144);
select lo_lseek(0, 0, 2), lowrite(0, ' and more'), lo_truncate(0, 20), lo_truncate64(0, 18);
select lo_close(0);
end;

select lo_import('/no/such/file');
select lo_from_bytea(4900, '\x0102');
select lo_unlink(4900);
