//! What the operator says of an environment that is watched at AWS.

use std::collections::BTreeMap;

use pilothouse_core::aws::{Access, AwsWatch, Belongings, ServiceName};
use pilothouse_core::spec::Runtime;
use pilothouse_core::spec::allowed::watch::shape::{self, Shape};
use pilothouse_core::spec::allowed::watch::{self, MOST};
use pilothouse_core::text::printable;

use super::elsewhere;
use crate::ProblemKind;
use crate::found::Found;
use crate::section::{Field, Section};

/// What an environment's `runtime` says where it is watched at AWS.
pub(super) const AWS_WATCH: &str = "aws-watch";
const KEYS: [&str; 10] = [
    "account",
    "region",
    "profile",
    "role",
    "tags",
    "instances",
    "load_balancers",
    "target_groups",
    "services",
    "buckets",
];
/// How many of them say how the account is reached; what belongs to it comes behind them.
const ACCESS: usize = 4;
/// What else an environment may say that is only watched; all other keys are of deployments.
const BESIDE: [&str; 3] = ["runtime", "aws", "budget"];

/// Whether an environment is watched at AWS, as far as its `runtime` says.
pub(super) fn is_watched(section: &Section<'_>) -> bool {
    let runtime = section.get("runtime");
    runtime.is_some_and(|field| field.value.as_str() == Some(AWS_WATCH))
}

/// Reads `[environment.NAME.aws]`, and refuses what only a deployment needs.
pub(super) fn runtime(
    section: &Section<'_>,
    name: &str,
    preview: bool,
    found: &mut Found<'_>,
) -> Option<Runtime> {
    for field in section.fields() {
        if !BESIDE.contains(&field.name.as_str()) && section.knows(&field.name) {
            let message = format!(
                "`{}` is of deployments, and this environment is only watched",
                printable(&field.name, 60)
            );
            let help = "leave it out; what is watched takes runtime, aws and budget";
            found.add(ProblemKind::Conflict, field.key_at, &message, help);
        }
    }
    if preview {
        let help = "give it another name, or write preview = false";
        let message = "a preview is made and removed with its branch, and this is only watched";
        found.add(ProblemKind::Conflict, section.at.clone(), message, help);
    }
    let title = format!("[environment.{}.aws]", printable(name, 60));
    let Some(field) = section.get("aws") else {
        let help = format!("write {title} with account, region, and what belongs to it");
        section.miss(found, "aws", &help);
        return None;
    };
    let inner = field.section(&title, &KEYS, found)?;
    inner.refuse_unknown(found, |key| elsewhere(key, &KEYS));
    let account = account(&inner, found);
    let region = region(&inner, found);
    let profile = one(&inner, "profile", "write profile = \"shop-readonly\"", found);
    let role = role(&inner, found);
    let belongings = belongings(&inner, region.as_deref(), found);
    // What is misspelt may be all that was meant to.
    let is_meant = |key: &&str| found.is_meant(inner.at.start, key);
    if belongings.is_empty() && !KEYS.iter().skip(ACCESS).any(is_meant) {
        let help = "name a load balancer, as in load_balancers = [\"shop\"], or tags, \
                    target_groups, services, instances or buckets";
        found.add(ProblemKind::Missing, field.key_at, "nothing belongs to it", help);
    }
    let access = Access { account: account?, region: region?, profile, role };
    Some(Runtime::AwsWatch(Box::new(AwsWatch { access, belongings })))
}

fn account(section: &Section<'_>, found: &mut Found<'_>) -> Option<String> {
    let help = "write the account's twelve digits in quotes, as in account = \"123456789012\"; \
                nothing is read from any other account";
    let Some(field) = section.get("account") else {
        section.miss(found, "account", help);
        return None;
    };
    let text = field.text(found, help)?;
    let Some(message) = watch::account(text) else { return Some(text.to_owned()) };
    field.wrong(found, &message, help);
    None
}

fn region(section: &Section<'_>, found: &mut Found<'_>) -> Option<String> {
    let help = "write region = \"us-east-1\"; a zone, as us-east-1a, is a part of one";
    let Some(field) = section.get("region") else {
        section.miss(found, "region", help);
        return None;
    };
    let text = field.text(found, help)?;
    let Some(message) = watch::region(text) else { return Some(text.to_owned()) };
    field.wrong(found, &message, help);
    None
}

fn role(section: &Section<'_>, found: &mut Found<'_>) -> Option<String> {
    let help = "write role = \"arn:aws:iam::123456789012:role/pilothouse-watch\"";
    let field = section.get("role")?;
    let text = field.line(found, help)?;
    let Some(message) = watch::role(text) else { return Some(text.to_owned()) };
    field.wrong(found, &message, help);
    None
}

fn one(
    section: &Section<'_>,
    key: &'static str,
    help: &str,
    found: &mut Found<'_>,
) -> Option<String> {
    section.get(key)?.line(found, help).map(str::to_owned)
}

fn belongings(section: &Section<'_>, region: Option<&str>, found: &mut Found<'_>) -> Belongings {
    let services = shaped(section, shape::SERVICE, found);
    let services = services.iter().filter_map(|text| ServiceName::parse(text)).collect();
    let load_balancers = shaped(section, shape::BALANCER, found);
    let target_groups = shaped(section, shape::GROUP, found);
    let instances = shaped(section, shape::INSTANCE, found);
    let buckets = shaped(section, shape::bucket(region), found);
    Belongings {
        tags: section.get("tags").map_or_else(BTreeMap::new, |field| tags(&field, found)),
        instances,
        load_balancers,
        target_groups,
        services,
        buckets,
    }
}

/// Names of a kind, of which those are refused that AWS would always refuse.
fn shaped(section: &Section<'_>, shape: Shape, found: &mut Found<'_>) -> Vec<String> {
    let (key, help) = (shape.key, shape.help);
    let Some(field) = section.get(key) else { return Vec::new() };
    let texts = field.texts(found, help).unwrap_or_default();
    if texts.len() > MOST {
        field.wrong(found, &format!("`{key}` names more than {MOST}"), "use tags instead");
    }
    let mut names = Vec::new();
    for (text, at) in texts.into_iter().take(MOST) {
        match watch::shaped(&shape, text) {
            Some(message) => found.add(ProblemKind::WrongValue, at, &message, help),
            None => names.push(text.to_owned()),
        }
    }
    names
}

fn tags(field: &Field<'_>, found: &mut Found<'_>) -> BTreeMap<String, String> {
    let help = "write tags = { app = \"shop\", env = \"production\" }";
    let Some(section) = field.section("tags = { app = \"shop\" }", &[], found) else {
        return BTreeMap::new();
    };
    let fields = section.fields();
    if fields.len() > shape::TAGS {
        let message = format!("nothing at AWS has more than {} tags", shape::TAGS);
        field.wrong(found, &message, help);
    }
    fields.iter().take(shape::TAGS).filter_map(|field| tag(field, help, found)).collect()
}

fn tag(field: &Field<'_>, help: &str, found: &mut Found<'_>) -> Option<(String, String)> {
    let text = field.text(found, help)?;
    let Some(message) = watch::tag(&field.name, text) else {
        return Some((field.name.clone(), text.to_owned()));
    };
    let help = format!(
        "a key has 1 to {} characters and a value up to {}: {help}",
        shape::TAG_KEY,
        shape::TAG_VALUE
    );
    found.add(ProblemKind::WrongValue, field.key_at.clone(), &message, &help);
    None
}
