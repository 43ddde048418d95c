//! psql: a script with everything that its users type.

use std::fmt::Write;
use std::fs;
use std::process::Command;

use pgsluice::demo::cluster;

use crate::Scene;

#[test]
fn psql_runs_a_script() {
    let mut scene = Scene::set();
    let said = run(&scene, WRITING);
    let wanted = [
        "INSERT 0 3\nBEGIN\n1|one\n2|two\n3|three\nCOMMIT\n",
        "BEGIN\nUPDATE 1\n1|ONE\nROLLBACK\nCOPY 2\n",
        "BEGIN\n4\tfour\n5\tfive\nCOMMIT\nLISTEN\nNOTIFY\n",
        "Asynchronous notification \"news\" with payload \"hello\" received",
    ];
    for wanted in wanted {
        assert!(said.contains(wanted), "no {wanted} in:\n{said}");
    }
    assert!(said.contains("ERROR:  division by zero"), "{said}");
    assert!(said.contains("after the error|5"), "{said}");

    scene.count_from_now();
    let mut reading = String::from("\\set ON_ERROR_STOP 1\n");
    for i in 0..READS {
        writeln!(reading, "select {i}, count(*) from words;").expect("it fits");
    }
    let said = run(&scene, &reading);
    for i in 0..READS {
        assert!(
            said.contains(&format!("{i}|5\n")) || said.ends_with(&format!("{i}|5")),
            "{said}"
        );
    }
    let (_cluster, counts) = scene.counts();
    counts.check_reads(READS, 20);
}

fn run(scene: &Scene, script: &str) -> String {
    let file = scene.cluster.folder().join("script.sql");
    fs::write(&file, script).expect("the script is written");
    let mut psql: Command = scene.cluster.program("psql");
    psql.args(["-XAt", "-d", &scene.proxy.conninfo(), "-f"])
        .arg(&file);
    // Errors and results in the order in which they came.
    let mut sh = Command::new("sh");
    sh.arg("-c")
        .arg("exec \"$0\" \"$@\" 2>&1")
        .arg(psql.get_program())
        .args(psql.get_args());
    cluster::run("psql", &mut sh).expect("psql does its work")
}

const READS: u64 = 200;

const WRITING: &str = "\
create table words (n int primary key, word text);
insert into words values (1, 'one'), (2, 'two'), (3, 'three');
begin;
select * from words order by n;
commit;
begin;
update words set word = upper(word) where n = 1;
select * from words where n = 1;
rollback;
copy words from stdin;
4\tfour
5\tfive
\\.
begin;
copy (select * from words where 3 < n order by n) to stdout;
commit;
listen news;
notify news, 'hello';
select 1 / 0;
begin;
select 'after the error', count(*) from words;
commit;
\\d words
";
