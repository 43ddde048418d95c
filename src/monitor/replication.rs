//! What nodes are asked about replication once in a while: a primary who streams from it, a replica by
//! which name and slot it does. For 10 to 18.

use std::net::IpAddr;

use crate::monitor::probe::Trouble;
use crate::monitor::questions::nonsense;
use crate::server::query::Row;
use crate::topology::standby::Oneself;
use crate::topology::standby::Standby;
use crate::topology::standby::Standbys;
use crate::topology::standby::SyncState;
use crate::topology::standby::name_in;

/// Asks a primary: what commits wait for, then a row for each physical standby. What a role without
/// `pg_monitor` may not see is NULL.
pub const STANDBYS: &str = "SELECT pg_catalog.current_setting('synchronous_commit'); \
    SELECT r.application_name, pg_catalog.host(r.client_addr), s.slot_name, r.state, r.sync_state \
    FROM pg_catalog.pg_stat_replication r \
    LEFT JOIN pg_catalog.pg_replication_slots s ON s.active_pid = r.pid \
    WHERE s.slot_type IS DISTINCT FROM 'logical'";

/// Asks a replica about itself.
pub const ONESELF: &str = "SELECT pg_catalog.pg_postmaster_start_time(), \
    pg_catalog.host(pg_catalog.inet_server_addr()), \
    coalesce(w.slot_name, nullif(pg_catalog.current_setting('primary_slot_name', true), '')), \
    w.conninfo \
    FROM (SELECT 1) one LEFT JOIN pg_catalog.pg_stat_wal_receiver w ON true";

/// Reads the answer to [`STANDBYS`]; `None`: our role may not know.
///
/// # Errors
/// It is not what PostgreSQL answers.
pub fn read_standbys(rows: &[Row]) -> Result<Option<Standbys>, Trouble> {
    const EXPECTED: &str = "a setting and standbys";
    let (first, rest) = rows.split_first().ok_or_else(|| nonsense(EXPECTED, rows))?;
    let [Some(commit)] = &**first else {
        return Err(nonsense(EXPECTED, rows));
    };
    let mut list = Vec::new();
    for row in rest {
        let [name, address, slot, state, sync] = &**row else {
            return Err(nonsense(EXPECTED, rows));
        };
        let (Some(state), Some(sync)) = (state, sync) else {
            return Ok(None);
        };
        let sync = SyncState::parse(sync).ok_or_else(|| nonsense("a sync_state", rows))?;
        list.push(Standby {
            name: name.as_deref().unwrap_or_default().into(),
            address: read_address(address.as_deref()),
            slot: slot.as_deref().map(Box::from),
            is_streaming: state == "streaming",
            sync,
        });
    }
    Ok(Some(Standbys {
        list,
        is_remote_apply: commit == "remote_apply",
    }))
}

/// Reads the answer to [`ONESELF`].
///
/// # Errors
/// It is not what PostgreSQL answers.
pub fn read_oneself(rows: &[Row]) -> Result<Oneself, Trouble> {
    let [row] = rows else {
        return Err(nonsense("one row", rows));
    };
    let [Some(started), address, slot, conninfo] = &**row else {
        return Err(nonsense("when it started, and how it streams", rows));
    };
    Ok(Oneself {
        started: started.as_str().into(),
        address: read_address(address.as_deref()),
        name: conninfo.as_deref().and_then(name_in).map(Box::from),
        slot: slot.as_deref().map(Box::from),
    })
}

fn read_address(text: Option<&str>) -> Option<IpAddr> {
    text.and_then(|text| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(fields: &[&str]) -> Row {
        let field = |f: &&str| Some((*f).to_owned()).filter(|f| f != "NULL");
        fields.iter().map(field).collect()
    }

    #[test]
    fn standbys_are_read() {
        let rows = [
            row(&["remote_apply"]),
            row(&["pg2", "10.0.0.2", "slot2", "streaming", "sync"]),
            row(&["pg_basebackup", "NULL", "NULL", "backup", "async"]),
        ];
        let found = read_standbys(&rows).unwrap().unwrap();
        assert!(found.is_remote_apply);
        let [first, second] = &*found.list else {
            panic!("{found:?}");
        };
        assert_eq!((&*first.name, first.sync), ("pg2", SyncState::Sync));
        assert_eq!(first.slot.as_deref(), Some("slot2"));
        assert_eq!(first.address, Some([10, 0, 0, 2].into()));
        assert!(first.is_streaming && !second.is_streaming);
        assert_eq!((second.address, &second.slot), (None, &None));
        let alone = read_standbys(&[row(&["on"])]).unwrap().unwrap();
        assert_eq!(alone, Standbys::default());
    }

    #[test]
    fn without_rights_nothing_is_known() {
        let hidden = row(&["pg2", "NULL", "slot2", "NULL", "NULL"]);
        assert_eq!(read_standbys(&[row(&["on"]), hidden]).unwrap(), None);
        let own = read_oneself(&[row(&["2026", "10.0.0.2", "slot2", "NULL"])]).unwrap();
        assert_eq!((own.name, own.slot.as_deref()), (None, Some("slot2")));
    }

    #[test]
    fn strange_answers_are_refused() {
        for rows in [
            vec![],
            vec![row(&["NULL"])],
            vec![row(&["on", "on"])],
            vec![row(&["on"]), row(&["a"])],
            vec![row(&["on"]), row(&["a", "NULL", "NULL", "streaming", "x"])],
        ] {
            assert!(read_standbys(&rows).is_err(), "{rows:?}");
        }
        for rows in [
            vec![],
            vec![row(&["NULL", "NULL", "NULL", "NULL"])],
            vec![row(&["a"])],
            vec![row(&["a", "b", "c", "d"]); 2],
        ] {
            assert!(read_oneself(&rows).is_err(), "{rows:?}");
        }
    }
}
