//! "Did you mean": the nearest of the names that exist.

/// What people write because another tool calls it so, and what it is called here.
const SYNONYMS: [(&str, &str); 40] = [
    ("argv", "run"),
    ("artifacts", "artifact"),
    ("branches", "branch"),
    ("cmd", "run"),
    ("command", "run"),
    ("count", "instances"),
    ("deadline", "timeout"),
    ("desired", "instances"),
    ("domains", "domain"),
    ("driver", "runtime"),
    ("env", "step_env"),
    ("env", "environment"),
    ("env_vars", "env"),
    ("environment", "env"),
    ("environments", "environment"),
    ("exec", "run"),
    ("failure", "unhealthy"),
    ("failure_threshold", "unhealthy"),
    ("git", "repository"),
    ("healthcheck", "health"),
    ("health_check", "health"),
    ("healthy_threshold", "healthy"),
    ("host", "domain"),
    ("hostname", "domain"),
    ("keep_releases", "keep"),
    ("lb", "load_balancer"),
    ("max_percent", "max"),
    ("min_healthy_percent", "min_healthy"),
    ("output", "artifact"),
    ("replicas", "instances"),
    ("repo", "repository"),
    ("rules", "rule"),
    ("script", "run"),
    ("stages", "stage"),
    ("start", "run"),
    ("steps", "step"),
    ("success", "healthy"),
    ("unhealthy_threshold", "unhealthy"),
    ("url", "repository"),
    ("variables", "env"),
];

/// The name that was probably meant, if one is near enough to say so.
pub(crate) fn nearest(written: &str, names: &[&'static str]) -> Option<&'static str> {
    let written = written.to_lowercase().replace('-', "_");
    let same = |name: &&&str| name.replace('-', "_") == written;
    if let Some(name) = names.iter().find(same) {
        return Some(name);
    }
    if let Some(name) = synonym(&written, names) {
        return Some(name);
    }
    let most = (written.chars().count() / 3).clamp(1, 3);
    let synonyms = SYNONYMS.iter().filter(|(_, to)| names.contains(to));
    names
        .iter()
        .map(|name| (*name, *name))
        .chain(synonyms.copied())
        .map(|(from, name)| (distance(&written, from), name))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// The name among these that another tool's word stands for.
pub(crate) fn synonym(written: &str, names: &[&'static str]) -> Option<&'static str> {
    let meant = |(from, to): &&(&str, &str)| *from == written && names.contains(to);
    SYNONYMS.iter().find(meant).map(|(_, to)| *to)
}

/// Writes names for people: `a`, `b` and `c`.
pub(crate) fn listed(names: &[&str]) -> String {
    match names {
        [] => "nothing".to_owned(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// How many letters differ, a swap of two neighbours counted once (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().take(64).collect();
    let b: Vec<char> = b.chars().take(64).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let change = above[j] + usize::from(x != y);
            let mut best = change.min(above[j + 1] + 1).min(row[j] + 1);
            let swapped = i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y;
            if swapped && let Some(two) = before.get(j - 1) {
                best = best.min(two + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut above, row);
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let names = ["run", "timeout", "env", "step", "load_balancer"];
        for (written, meant) in [
            ("rnu", Some("run")),
            ("comand", Some("run")),
            ("timeuot", Some("timeout")),
            ("Load-Balancer", Some("load_balancer")),
            ("command", Some("run")),
            ("lb", Some("load_balancer")),
            ("colour", None),
            ("x", None),
        ] {
            assert_eq!(nearest(written, &names), meant, "{written}");
        }
    }

    #[test]
    fn a_swap_is_one_difference() {
        assert_eq!(distance("ab", "ba"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
