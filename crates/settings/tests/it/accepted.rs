//! What a reader accepts, the engine and the edge can live with.

use pilothouse_core::routing::{Action, Condition, Listener, Rule, Table};
use pilothouse_settings::operator;

/// The longest domain (RFC 1035 section 2.3.4), ended by a text.
fn longest(end: &str) -> String {
    let label = format!("{}.", "a".repeat(60));
    let room = 253 - end.len();
    let labels = label.repeat(room / label.len());
    format!("{labels}{}{end}", "b".repeat(room % label.len()))
}

#[test]
fn no_edge_refuses_a_domain_that_was_accepted() {
    let slug = "s".repeat(29);
    let preview = longest(&format!(".{slug}.localhost")).replace(&slug, "{branch}");
    let text = format!(
        "repository = \"/srv/git/shop\"\n[environment.production]\ndomain = \"{}\"\n\
         [[environment.production.rule]]\npriority = 1\npath = \"/old\"\nfixed = {{ status = 404 }}\n\
         [environment.preview]\nbranch = \"wedge/*\"\ndomain = \"{preview}\"\n",
        longest(".localhost"),
    );
    let spec = operator::read("shop", "shop.toml", &text).unwrap();
    assert_eq!(spec.check(), []);
    let branch = format!("wedge/{}", "long-".repeat(40));
    for name in ["main", branch.as_str()] {
        let environment = spec.environment_fed_by(&name.into()).unwrap();
        let domain = environment.domain.unwrap();
        assert!(domain.len() > 230, "{domain}");
        let rule = Rule {
            priority: 1,
            conditions: vec![Condition::Host { patterns: vec![domain] }],
            action: Action::fixed(404, ""),
        };
        let listener = Listener {
            id: "listener".to_owned(),
            addresses: vec![([127, 0, 0, 1], 80).into()],
            rules: vec![rule],
            default: Action::fixed(404, ""),
            trusted_proxies: Vec::new(),
        };
        let table = Table { listeners: vec![listener], ..Table::default() };
        assert_eq!(table.seal(0, 0).check(), [], "{name}");
    }
}
