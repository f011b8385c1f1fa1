//! Things of an account, as far as they are watched.
//!
//! Texts come from AWS and from whoever named things there: they are made printable where they
//! are read. A state that this version does not know is kept as text and never taken for a good
//! one.

mod ecs;

use std::collections::BTreeMap;

pub use ecs::{EcsDeployment, EcsService, Takes, Task};
use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// Who AWS says that we are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The account's twelve digits.
    pub account: String,
    /// The user or role, by its ARN.
    pub arn: String,
}

/// An EC2 instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ec2Instance {
    /// Its id.
    pub id: String,
    /// Its tag `Name`; empty where it has none.
    pub name: String,
    /// Where it is in its life.
    pub state: Ec2State,
    /// Its type: `t3.medium`.
    pub kind: String,
    /// The availability zone.
    pub zone: String,
    /// The VPC that it is in; empty where AWS does not say.
    #[serde(default)]
    pub vpc: String,
    /// When it was last started.
    pub launched_at: Option<Timestamp>,
    /// Its address in the VPC.
    pub private_ip: Option<String>,
    /// Its public IPv4 address.
    pub public_ip: Option<String>,
    /// Its status checks; none where they were not read, or it does not run.
    pub checks: Option<Checks>,
    /// What it is where it is not plain Linux on shared hardware: `Windows`, `dedicated hardware`.
    pub platform: Option<String>,
    /// Whether it is a spot instance, whose price moves.
    pub is_spot: bool,
    /// The volumes that are attached to it, by id.
    pub volumes: Vec<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// Where an EC2 instance is in its life.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ec2State {
    /// It is being started.
    Pending,
    /// It runs.
    Running,
    /// It is being ended for ever.
    ShuttingDown,
    /// It has ended for ever.
    Terminated,
    /// It is being stopped.
    Stopping,
    /// It is stopped, and its volumes are there.
    Stopped,
    /// AWS did not say.
    #[default]
    Unsaid,
    /// What this version does not know.
    Other(String),
}

impl Ec2State {
    /// Whether this version cannot tell what it is: it may run.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unsaid | Self::Other(_))
    }
}

/// The status checks of an EC2 instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checks {
    /// Of the hardware below it.
    pub system: Check,
    /// Of itself.
    pub instance: Check,
    /// Of the volumes that are attached to it; none where it has no such check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volumes: Option<Check>,
}

impl Checks {
    /// All that it has.
    pub fn all(&self) -> impl Iterator<Item = &Check> {
        [&self.system, &self.instance].into_iter().chain(&self.volumes)
    }
}

/// What a status check says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// It passed.
    Ok,
    /// It failed.
    Impaired,
    /// It begins.
    Initializing,
    /// Nobody knows.
    #[default]
    Unknown,
}

/// A volume.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    /// Its id.
    pub id: String,
    /// Its type: `gp3`.
    pub kind: String,
    /// GiB; 0 where AWS does not say, for no volume has none.
    pub size: u32,
    /// Operations by the second that it can do, where AWS says.
    pub iops: Option<u32>,
    /// MiB by the second that it can move, where AWS says.
    pub throughput: Option<u32>,
    /// The instance that it is attached to; none where it is attached to none.
    pub instance: Option<String>,
}

/// An Elastic IP address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// The address.
    pub ip: String,
    /// Whether anything uses it.
    pub is_used: bool,
    /// The EC2 instance that has it, by id.
    #[serde(default)]
    pub instance: Option<String>,
}

/// A NAT gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gateway {
    /// Its id.
    pub id: String,
    /// What AWS calls its state.
    pub state: String,
    /// The VPC that it is in.
    pub vpc: String,
    /// How many public addresses it has.
    #[serde(default)]
    pub addresses: u32,
}

/// A load balancer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balancer {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// `application`, `network` or `gateway`.
    pub kind: String,
    /// What AWS calls its state: `active`.
    pub state: String,
    /// Whether it is reached from the internet.
    pub is_public: bool,
    /// Whether AWS does not say whether it is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_scheme_unsaid: bool,
    /// Whether the internet reaches it by IPv6 alone.
    #[serde(default)]
    pub is_ipv6_alone: bool,
    /// The availability zones that it is in.
    pub zones: Vec<String>,
    /// Its own domain.
    pub domain: String,
    /// The VPC that it is in.
    pub vpc: String,
    /// Its listeners, by port.
    pub listeners: Vec<Listener>,
    /// Why requests that reach it are answered by nobody, as far as that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<Gap>,
    /// What was measured of it lately.
    pub metrics: Vec<Series>,
}

/// Why requests that reach a load balancer are answered by nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gap {
    /// It has no listener.
    Listener,
    /// All that its listeners do is to refuse.
    Rule,
    /// A rule sends to this target group, which is not there.
    Group(String),
    /// The same, and no rule sends anywhere else.
    GroupAlone(String),
}

/// A listener of a load balancer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listener {
    /// Its ARN.
    pub arn: String,
    /// `HTTP`, `HTTPS`, `TCP` and so on.
    pub protocol: String,
    /// Its port.
    pub port: u16,
    /// Its rules in the order in which they are matched, the default last.
    pub rules: Vec<Rule>,
}

/// A rule of a listener.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Its place in the order; none for the default.
    pub priority: Option<u32>,
    /// What must hold; all of it.
    pub conditions: Vec<Condition>,
    /// What happens then, in order.
    pub actions: Vec<Action>,
}

impl Rule {
    /// Whether it sends anything to a target group: one of weight 0 gets nothing.
    pub fn sends_to(&self, group: &str) -> bool {
        self.actions.iter().any(|action| match action {
            Action::Forward(to) => to.iter().any(|(arn, weight)| arn == group && *weight > 0),
            Action::Redirect(..) | Action::Fixed(_) | Action::Other(_) => false,
        })
    }
}

/// What must hold for a rule to be taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// The host is one of these.
    Host(Vec<String>),
    /// The path is one of these.
    Path(Vec<String>),
    /// The method is one of these.
    Method(Vec<String>),
    /// The peer's address is in one of these blocks.
    Source(Vec<String>),
    /// A header is one of these.
    Header(String, Vec<String>),
    /// The query has one of these.
    Query(Vec<String>),
    /// What this version does not know, by AWS's name.
    Other(String),
}

/// What a rule does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Sends the request to target groups, by ARN and weight.
    Forward(Vec<(String, u32)>),
    /// Answers with another address: its status and the address as AWS writes it.
    Redirect(String, String),
    /// Answers with a status.
    Fixed(String),
    /// What this version does not know, by AWS's name.
    Other(String),
}

/// A target group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// How its targets are spoken to: `HTTP`.
    pub protocol: String,
    /// The port that its targets have unless they say another.
    pub port: Option<u16>,
    /// What its targets are: `instance`, `ip`, `lambda`.
    pub target_kind: String,
    /// The path that is asked to find out whether a target is healthy.
    pub check_path: Option<String>,
    /// What a healthy target answers: `200`, `200-399`.
    pub check_matcher: Option<String>,
    /// The VPC that its targets are in; empty where AWS does not say.
    #[serde(default)]
    pub vpc: String,
    /// The load balancers that send to it, by ARN.
    pub balancers: Vec<String>,
    /// Its targets; none before they were read.
    pub targets: Vec<Target>,
    /// Whether they were never read, whatever was read of other groups: that there are none here
    /// says nothing then. An engine of before says it of none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_unread: bool,
    /// Whether instances are targets of it that were not read as instances of the account: they were
    /// started since, or are not told of. An engine of before says it of none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lacks_hosts: bool,
    /// What was measured of it lately.
    pub metrics: Vec<Series>,
}

/// A target of a target group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// An instance's id, an address, or an ARN.
    pub id: String,
    /// The port that it is reached on.
    pub port: Option<u16>,
    /// Its availability zone, where AWS says it.
    pub zone: Option<String>,
    /// Its state.
    pub state: TargetState,
    /// AWS's code for why it is in this state: `Target.Timeout`.
    pub reason: Option<String>,
    /// What AWS says of it, printable.
    pub said: Option<String>,
}

/// The state of a target.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetState {
    /// It is checked for the first time.
    Initial,
    /// It answers as it should.
    Healthy,
    /// It does not.
    Unhealthy,
    /// No rule sends to its group, or it is stopped.
    Unused,
    /// It finishes what it has.
    Draining,
    /// Nobody can know: health checks are off, or AWS cannot tell.
    #[default]
    Unavailable,
    /// What this version does not know.
    Other(String),
}

/// What was measured of one thing lately.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// What was measured.
    pub metric: Metric,
    /// The end of the last of these periods.
    pub until: Timestamp,
    /// Thousandths of the metric's unit, by the minute, the newest last; none where nothing was measured.
    pub values: Vec<Option<u64>>,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Requests in the minute.
    Requests,
    /// The median time that a target takes, in milliseconds.
    LatencyMedian,
    /// The time that 99 of 100 stay below.
    LatencyHigh,
    /// Answers of 400 to 499 by targets.
    Target4xx,
    /// Answers of 500 to 599 by targets.
    Target5xx,
    /// Answers of 500 to 599 by the load balancer itself.
    Balancer5xx,
    /// Load balancer capacity units.
    CapacityUnits,
    /// Targets that are healthy.
    HealthyHosts,
}
