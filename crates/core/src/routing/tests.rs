//! Tests of the routing table.

mod check;
mod matching;
mod oracle;
mod path;
mod wire;

use super::*;

/// A listener with these rules, whose default answers 404.
fn listener(rules: Vec<Rule>) -> Listener {
    Listener {
        id: "web".to_owned(),
        addresses: vec!["127.0.0.1:8080".parse().unwrap()],
        rules,
        default: Action::fixed(404, "no rule matched"),
        trusted_proxies: Vec::new(),
    }
}

fn rule(priority: u32, conditions: Vec<Condition>) -> Rule {
    Rule { priority, conditions, action: Action::fixed(200, priority.to_string()) }
}

fn texts(values: &[&str]) -> Vec<String> {
    values.iter().map(|&value| value.to_owned()).collect()
}

fn path(sent: &str) -> RequestPath<'_> {
    RequestPath::read(sent).unwrap()
}

/// Header fields for a test.
struct Fields<'a>(&'a [(&'a str, &'a str)]);

impl HeaderLookup for Fields<'_> {
    fn any(&self, name: &str, accept: &mut dyn FnMut(&[u8]) -> bool) -> bool {
        let mut values = self.0.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name));
        values.any(|(_, value)| accept(value.as_bytes()))
    }
}

const GET: RequestView<'static> = RequestView {
    method: "GET",
    host: "shop.localhost",
    path: &RequestPath::ROOT,
    query: None,
    source: std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7)),
    headers: &NoHeaders,
};
