//! What the same instances would cost elsewhere.
//!
//! Responsible for putting a bill together from the price table and for saying what was assumed.

use std::fmt;

use super::ec2::{self, Architecture, SYSTEM_MIB};
use super::{NanoUsd, Price, Quantity, Region, fargate, price};

/// How much serves: so many instances, each of which needs so much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// How many instances.
    pub instances: u32,
    /// Thousandths of a vCPU that each needs.
    pub vcpu_milli: u32,
    /// Memory that each needs.
    pub memory_mib: u32,
}

/// One way to run a shape, and what it costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it is: `Fargate + ALB`.
    pub what: String,
    /// Where.
    pub region: Region,
    /// What is bought. What has no price is not here but in the total.
    pub parts: Vec<Part>,
    /// What it all costs by the hour.
    pub per_hour: Total,
    /// What was assumed and what is left out, in sentences.
    pub note: String,
}

/// One thing that is bought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is, as AWS's price list names it.
    pub sku: &'static str,
    /// How much of it.
    pub quantity: Quantity,
    /// In which unit.
    pub unit: &'static str,
    /// The price of one unit.
    pub unit_price: NanoUsd,
    /// What it costs by the hour, rounded half up to a billionth of a dollar.
    pub amount: NanoUsd,
    /// When the price was read or published.
    pub date: &'static str,
    /// Where the price was read.
    pub source: &'static str,
}

/// A sum by the hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Total {
    /// Everything has a price.
    Priced(NanoUsd),
    /// Something has none, so the sum is not known.
    Unpriced {
        /// What the rest costs.
        rest: NanoUsd,
        /// What has no price.
        missing: Vec<String>,
    },
}

impl Total {
    /// Whether it may be more than an amount: a sum that is not known may be anything.
    pub fn is_beyond(&self, most: NanoUsd) -> bool {
        self.known().is_none_or(|amount| amount > most)
    }

    /// The sum, where it is known.
    pub fn known(&self) -> Option<NanoUsd> {
        match self {
            Self::Priced(amount) => Some(*amount),
            Self::Unpriced { .. } => None,
        }
    }
}

impl fmt::Display for Total {
    /// Writes `$0.0981/h`, or what is unpriced.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Priced(amount) => f.pad(&amount.hourly()),
            Self::Unpriced { rest, missing } => {
                let missing = missing.join(", ");
                f.pad(&format!("unpriced: {missing}; the rest is {}", rest.hourly()))
            }
        }
    }
}

/// What the shape costs on Fargate and on EC2 behind an Application Load Balancer, on both
/// architectures. A line that cannot be priced is there and says why.
pub fn comparison(shape: Shape, region: Region) -> Vec<Line> {
    vec![
        on_fargate(shape, region, Architecture::X86),
        on_fargate(shape, region, Architecture::Arm),
        on_ec2(shape, region, Architecture::X86),
        on_ec2(shape, region, Architecture::Arm),
    ]
}

const BALANCER: &str = "The load balancer is public in two availability zones, with one public \
                        IPv4 address in each, and uses one capacity unit (LCU): up to 25 new \
                        connections a second, 3,000 active ones and 1 GB an hour.";
const LEFT_OUT: &str = "Traffic, logs, registry, DNS, tax, discounts and free tiers are left out.";

fn on_fargate(shape: Shape, region: Region, architecture: Architecture) -> Line {
    let mut bill = Bill::new(region);
    let (name, vcpu, memory) = match architecture {
        Architecture::X86 => (
            "Fargate + ALB",
            "Fargate-vCPU-Hours:perCPU (Linux x86)",
            "Fargate-GB-Hours (Linux x86)",
        ),
        Architecture::Arm => {
            ("Fargate (ARM) + ALB", "Fargate-ARM-vCPU-Hours:perCPU", "Fargate-ARM-GB-Hours")
        }
    };
    let count = shape.instances;
    let size = if let Some(task) = fargate::smallest(shape) {
        bill.buy(vcpu, task.vcpu.each(count));
        bill.buy(memory, task.memory.each(count));
        let tasks = if count == 1 { "task" } else { "tasks" };
        format!("{count} {tasks} of {} vCPU and {} GB", task.vcpu, task.memory)
    } else {
        bill.missing.push(format!("a Fargate task of {}", needs(shape)));
        "no task is large enough".to_owned()
    };
    bill.balancer(count);
    let note = format!(
        "{size}, each with a public IPv4 address and the 20 GB of storage that are free. \
         {BALANCER} {LEFT_OUT}"
    );
    bill.line(name, note)
}

fn on_ec2(shape: Shape, region: Region, architecture: Architecture) -> Line {
    let mut bill = Bill::new(region);
    let name = match architecture {
        Architecture::X86 => "EC2 + ALB",
        Architecture::Arm => "EC2 (ARM) + ALB",
    };
    let count = shape.instances;
    let size = if let Some((kind, price)) = ec2::cheapest(region, architecture, shape) {
        bill.add(&price, Quantity::whole(count));
        let credits = if kind.starts_with('t') {
            " It bursts: steady work above its baseline costs CPU credits, which are left out."
        } else {
            ""
        };
        format!("{count} × {kind}, one instance on each.{credits}")
    } else {
        bill.missing.push(format!("an EC2 type for {}", needs(shape)));
        "No type in the table is large enough.".to_owned()
    };
    bill.buy("EBS:VolumeUsage.gp3", Quantity::whole(8).each(count));
    bill.balancer(count);
    let note = format!(
        "{size} Each host has 8 GB of gp3 storage and a public IPv4 address, and keeps \
         {SYSTEM_MIB} MiB of memory for its system. {BALANCER} {LEFT_OUT}"
    );
    bill.line(name, note)
}

fn needs(shape: Shape) -> String {
    let vcpu = Quantity(u64::from(shape.vcpu_milli));
    format!("{vcpu} vCPU and {} MiB", shape.memory_mib)
}

/// A bill while it is put together.
struct Bill {
    region: Region,
    parts: Vec<Part>,
    missing: Vec<String>,
}

impl Bill {
    fn new(region: Region) -> Self {
        Self { region, parts: Vec::new(), missing: Vec::new() }
    }

    /// Adds the load balancer, its two public addresses, and one for each instance.
    fn balancer(&mut self, instances: u32) {
        self.buy("LoadBalancerUsage (Application)", Quantity::whole(1));
        self.buy("LCUUsage (Application)", Quantity::whole(1));
        let addresses = Quantity::whole(instances.saturating_add(2));
        self.buy("PublicIPv4:InUseAddress", addresses);
    }

    fn buy(&mut self, usage: &str, quantity: Quantity) {
        match price(self.region, usage) {
            Some(price) => self.add(&price, quantity),
            None => self.missing.push(usage.to_owned()),
        }
    }

    fn add(&mut self, price: &Price, quantity: Quantity) {
        self.parts.push(Part {
            sku: price.sku,
            quantity,
            unit: price.unit,
            unit_price: price.usd,
            amount: price.usd.times(quantity, price.hours()),
            date: price.date,
            source: price.source,
        });
    }

    fn line(self, what: &str, note: String) -> Line {
        let rest = self.parts.iter().map(|part| part.amount).sum();
        let per_hour = if self.missing.is_empty() {
            Total::Priced(rest)
        } else {
            Total::Unpriced { rest, missing: self.missing }
        };
        Line { what: what.to_owned(), region: self.region, parts: self.parts, per_hour, note }
    }
}
