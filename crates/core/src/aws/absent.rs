//! What the operator's file names and the account does not have.

use std::collections::BTreeSet;

use super::belongs::Inventory;
use super::seen::{Ec2State, EcsService};
use super::wanted::Name;
use super::{Belongings, Part, Tags};
use crate::text::printable;

/// Characters of tags that are told.
const SAID: usize = 200;

impl Inventory {
    /// What the operator's file names and the account does not have: a sentence each, with the
    /// parts that tell so.
    pub(super) fn absent(&self, belongings: &Belongings) -> Vec<(String, BTreeSet<Part>)> {
        let absent = belongings.names().filter_map(|name| {
            let parts = name.told_by().iter().copied().collect();
            Some((self.absence(&name, belongings)?, parts))
        });
        absent.collect()
    }

    /// That something which is named is not there, where that is known.
    fn absence(&self, name: &Name, belongings: &Belongings) -> Option<String> {
        let (what, name_of, is_there) = match name {
            Name::Balancer(of) => {
                let is_there = self.balancers.iter().any(|one| one.name == *of);
                ("load balancer", of.clone(), is_there)
            }
            Name::Group(of) => {
                let is_there = self.groups.iter().any(|one| one.name == *of);
                ("target group", of.clone(), is_there)
            }
            Name::Instance(of) => {
                let found = self.instances.iter().find(|one| one.id == *of);
                // EC2 tells of one for a while after its end.
                match found.map(|one| &one.state) {
                    Some(Ec2State::Terminated) => {
                        return Some(format!("the EC2 instance {of} was terminated"));
                    }
                    Some(Ec2State::ShuttingDown) => {
                        return Some(format!("the EC2 instance {of} is being terminated"));
                    }
                    Some(_) | None => {}
                }
                ("EC2 instance", of.clone(), found.is_some())
            }
            Name::Service(of) => {
                let is_it = |one: &EcsService| of.cluster == one.cluster && of.service == one.name;
                ("ECS service", of.to_string(), self.services.iter().any(is_it))
            }
            Name::Tags(tags) => return self.absent_tags(name, tags, belongings),
            Name::Bucket(_) => return None,
        };
        let is_known = name.told_by().iter().all(|part| self.was_read_for(*part, name));
        (is_known && !is_there).then(|| format!("there is no {what} {name_of}"))
    }

    /// Whether a part was read since something was named.
    fn was_read_for(&self, part: Part, name: &Name) -> bool {
        let was_read = self.parts.get(&part).is_some_and(|fresh| fresh.at.is_some());
        was_read && !self.is_unasked(part, name)
    }

    /// Whether load balancers or target groups came since tags were read: they may have those that are
    /// to choose.
    pub(super) fn lacks_tags(&self) -> bool {
        let balancers = self.balancers.iter().map(|one| &one.arn);
        let mut all = balancers.chain(self.groups.iter().map(|one| &one.arn));
        all.any(|arn| !self.tags.contains_key(arn))
    }

    /// That nothing has the tags which are to choose, where all that may have them was read.
    fn absent_tags(&self, name: &Name, tags: &Tags, belongings: &Belongings) -> Option<String> {
        let has_none = self.balancers.is_empty() && self.groups.is_empty();
        let was_read = |part: &Part| {
            // Without a load balancer and a target group there are no tags of theirs to be read.
            let is_needless = *part == Part::Tags && has_none && !self.is_unasked(*part, name);
            is_needless || self.was_read_for(*part, name)
        };
        let fits = |tags: &Tags| belongings.fits(Some(tags));
        let is_there = self.tags.values().any(fits)
            || self.service_tags.values().any(fits)
            || self.instances.iter().any(|one| fits(&one.tags));
        let written: Vec<String> =
            tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let said = printable(&written.join(", "), SAID);
        let is_known = name.told_by().iter().all(was_read);
        (is_known && !self.lacks_tags() && !is_there).then(|| match tags.len() {
            1 => format!("nothing has the tag {said}"),
            _ => format!("nothing has all of the tags {said}"),
        })
    }
}
