//! The matcher against a second one, written naively.

use proptest::prelude::*;

use super::*;

/// Matches by trying every length for every `*`.
fn naive(pattern: &[char], text: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('*', rest)) => (0..=text.len()).any(|eaten| naive(rest, &text[eaten..])),
        Some(('?', rest)) => !text.is_empty() && naive(rest, &text[1..]),
        Some((wanted, rest)) => text.first() == Some(wanted) && naive(rest, &text[1..]),
    }
}

fn naive_text(pattern: &str, text: &str, is_caseless: bool) -> bool {
    let fold = |text: &str| -> Vec<char> {
        let text = if is_caseless { text.to_ascii_lowercase() } else { text.to_owned() };
        text.chars().collect()
    };
    naive(&fold(pattern), &fold(text))
}

/// Brings a path into its one form by one pass for each thing that makes spellings differ.
fn naive_path(sent: &str) -> String {
    let decoded = sent.replace("%61", "a").replace("%2f", "/").replace('\\', "/");
    let mut kept: Vec<&str> = Vec::new();
    let segments: Vec<_> =
        decoded.split('/').map(|segment| segment.split(';').next().unwrap_or("")).collect();
    for segment in &segments {
        match *segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            other => kept.push(other),
        }
    }
    let is_open = matches!(segments.last(), None | Some(&("" | "." | "..")));
    let end = if is_open && !kept.is_empty() { "/" } else { "" };
    format!("/{}{end}", kept.join("/"))
}

fn naive_holds(
    condition: &Condition,
    request: &RequestView<'_>,
    fields: &[(String, String)],
) -> bool {
    match condition {
        Condition::Host { patterns } => patterns.iter().any(|p| naive_text(p, request.host, true)),
        Condition::Path { patterns } => {
            let path = naive_path(request.path.sent());
            patterns.iter().any(|p| naive_text(p, &path, false))
        }
        Condition::Method { methods } => methods.contains(&request.method.to_owned()),
        Condition::Header { name, patterns } => fields.iter().any(|(field, value)| {
            field.to_lowercase() == name.to_lowercase()
                && patterns.iter().any(|p| naive_text(p, value, true))
        }),
        Condition::Query { pairs } => {
            let query = request.query.unwrap_or("");
            pairs.iter().any(|wanted| {
                query.split('&').filter(|pair| !pair.is_empty()).any(|pair| {
                    let at = pair.find('=');
                    let (key, value) = at.map_or((pair, ""), |at| (&pair[..at], &pair[at + 1..]));
                    wanted.key.as_ref().is_none_or(|k| naive_text(k, key, true))
                        && naive_text(&wanted.value, value, true)
                })
            })
        }
        Condition::SourceIp { blocks } => blocks.iter().any(|b| b.contains(request.source)),
    }
}

fn patterns() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("[aAb/*?]{0,6}", 1..3)
}

fn condition() -> impl Strategy<Value = Condition> {
    let pair = (prop::option::of("[aAb*?]{0,3}"), "[aAb*?]{0,4}")
        .prop_map(|(key, value)| QueryPattern { key, value });
    prop_oneof![
        patterns().prop_map(|patterns| Condition::Host { patterns }),
        patterns().prop_map(|patterns| Condition::Path { patterns }),
        Just(Condition::Method { methods: texts(&["GET"]) }),
        ("[xXy]", patterns()).prop_map(|(name, patterns)| Condition::Header { name, patterns }),
        prop::collection::vec(pair, 1..3).prop_map(|pairs| Condition::Query { pairs }),
        (any::<[u8; 4]>(), 0_u8..=4).prop_map(|(bytes, prefix)| Condition::SourceIp {
            blocks: vec![Cidr::new(bytes.into(), prefix).unwrap()]
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn route_agrees_with_the_naive_matcher(
        rules in prop::collection::vec((0_u32..50, prop::collection::vec(condition(), 0..3)), 0..6),
        method in prop_oneof![Just("GET"), Just("POST")],
        host in "[aAb/]{0,5}",
        sent in "/((a|A|b|/|\\\\|;|%61|%2f|/\\./|/\\.\\./){0,6}|(a|b|/){0,5})",
        query in prop::option::of("[aAb=&]{0,8}"),
        fields in prop::collection::vec(("[xXy]", "[aAb]{0,4}"), 0..3),
        source in any::<[u8; 4]>(),
    ) {
        let mut seen = std::collections::HashSet::new();
        let rules: Vec<Rule> = rules
            .into_iter()
            .filter(|(priority, _)| seen.insert(*priority))
            .map(|(priority, conditions)| rule(priority, conditions))
            .collect();
        let pairs: Vec<_> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        // What is refused meets no rule.
        prop_assume!(RequestPath::read(&sent).is_ok());
        let sent = path(&sent);
        let request = RequestView {
            method, host: &host, path: &sent, query: query.as_deref(),
            source: source.into(), headers: &Fields(&pairs),
        };
        let mut sorted = rules.clone();
        sorted.sort_by_key(|rule| rule.priority);
        let expected = sorted
            .iter()
            .find(|rule| rule.conditions.iter().all(|c| naive_holds(c, &request, &fields)))
            .map_or(Action::fixed(404, "no rule matched"), |rule| rule.action.clone());
        let web = listener(rules);
        prop_assert_eq!(web.route(&request), &expected);
    }
}
