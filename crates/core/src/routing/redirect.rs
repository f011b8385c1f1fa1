//! Where a redirect sends a request.
//!
//! Responsible for filling the placeholders. What it writes comes partly from the request, so
//! whoever sends it must still refuse bytes that are not allowed in a header field.

use super::{Redirect, RequestView};

/// What begins a placeholder.
const OPEN: &str = "#{";
const PROTOCOL: &str = "#{protocol}";
const HOST: &str = "#{host}";
const PORT: &str = "#{port}";
const PATH: &str = "#{path}";
/// What stands for a part of the request.
const PLACEHOLDERS: [&str; 5] = [PROTOCOL, HOST, PORT, PATH, "#{query}"];

/// Says whether every placeholder of a template stands for something.
pub(super) fn is_known(template: &str) -> bool {
    let mut begun = template.match_indices(OPEN).map(|(start, _)| &template[start..]);
    begun.all(|tail| PLACEHOLDERS.iter().any(|name| tail.starts_with(name)))
}

impl Redirect {
    /// Writes the `Location` for a request that arrived by `scheme` at `port`.
    ///
    /// The port is left out where it is the scheme's own.
    pub fn location(&self, request: &RequestView<'_>, scheme: &str, port: u16) -> String {
        let port = port.to_string();
        let fill = |part: &Option<String>, keep: &str| {
            expand(part.as_deref().unwrap_or(keep), request, scheme, &port)
        };
        let to_scheme = fill(&self.scheme, PROTOCOL);
        let to_host = fill(&self.host, HOST);
        let to_port = fill(&self.port, PORT);
        let to_path = fill(&self.path, "/#{path}");
        let to_query = fill(&self.query, "#{query}");
        let mut location = format!("{to_scheme}://{to_host}");
        let is_usual =
            matches!((to_scheme.as_str(), to_port.as_str()), ("http", "80") | ("https", "443"));
        if !is_usual {
            location.push(':');
            location.push_str(&to_port);
        }
        location.push_str(&to_path);
        if !to_query.is_empty() {
            location.push('?');
            location.push_str(&to_query);
        }
        location
    }

    /// Says whether the redirect would send every request to where it came from.
    pub(super) fn is_loop(&self) -> bool {
        let keeps = |part: &Option<String>, keep: &str| part.as_deref().is_none_or(|p| p == keep);
        keeps(&self.scheme, PROTOCOL)
            && keeps(&self.host, HOST)
            && keeps(&self.port, PORT)
            && keeps(&self.path, "/#{path}")
    }
}

/// Fills the placeholders in one pass, so that a request cannot smuggle in one of its own.
fn expand(template: &str, request: &RequestView<'_>, scheme: &str, port: &str) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(start) = rest.find(OPEN) {
        out.push_str(&rest[..start]);
        let tail = &rest[start..];
        let known = PLACEHOLDERS.iter().find(|name| tail.starts_with(**name)).copied();
        out.push_str(match known {
            Some(PROTOCOL) => scheme,
            Some(HOST) => request.host,
            Some(PORT) => port,
            Some(PATH) => {
                let path = request.path.sent();
                path.strip_prefix('/').unwrap_or(path)
            }
            Some(_) => request.query.unwrap_or_default(),
            None => OPEN,
        });
        rest = &tail[known.unwrap_or(OPEN).len()..];
    }
    out.push_str(rest);
    out
}
