//! Protocol versions and their negotiation.

use crate::Case;
use crate::World;
use crate::raw::Raw;
use crate::raw::V3_0;
use crate::raw::V3_2;

pub(crate) const CASES: &[Case] = &[
    ("3.0 and 3.2", both),
    ("what is newer is negotiated down", newer),
    ("unknown protocol options are told", options),
    ("older protocols are refused", older),
];

fn both(world: &World) {
    for (version, key_bytes) in [(V3_0, 4), (V3_2, 32)] {
        let mut c = Raw::try_connect(world.wide.port(), version, &[]).unwrap();
        assert_eq!(c.negotiated, None);
        assert_eq!(c.key.len(), key_bytes);
        assert!(c.q("select 1").contains("D(1)"));
        let told = |name: &str| c.parameters.iter().any(|(n, _)| n == name);
        for name in [
            "server_version",
            "client_encoding",
            "TimeZone",
            "integer_datetimes",
        ] {
            assert!(told(name), "{name}");
        }
    }
}

fn newer(world: &World) {
    for version in [(3 << 16) | 3, (3 << 16) | 9999] {
        let mut c = Raw::try_connect(world.wide.port(), version, &[]).unwrap();
        let told = c.negotiated.clone().expect("it is told");
        assert_eq!(
            told[..8],
            [0, 3, 0, 2, 0, 0, 0, 0],
            "3.2 and no options: {told:?}"
        );
        assert_eq!(c.key.len(), 32);
        assert!(c.q("select 1").contains("D(1)"));
    }
}

fn options(world: &World) {
    for version in [V3_0, V3_2] {
        let asked = [("_pq_.nothing_like_it", "1"), ("_pq_.nor_this", "x")];
        let mut c = Raw::try_connect(world.wide.port(), version, &asked).unwrap();
        let told = c.negotiated.clone().expect("it is told");
        let expected = b"_pq_.nothing_like_it\0_pq_.nor_this\0";
        assert_eq!(told[4..8], [0, 0, 0, 2]);
        assert_eq!(told[8..], expected[..]);
        assert!(c.q("select 1").contains("D(1)"));
    }
}

fn older(world: &World) {
    let refused = Raw::try_connect(world.wide.port(), 2 << 16, &[]);
    let said = refused.expect_err("it is refused");
    assert!(said.contains("unsupported frontend protocol 2.0"), "{said}");
}
