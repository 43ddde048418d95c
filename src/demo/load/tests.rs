use crate::demo::load::Load;

#[test]
fn progress_lines_add_up() {
    let text = "pgbench (15.14)\n\
        progress: 1.0 s, 2000.0 tps, lat 3.000 ms stddev 1.2, 0 failed\n\
        pgbench: error: client 3 script 0 aborted in command 1 query 0: FATAL: gone\n\
        progress: 2.5 s, 1000.0 tps, lat 5.000 ms stddev 1.2, 2 failed\n";
    let load = Load::from_output(text);
    assert_eq!((load.tps, load.latency_ms), (1000.0, 5.0));
    assert_eq!(
        (load.transactions, load.failed, load.lost),
        (3500.0, 2.0, 1)
    );
    let older = Load::from_output("progress: 1.0 s, 3000.0 tps, lat 1.000 ms stddev 1.2\n");
    assert_eq!(load.and(older).latency_ms, 2.0);
    assert_eq!(load.and(Load::default()), load);
}
