//! How an account is reached: by a role, by a profile that takes one on, by no more than the least
//! policy, or not at all.

use pilothouse_core::aws::{Part, TroubleKind, Watched};

use super::super::stage::Stage;
use super::faults::{DENIED, EXPIRED, THROTTLED};
use super::proxy::Proxy;
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
fn a_role_that_cannot_be_taken_on_is_told_by_why_and_is_taken_on_once_it_can() {
    let moto = Emulator::moto();
    moto.account(&["fill", "1"]);
    let proxy = Proxy::before(moto.address());
    proxy.fails("AssumeRole", DENIED);
    let stage = stage(&proxy.endpoint());
    watch(&stage, ACCOUNT, &format!("role = \"{ROLE}\"\n{SHOP}"));
    let kind = |one: &Watched| one.stopped.as_ref().map(|trouble| trouble.kind);
    for (fault, told) in [
        (DENIED, TroubleKind::Denied),
        (EXPIRED, TroubleKind::Expired),
        (THROTTLED, TroubleKind::Throttled),
    ] {
        proxy.fails("AssumeRole", fault);
        let told = seen(&stage, fault.code, |one| kind(one) == Some(told));
        let trouble = told.stopped.unwrap();
        assert_eq!(trouble.action, "sts:AssumeRole", "{trouble}");
        assert!(trouble.to_string().contains(&format!("AWS said: {}", fault.message)), "{trouble}");
    }
    proxy.heals();
    seen(&stage, "the load balancer", |one| !one.balancers.is_empty() && one.stopped.is_none());
    stage.end();
    // Where nobody answers there are credentials all the same.
    let nowhere = super::stage(&format!("http://{}", moto.end()));
    watch(&nowhere, ACCOUNT, &format!("role = \"{ROLE}\"\n{SHOP}"));
    let told = seen(&nowhere, "nobody", |one| kind(one) == Some(TroubleKind::Unreachable));
    let said = told.stopped.unwrap().to_string();
    assert!(said.starts_with("sts:AssumeRole in us-east-1 at http://127.0.0.1:"), "{said}");
    assert!(said.contains(". Why: ") && !said.contains("AWS said"), "{said}");
    nowhere.end();
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
        // What stands in variables is of somebody else.
        ("AWS_ACCESS_KEY_ID", "variable"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
    ];
    let stage = stage_with(&moto.endpoint(), &files);
    watch(&stage, ACCOUNT, &format!("profile = \"shop\"\n{SHOP}"));
    let told = seen(&stage, "the load balancer", |one| !one.balancers.is_empty());
    let arn = &told.identity.as_ref().unwrap().arn;
    assert!(arn.ends_with(":assumed-role/pilothouse-watch/kim"), "{arn}");
    stage.end();
}

#[test]
fn without_credentials_it_says_so_and_asks_for_nothing() {
    let moto = Emulator::moto();
    let proxy = Proxy::before(moto.address());
    let none = [("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")];
    let stage = stage_with(&proxy.endpoint(), &none);
    watch(&stage, ACCOUNT, SHOP);
    let told = seen(&stage, "a refusal", |one| one.stopped.is_some());
    let stopped = told.stopped.as_ref().unwrap();
    assert_eq!(stopped.kind, TroubleKind::NoCredentials, "{stopped}");
    assert!(stopped.to_string().contains("name a profile"), "{stopped}");
    assert_eq!(proxy.asked(), Vec::<String>::new());
    stage.end();
}

/// Watches as a user who may do what a policy says, and what is seen once all was tried.
fn as_one_who_may(policy: &str) -> Watched {
    let moto = Emulator::moto();
    moto.account(&["fill", "1"]);
    moto.account(&["tagged"]);
    let key = moto.account(&["policy", policy]);
    let keys = [
        ("AWS_ACCESS_KEY_ID", key["id"].as_str().unwrap()),
        ("AWS_SECRET_ACCESS_KEY", key["secret"].as_str().unwrap()),
    ];
    let stage = stage_with(&moto.endpoint(), &keys);
    watch(&stage, ACCOUNT, SHOP);
    let told = seen(&stage, "all parts", |one| one.parts.contains_key(&Part::Metrics));
    assert!(told.identity.as_ref().unwrap().arn.ends_with(":user/watch"), "{told:?}");
    stage.end();
    told
}

fn denied(told: &Watched) -> Vec<&str> {
    let troubles = told.parts.values().filter_map(|fresh| fresh.trouble.as_ref());
    let denied = troubles.filter(|trouble| trouble.kind == TroubleKind::Denied);
    denied.map(|trouble| trouble.action.as_str()).collect()
}

#[test]
fn the_least_policy_lets_everything_be_seen_and_what_it_leaves_out_is_named() {
    let said = Stage::new().binary().arg("iam-policy").output().unwrap();
    let policy = String::from_utf8(said.stdout).unwrap();
    let told = as_one_who_may(&policy);
    assert_eq!(denied(&told), Vec::<&str>::new());
    assert!(!told.services.is_empty() && !told.balancers.is_empty() && !told.instances.is_empty());
    // moto asks after everybody's rights from then on: without some of them exactly those miss.
    let left: Vec<&str> = policy
        .lines()
        .filter(|line| !line.contains("DescribeTargetHealth") && !line.contains("ecs:ListServices"))
        .collect();
    let told = as_one_who_may(&left.join("\n"));
    let missing = ["elasticloadbalancing:DescribeTargetHealth", "ecs:ListServices"];
    assert_eq!(denied(&told), missing, "{:#?}", told.parts);
    assert!(!told.balancers.is_empty() && !told.instances.is_empty());
}
