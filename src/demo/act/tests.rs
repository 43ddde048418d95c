use std::time::Duration;

use crate::demo::act::Act;

#[test]
fn each_act_has_a_third() {
    let check = |seconds: u64, length: Option<u64>, expected: Act| {
        let act = Act::at(
            Duration::from_secs(seconds),
            length.map(Duration::from_secs),
        );
        assert_eq!(act, expected, "{seconds} s of {length:?}");
    };
    check(0, Some(30), Act::Even);
    check(9, Some(30), Act::Even);
    check(10, Some(30), Act::Lagging);
    check(19, Some(30), Act::Lagging);
    check(20, Some(30), Act::Back);
    check(29, Some(30), Act::Back);
    check(0, Some(0), Act::Even);
    check(19, None, Act::Even);
    check(20, None, Act::Lagging);
    check(40, None, Act::Back);
    check(61, None, Act::Back);
    check(80, None, Act::Lagging);
}
