//! The demonstration on containers, as a newcomer sees it.

use super::super::stage::{Stage, processes};

#[test]
fn the_demonstration_plays_every_act_on_containers_and_leaves_nothing() {
    let stage = Stage::new();
    let home = stage.path("home");
    let mut demo = stage.binary();
    demo.args(["demo", "--headless", "--runtime", "docker"]).env("TMPDIR", &home);
    demo.env_remove("PILOTHOUSE_STATE").env_remove("PILOTHOUSE_CONFIG");
    let said = demo.output().unwrap();
    let told = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(said.status.success(), "{told}{}", String::from_utf8_lossy(&said.stderr));
    assert!(told.contains("\n9 of 9 acts passed in "), "{told}");
    assert_eq!(processes::of(&home), []);
    assert_eq!(std::fs::read_dir(&home).unwrap().count(), 0, "files are left");
}
