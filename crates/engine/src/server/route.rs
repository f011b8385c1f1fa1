//! Which paths there are, and behind which door.
//!
//! Three tables with a type each: what answers for the watchers' door is handed a [`Read`] and
//! can be handed nothing else.

use hyper::Method;

/// A path and its method. `{id}` stands for one segment.
#[derive(Clone, Copy, Debug)]
pub struct Route<T> {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The path after the version.
    pub path: &'static str,
    /// What it is.
    pub name: T,
}

/// What can be read, at the operators' and the watchers' door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// Who answers.
    Version,
    /// A snapshot.
    State,
    /// What happens.
    Events,
    /// A run's log.
    RunLog,
    /// An instance's log.
    InstanceLog,
    /// What is found when an instance is looked at closely.
    Inspect,
    /// What is said of a commit before anything of it ran.
    Verdict,
    /// The audit log.
    Audit,
    /// The description of the API.
    OpenApi,
}

/// What changes something, at the operators' door alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// A command.
    Commands,
}

/// What the trigger socket takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Look at the repositories now.
    Look,
}

const fn get<T>(path: &'static str, name: T) -> Route<T> {
    let method = "GET";
    Route { method, path, name }
}

const fn post<T>(path: &'static str, name: T) -> Route<T> {
    let method = "POST";
    Route { method, path, name }
}

/// What can be read, at the operators' and the watchers' door.
pub const READ_ROUTES: [Route<Read>; 9] = [
    get("/version", Read::Version),
    get("/state", Read::State),
    get("/events", Read::Events),
    get("/runs/{id}/log", Read::RunLog),
    get("/instances/{id}/log", Read::InstanceLog),
    get("/instances/{id}/inspect", Read::Inspect),
    get("/commits/{id}/verdict", Read::Verdict),
    get("/audit", Read::Audit),
    get("/openapi.json", Read::OpenApi),
];

/// What changes something, at the operators' door alone.
pub const COMMAND_ROUTES: [Route<Write>; 1] = [post("/commands", Write::Commands)];

/// What the trigger socket takes.
pub const LOOK_ROUTES: [Route<Look>; 1] = [post("/look", Look::Look)];

/// What a table says of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found<'a, T> {
    /// It is this route, with the segment that stands where `{id}` does.
    Route(T, &'a str),
    /// The path is there, for another method.
    OtherMethod(&'static str),
    /// No such path.
    Nothing,
}

/// Looks a request up in a table.
pub(super) fn find<'a, T: Copy>(
    table: &[Route<T>],
    method: &Method,
    path: &'a str,
) -> Found<'a, T> {
    let mut found = Found::Nothing;
    for route in table {
        let Some(id) = fit(route.path, path) else {
            continue;
        };
        if route.method == method.as_str() {
            return Found::Route(route.name, id);
        }
        found = Found::OtherMethod(route.method);
    }
    found
}

/// The segment that stands where the pattern has `{id}`, empty where it has none; none where the
/// path does not fit.
fn fit<'a>(pattern: &str, path: &'a str) -> Option<&'a str> {
    let Some((before, after)) = pattern.split_once("{id}") else {
        return (pattern == path).then_some("");
    };
    let id = path.strip_prefix(before)?.strip_suffix(after)?;
    (!id.is_empty() && !id.contains('/')).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_fit_or_do_not() {
        let find = |path| find(&READ_ROUTES, &Method::GET, path);
        assert_eq!(find("/state"), Found::Route(Read::State, ""));
        assert_eq!(find("/runs/7/log"), Found::Route(Read::RunLog, "7"));
        for path in
            ["", "/", "/state/", "//state", "/runs//log", "/runs/log", "/runs/1/2/log", "/commands"]
        {
            assert_eq!(find(path), Found::Nothing, "{path}");
        }
    }

    #[test]
    fn another_method_is_told_which_one() {
        let found = find(&READ_ROUTES, &Method::DELETE, "/state");
        assert_eq!(found, Found::OtherMethod("GET"));
    }
}
