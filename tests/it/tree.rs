//! `--print-tree` for each value of `process.roles`, kept as files under `tests/tree`. With `UPDATE=1` they are
//! written.

use vltava::config::Config;
use vltava::node::tree::describe;

fn check(roles: &str, listeners: &str) {
    let settings = [
        ("process.roles", roles),
        ("node.id", "1"),
        ("log.dirs", "/tmp/vltava"),
        ("listeners", listeners),
        ("controller.listener.names", "CONTROLLER"),
        ("controller.quorum.bootstrap.servers", "127.0.0.1:9093"),
    ];
    let picture = describe(&Config::from_map(settings).expect("the settings are right"));
    let path = format!("tests/tree/{roles}.txt");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &picture).expect("the picture can be kept");
    }
    let kept = std::fs::read_to_string(&path).expect("there is a picture of it");
    assert_eq!(picture, kept, "{path}");
}

#[test]
fn of_a_broker() {
    check("broker", "PLAINTEXT://127.0.0.1:9092");
}

#[test]
fn of_a_controller() {
    check("controller", "CONTROLLER://127.0.0.1:9093");
}

#[test]
fn of_both() {
    check("broker,controller", "PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093");
}
