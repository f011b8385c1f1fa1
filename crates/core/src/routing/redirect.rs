//! Where a redirect sends a request.
//!
//! Responsible for filling the placeholders. What it writes comes partly from the request, so
//! whoever sends it must still refuse bytes that are not allowed in a header field.

use super::{Redirect, RequestView};

impl Redirect {
    /// Writes the `Location` for a request that arrived by `scheme` at `port`.
    ///
    /// The port is left out where it is the scheme's own.
    pub fn location(&self, request: &RequestView<'_>, scheme: &str, port: u16) -> String {
        let port = port.to_string();
        let fill = |part: &Option<String>, keep: &str| {
            expand(part.as_deref().unwrap_or(keep), request, scheme, &port)
        };
        let to_scheme = fill(&self.scheme, "#{protocol}");
        let to_host = fill(&self.host, "#{host}");
        let to_port = fill(&self.port, "#{port}");
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
        keeps(&self.scheme, "#{protocol}")
            && keeps(&self.host, "#{host}")
            && keeps(&self.port, "#{port}")
            && keeps(&self.path, "/#{path}")
    }
}

/// Fills the placeholders in one pass, so that a request cannot smuggle in one of its own.
fn expand(template: &str, request: &RequestView<'_>, scheme: &str, port: &str) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(start) = rest.find("#{") {
        out.push_str(&rest[..start]);
        let tail = &rest[start..];
        let (value, width) = if tail.starts_with("#{protocol}") {
            (scheme, "#{protocol}".len())
        } else if tail.starts_with("#{host}") {
            (request.host, "#{host}".len())
        } else if tail.starts_with("#{port}") {
            (port, "#{port}".len())
        } else if tail.starts_with("#{path}") {
            let path = request.path.sent();
            (path.strip_prefix('/').unwrap_or(path), "#{path}".len())
        } else if tail.starts_with("#{query}") {
            (request.query.unwrap_or_default(), "#{query}".len())
        } else {
            ("#{", 2)
        };
        out.push_str(value);
        rest = &tail[width..];
    }
    out.push_str(rest);
    out
}
