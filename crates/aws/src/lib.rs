//! Asks accounts at AWS what is there, through the engine's port.
//!
//! The only crate that names the SDK. Nothing here changes anything at AWS: all that it can ask
//! stands in `pilothouse_core::aws::policy`. It decides nothing either: when to ask, how often and
//! what an answer means is the engine's and the core's to say.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the SDK's types have long names, which would say the same once more"
)]

mod cloudwatch;
mod ec2;
mod ecs;
mod elb;
mod failure;
mod http;
mod pricing;
mod session;
mod tags;

use std::sync::atomic::{AtomicU64, Ordering};

use pilothouse_core::aws::asking::{Ask, Content};
use pilothouse_core::aws::book::{Listed, Product};
use pilothouse_core::aws::policy::{self, Action};
use pilothouse_core::aws::seen::Identity;
use pilothouse_core::aws::{Access, Trouble, TroubleKind};
use pilothouse_core::text::printable;
use pilothouse_core::time::Timestamp;
use pilothouse_engine::accounts::{Account, Answer, Cloud, PriceAnswer, ProfileAnswer, Sent};

use self::session::{Clients, Session};

/// Characters of a text of AWS's that are told at most.
const TEXT: usize = 255;
/// Pages of one list that are read at most: five hundred things each, or fewer.
const PAGES: usize = 50;

/// Reaches accounts at AWS.
#[derive(Clone, Copy, Debug, Default)]
pub struct Aws;

impl Cloud for Aws {
    fn account(&self, access: &Access) -> Box<dyn Account> {
        Box::new(Asked {
            session: Session::new(access.clone()),
            count: Count::default(),
            definitions: ecs::Definitions::default(),
        })
    }

    fn profile<'a>(&'a self, name: &'a str) -> ProfileAnswer<'a> {
        Box::pin(session::profile(name))
    }
}

/// An account that is asked.
struct Asked {
    session: Session,
    count: Count,
    definitions: ecs::Definitions,
}

/// What was sent.
#[derive(Debug, Default)]
struct Count {
    requests: AtomicU64,
    metrics: AtomicU64,
}

impl Count {
    fn request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    fn metrics(&self, count: usize) {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.metrics.fetch_add(count, Ordering::Relaxed);
    }
}

impl Account for Asked {
    fn read(&self, ask: Ask) -> Answer<'_> {
        Box::pin(async {
            let clients = self.session.clients().await;
            let answer = self.answer(&clients, ask).await;
            let is_useless = match &answer {
                Ok(Content::Identity(identity)) => !self.session.is_of(&identity.account),
                Ok(_) => false,
                Err(trouble) => {
                    trouble.kind.is_of_credentials() || trouble.action == policy::ASSUME_ROLE
                }
            };
            if is_useless {
                self.session.forget(&clients).await;
            }
            answer.map_err(|trouble| self.session.told(&clients, trouble))
        })
    }

    fn price<'a>(&'a self, product: &'a Product) -> PriceAnswer<'a> {
        Box::pin(self.look_up(product))
    }

    fn sent(&self) -> Sent {
        Sent {
            requests: self.count.requests.load(Ordering::Relaxed),
            metrics: self.count.metrics.load(Ordering::Relaxed),
        }
    }
}

impl Asked {
    async fn look_up(&self, product: &Product) -> Result<Option<Listed>, Trouble> {
        let clients = self.session.clients().await;
        pricing::look_up(&clients.pricing, &self.count, product).await
    }

    async fn answer(&self, clients: &Clients, ask: Ask) -> Result<Content, Trouble> {
        let count = &self.count;
        Ok(match ask {
            Ask::Identity => Content::Identity(self.identity(clients).await?),
            Ask::Instances => Content::Instances(ec2::instances(&clients.ec2, count).await?),
            Ask::Checks(ids) => Content::Checks(ec2::checks(&clients.ec2, count, &ids).await?),
            Ask::Volumes => Content::Volumes(ec2::volumes(&clients.ec2, count).await?),
            Ask::Addresses => Content::Addresses(ec2::addresses(&clients.ec2, count).await?),
            Ask::Gateways => Content::Gateways(ec2::gateways(&clients.ec2, count).await?),
            Ask::Balancers => Content::Balancers(elb::balancers(&clients.elb, count).await?),
            Ask::Rules(arns) => Content::Rules(elb::rules(&clients.elb, count, &arns).await?),
            Ask::Groups => Content::Groups(elb::groups(&clients.elb, count).await?),
            Ask::Tags(arns) => Content::Tags(tags::of(&clients.elb, count, &arns).await?),
            Ask::Health(arns) => Content::Health(elb::health(&clients.elb, count, &arns).await?),
            Ask::Registrations(arns) => {
                Content::Registrations(elb::health(&clients.elb, count, &arns).await?)
            }
            Ask::ServiceTags => Content::ServiceTags(tags::of_services(&clients.ecs, count).await?),
            Ask::Services(names) => Content::Services(
                ecs::services(&clients.ecs, count, &self.definitions, &names).await?,
            ),
            Ask::Metrics(queries) => Content::Metrics(
                cloudwatch::metrics(&clients.cloudwatch, count, &queries, now()).await?,
            ),
            Ask::Meters(meters) => Content::Meters(
                cloudwatch::meters::meters(&clients.cloudwatch, count, &meters, now()).await?,
            ),
        })
    }

    async fn identity(&self, clients: &Clients) -> Result<Identity, Trouble> {
        let action = policy::GET_CALLER_IDENTITY;
        self.count.request();
        let answer = clients.sts.get_caller_identity().send().await;
        let answer = answer.map_err(|error| failure::trouble(action, &error))?;
        let (Some(account), Some(arn)) = (answer.account(), answer.arn()) else {
            return Err(unreadable(action, "it named no account"));
        };
        Ok(Identity { account: printable(account, 20), arn: printable(arn, TEXT) })
    }
}

fn unreadable(action: Action, said: &str) -> Trouble {
    Trouble::new(TroubleKind::Unreadable, action.name(), said)
}

/// What stands where more pages come than are read: what is left out would be taken as not there.
fn too_many(action: Action) -> Trouble {
    unreadable(action, &format!("it has more than {PAGES} pages, which is more than is read"))
}

/// What stands where a page names itself as the next one: what comes behind it is never told.
fn repeated(action: Action) -> Trouble {
    unreadable(action, "a page of it names itself as the next one")
}

/// What was asked for, of an answer that has it: an empty list is there, and says that it is empty.
fn told<T>(action: Action, asked: Option<T>) -> Result<T, Trouble> {
    asked.ok_or_else(|| unreadable(action, "the answer does not have what was asked for"))
}

fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let ms = since.unwrap_or_default().as_millis();
    Timestamp(u64::try_from(ms).unwrap_or(u64::MAX))
}

/// A text of AWS's, which may hold whatever somebody named a thing.
fn text(said: Option<&str>) -> String {
    printable(said.unwrap_or_default(), TEXT)
}

fn point(at: Option<&aws_smithy_types::DateTime>) -> Option<Timestamp> {
    let ms = at?.to_millis().ok()?;
    u64::try_from(ms).ok().map(Timestamp)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn access(profile: Option<&str>) -> Access {
        Access {
            account: "123456789012".to_owned(),
            region: "us-east-1".to_owned(),
            profile: profile.map(ToOwned::to_owned),
            role: None,
        }
    }

    #[tokio::test]
    async fn credentials_that_fail_are_read_anew_the_next_time() {
        let asked = Asked {
            session: Session::new(access(Some("pilothouse-nowhere"))),
            count: Count::default(),
            definitions: ecs::Definitions::default(),
        };
        let before = asked.session.clients().await;
        assert!(Arc::ptr_eq(&before, &asked.session.clients().await), "they are kept until then");
        let trouble = asked.read(Ask::Instances).await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::NoCredentials, "{trouble}");
        let after = asked.session.clients().await;
        assert!(!Arc::ptr_eq(&before, &after));
        // What fails late was of credentials that are forgotten already.
        asked.session.forget(&before).await;
        assert!(Arc::ptr_eq(&after, &asked.session.clients().await));
    }

    #[tokio::test]
    async fn a_profile_that_is_not_there_is_named_whatever_else_there_is() {
        let trouble =
            Aws.account(&access(Some("pilothouse-nowhere"))).read(Ask::Identity).await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::NoCredentials, "{trouble}");
        assert!(trouble.said.contains("profile `pilothouse-nowhere`"), "{trouble}");
    }
}
