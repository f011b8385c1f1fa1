//! What `init --aws` proposes of an account is what the account has.

use pilothouse_settings::operator;

use super::super::stage::repository::Repository;
use super::faults::DENIED;
use super::proxy::Proxy;
use super::{ACCOUNT, Emulator, stage};

#[test]
fn an_account_is_proposed_as_it_is() {
    let moto = Emulator::moto();
    let made = moto.account(&["fill", "2"]);
    moto.account(&["tagged"]);
    let stopped = made["qa"].as_str().unwrap();
    moto.account(&["halt", stopped]);
    let stage = stage(&moto.endpoint());
    let repository = Repository::new(&stage);
    repository.commit("v1");
    let mut command = stage.binary();
    command
        .args(["init", "--name", "shop", "--aws", "--region", "us-east-1"])
        .arg(repository.dir())
        .env("AWS_ENDPOINT_URL", moto.endpoint())
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test");
    let said = command.output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    // Whose account it is comes first, then what is in it, and what to do next.
    let told = String::from_utf8(said.stdout).unwrap();
    let order = [
        "account  123456789012\n",
        "by       the usual chain of credentials\n",
        "we are   arn:aws:",
        "region   us-east-1\n",
        "found, and proposed for the environment aws\n",
        "  load balancers: 1, shop\n",
        "EC2 instances that run and are no target: 1, odd\n",
        "  ECS services: 2, shop/other, shop/web\n",
        "\nnext\n",
        "  pilothouse apply shop\n",
        "  pilothouse aws shop/aws\n",
    ];
    let places: Vec<Option<usize>> = order.iter().map(|line| told.find(line)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}\n{told}");
    let text = std::fs::read_to_string(stage.path("config/projects/shop.toml")).unwrap();
    let spec = operator::read("shop", "shop.toml", &text).unwrap_or_else(|problems| {
        panic!("{}\n{text}", pilothouse_settings::problem::report(&problems))
    });
    let own = spec.environments.iter().find(|one| one.name.as_str() == "aws").unwrap();
    let watch = own.runtime.watch().unwrap();
    assert_eq!(watch.access.account, ACCOUNT);
    assert_eq!(watch.belongings.load_balancers, ["shop"]);
    assert!(text.contains("# shop brings shop-admin, shop-web\n"), "{text}");
    let odd = made["odd"].as_str().unwrap();
    assert!(watch.belongings.instances.iter().any(|id| id == odd), "{text}");
    assert!(text.contains(&format!("# {odd} is odd\n")), "{text}");
    let services: Vec<String> = watch.belongings.services.iter().map(ToString::to_string).collect();
    assert_eq!(services, ["shop/other", "shop/web"]);
    assert!(!text.contains(stopped), "it does not run");
    let web = made["web"][0].as_str().unwrap();
    assert!(!watch.belongings.instances.iter().any(|id| id == web), "it comes with its group");
    // A name that the file has is refused before anybody is asked, and the file stays as it is.
    let said = command.args(["--environment", "production"]).output().unwrap();
    let why = String::from_utf8(said.stderr).unwrap();
    assert_eq!(said.status.code(), Some(2), "{why}");
    assert!(why.contains("has an environment production already"), "{why}");
    stage.end();
}

#[test]
fn a_named_profile_brings_its_region_and_what_may_not_be_looked_for_is_told() {
    let moto = Emulator::moto();
    moto.account(&["fill", "1"]);
    let stage = stage(&moto.endpoint());
    let repository = Repository::new(&stage);
    repository.commit("v1");
    let config = stage.path("aws-config");
    let proxy = Proxy::before(moto.address());
    proxy.fails("ListClusters", DENIED);
    proxy.fails("DescribeLoadBalancers", DENIED);
    let mut command = stage.binary();
    command
        .args(["init", "--name", "other", "--aws", "--profile", "far"])
        .arg(repository.dir())
        .env("AWS_ENDPOINT_URL", proxy.endpoint())
        .env("AWS_CONFIG_FILE", &config)
        .env("AWS_REGION", "eu-west-1");
    std::fs::write(
        &config,
        "[profile far]\nregion = us-east-1\naws_access_key_id = test\n\
         aws_secret_access_key = test\n",
    )
    .unwrap();
    let said = command.output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let told = String::from_utf8(said.stdout).unwrap();
    for line in [
        "by       far\n",
        "region   us-east-1\n",
        "  target groups, those of load balancers among them: 2, shop-admin, shop-web\n",
        "  not looked for: 2 of 5 kinds, of which there may be more\n",
        "    load balancers (elasticloadbalancing:DescribeLoadBalancers denied)\n",
        "    ECS services (ecs:ListClusters denied)\n",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    assert!(!told.contains("ECS services: 0") && !told.contains("  load balancers:"), "{told}");
    let text = std::fs::read_to_string(stage.path("config/projects/other.toml")).unwrap();
    assert!(text.contains("region = \"us-east-1\"\nprofile = \"far\"\n"), "{text}");
    assert!(text.contains("# not looked for: ECS services (ecs:ListClusters denied)\n"), "{text}");
    assert!(text.contains("target_groups = [\"shop-admin\", \"shop-web\"]\n"), "{text}");
    stage.end();
}
