use std::time::Duration;

use crate::ids::NodeId;
use crate::metrics::Metrics;
use crate::topology::health::Health;
use crate::topology::policy::Policy;
use crate::topology::view::Exclusion;
use crate::topology::view::NodeView;

use super::*;

fn node(id: u16, role: Role, exclusion: Option<Exclusion>) -> NodeView {
    NodeView {
        id: NodeId(id),
        address: format!("n{id}:5432").into(),
        weight: 1.0,
        role,
        health: Health::Up {
            back_at: None,
            failures: 0,
        },
        identity: None,
        exclusion,
        certificate: None,
        caught_up: None,
        replayed: None,
        lag_bytes: None,
        latency: Duration::ZERO,
        incarnation: 0,
        sync: None,
        oneself: None,
        turned_read_only: None,
    }
}

fn view(primary: Option<u16>, nodes: Vec<NodeView>) -> View {
    View {
        version: 1,
        policy: Policy::default(),
        primary: primary.map(NodeId),
        identity: None,
        primary_lost: None,
        insert_lsn: None,
        layout: crate::topology::lsn::WalLayout::default(),
        is_split: false,
        standbys: None,
        nodes,
    }
}

#[test]
fn a_database_is_ready_with_a_primary_or_a_replica() {
    let down = Some(Exclusion::Down);
    for (primary, replica, is_ready) in [
        (Some(0), down, true),
        (None, None, true),
        (None, down, false),
    ] {
        let view = view(
            primary,
            vec![
                node(0, Role::Primary, down),
                node(1, Role::Replica, replica),
            ],
        );
        let answer = readiness([("app", &view)]);
        assert_eq!(answer == Readiness::Ready, is_ready, "{answer}");
    }
    let gone = view(None, vec![node(0, Role::Unknown, down)]);
    let good = view(Some(0), vec![node(0, Role::Primary, None)]);
    let answer = readiness([("app", &good), ("b", &gone)]);
    assert_eq!(answer.to_string(), "b: no node may serve (n0:5432 down)");
    assert_eq!(readiness([]), Readiness::Ready);
}

#[test]
fn nodes_are_shown_with_what_is_known() {
    let now = tokio::time::Instant::now().into_std();
    let mut replica = node(1, Role::Replica, Some(Exclusion::Lagging));
    replica.caught_up = now.checked_sub(Duration::from_millis(2500));
    replica.lag_bytes = Some(4096);
    let mut gone = node(2, Role::Primary, Some(Exclusion::Down));
    gone.health = gone.health.on_refusal(now);
    let view = view(Some(0), vec![node(0, Role::Primary, None), replica, gone]);
    let mut sheet = Sheet::new();
    show(&mut sheet, "main", &view, now);
    let text = Metrics::new().render(sheet);
    let has = |line: &str| text.lines().any(|l| l == line);
    for expected in [
        r#"pgsluice_node_role{cluster="main",node="n0:5432",role="primary"} 1"#,
        r#"pgsluice_node_role{cluster="main",node="n0:5432",role="replica"} 0"#,
        r#"pgsluice_node_role{cluster="main",node="n1:5432",role="replica"} 1"#,
        r#"pgsluice_node_role{cluster="main",node="n2:5432",role="primary"} 0"#,
        r#"pgsluice_node_role{cluster="main",node="n2:5432",role="unknown"} 1"#,
        r#"pgsluice_node_excluded{cluster="main",node="n1:5432",reason="lagging"} 1"#,
        r#"pgsluice_node_lag_seconds{cluster="main",node="n0:5432"} 0"#,
        r#"pgsluice_node_lag_seconds{cluster="main",node="n1:5432"} 2.5"#,
        r#"pgsluice_node_lag_bytes{cluster="main",node="n1:5432"} 4096"#,
        r#"pgsluice_node_score{cluster="main",node="n1:5432"} 0"#,
    ] {
        assert!(has(expected), "{expected} is not in\n{text}");
    }
    assert!(!text.contains(r#"pgsluice_node_lag_bytes{cluster="main",node="n0:5432"}"#));
    assert!(!text.contains(r#"pgsluice_node_excluded{cluster="main",node="n0:5432""#));
}
