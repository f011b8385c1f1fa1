//! How an account is reached: by a role, and by a profile that takes one on.

use super::{ACCOUNT, Emulator, SHOP, seen, stage, stage_with, watch};

const ROLE: &str = "arn:aws:iam::123456789012:role/pilothouse-watch";

#[test]
fn a_role_is_taken_on_and_said() {
    let moto = Emulator::moto();
    moto.account(&["fill", "1"]);
    let stage = stage(&moto.endpoint());
    watch(&stage, ACCOUNT, &format!("role = \"{ROLE}\"\n{SHOP}"));
    let told = seen(&stage, "the load balancer", |one| !one.balancers.is_empty());
    let arn = &told.identity.as_ref().unwrap().arn;
    assert!(arn.ends_with(":assumed-role/pilothouse-watch/pilothouse"), "{arn}");
    assert_eq!(told.access.by(), "role pilothouse-watch");
    stage.end();
}

#[test]
fn a_role_of_another_account_is_not_read() {
    let moto = Emulator::moto();
    moto.account(&["fill", "1"]);
    let stage = stage(&moto.endpoint());
    let role = ROLE.replace(ACCOUNT, "210987654321");
    watch(&stage, ACCOUNT, &format!("role = \"{role}\"\n{SHOP}"));
    let told = seen(&stage, "a refusal", |one| one.stopped.is_some());
    let said = told.stopped.as_ref().unwrap().to_string();
    assert!(said.contains("credentials are of account 210987654321"), "{said}");
    assert!(told.balancers.is_empty());
    stage.end();
}

#[test]
fn a_profile_of_awss_own_files_brings_its_credentials_and_its_role() {
    let moto = Emulator::moto();
    moto.account(&["fill", "1"]);
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("config");
    let text = format!(
        "[profile keys]\ncredential_process = /bin/echo {{\\\"Version\\\":1,\
         \\\"AccessKeyId\\\":\\\"profile\\\",\\\"SecretAccessKey\\\":\\\"secret\\\"}}\n\
         [profile shop]\nsource_profile = keys\nrole_arn = {ROLE}\nrole_session_name = kim\n"
    );
    std::fs::write(&file, text).unwrap();
    let files = [
        ("AWS_CONFIG_FILE", file.to_str().unwrap()),
        // What stands in variables would go before any profile.
        ("AWS_ACCESS_KEY_ID", ""),
        ("AWS_SECRET_ACCESS_KEY", ""),
    ];
    let stage = stage_with(&moto.endpoint(), &files);
    watch(&stage, ACCOUNT, &format!("profile = \"shop\"\n{SHOP}"));
    let told = seen(&stage, "the load balancer", |one| !one.balancers.is_empty());
    let arn = &told.identity.as_ref().unwrap().arn;
    assert!(arn.ends_with(":assumed-role/pilothouse-watch/kim"), "{arn}");
    stage.end();
}
