//! What names, ids and regions of AWS look like: what AWS would always refuse is a slip of the pen,
//! and is told where it stands instead of being asked for again and again.

use crate::aws::ServiceName;

/// What a kind of name must look like.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// The key that takes it.
    pub key: &'static str,
    /// Whether a text looks like it.
    pub fits: fn(&str) -> bool,
    /// What it is.
    pub what: &'static str,
    /// What it has to be, and how it is written.
    pub help: &'static str,
}

/// A load balancer (Elastic Load Balancing API Reference, `CreateLoadBalancer`: `Name`).
pub const BALANCER: Shape = Shape {
    key: "load_balancers",
    fits: |text| is_elb(text) && !text.starts_with("internal-"),
    what: "name of a load balancer",
    help: "one has up to 32 letters, digits and hyphens, neither begins nor ends with a hyphen, and \
           does not begin with `internal-`: write load_balancers = [\"shop\"], by name",
};

/// A target group (Elastic Load Balancing API Reference, `CreateTargetGroup`: `Name`).
pub const GROUP: Shape = Shape {
    key: "target_groups",
    fits: is_elb,
    what: "name of a target group",
    help: "one has up to 32 letters, digits and hyphens, and neither begins nor ends with a hyphen: \
           write target_groups = [\"shop-web\"], by name",
};

/// An instance (Amazon EC2 User Guide, "Resource IDs": of the short or the long kind).
pub const INSTANCE: Shape = Shape {
    key: "instances",
    fits: |text| {
        let digits = text.strip_prefix("i-").unwrap_or_default();
        (8..=17).contains(&digits.len())
            && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    },
    what: "id of an EC2 instance",
    help: "one has `i-` and up to 17 hexadecimal digits: write instances = \
           [\"i-0123456789abcdef0\"], by id",
};

/// An ECS service with its cluster (Amazon ECS API Reference, `CreateCluster`: `clusterName`, and
/// `CreateService`: `serviceName`).
pub const SERVICE: Shape = Shape {
    key: "services",
    fits: |text| ServiceName::parse(text).is_some(),
    what: "name of an ECS service",
    help: "write the cluster's and the service's name, each of up to 255 letters, digits, hyphens \
           and underscores: \"shop/web\"",
};

/// A bucket (Amazon S3 User Guide, "General purpose bucket naming rules").
pub const BUCKET: Shape = Shape {
    key: "buckets",
    fits: |text| {
        let is_edge = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
        let bytes = text.as_bytes();
        let may = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-');
        (3..=63).contains(&bytes.len())
            && bytes.iter().all(may)
            && is_edge(bytes.first())
            && is_edge(bytes.last())
            && !text.contains("..")
    },
    what: "name of a bucket",
    help: "one has 3 to 63 lower case letters, digits, hyphens and single dots, and begins and ends \
           with a letter or digit: write buckets = [\"shop-media\"], by name",
};

/// A bucket of the only region that once took more (the same page: buckets that were made before
/// March 2018).
pub const OLD_BUCKET: Shape = Shape {
    fits: |text| {
        let may = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
        (3..=255).contains(&text.len()) && text.bytes().all(may)
    },
    help: "one has 3 to 255 letters, digits, hyphens, underscores and dots: write buckets = \
           [\"shop-media\"], by name",
    ..BUCKET
};

/// The region of [`OLD_BUCKET`].
const OLDEST: &str = "us-east-1";

/// Characters of a tag's key and of its value, and tags of one thing, at most (Tagging AWS Resources
/// User Guide, "Tag naming limits and requirements").
pub const TAG_KEY: usize = 128;
/// See [`TAG_KEY`].
pub const TAG_VALUE: usize = 256;
/// See [`TAG_KEY`].
pub const TAGS: usize = 50;

/// What a bucket's name looks like in a region.
pub fn bucket(region: Option<&str>) -> Shape {
    // Where the region is wrong, that is told already.
    if region.is_none_or(|region| region == OLDEST) { OLD_BUCKET } else { BUCKET }
}

/// A region: `us-east-1`, `us-gov-west-1`, `eusc-de-east-1` (AWS Regions and Availability Zones,
/// "AWS Regions").
pub fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let is_word = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    match parts.as_slice() {
        [words @ .., last] => {
            text.len() <= 40 && words.len() >= 2 && words.iter().all(is_word) && is_number(last)
        }
        [] => false,
    }
}

/// An account (AWS Account Management Reference Guide, "AWS account identifiers").
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A role's ARN: `arn:aws:iam::123456789012:role/watch` (IAM User Guide, "IAM identifiers"; IAM API
/// Reference, `CreateRole`: `RoleName` and `Path`).
pub fn is_role(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let ["arn", partition, "iam", "", account, role] = parts.as_slice() else { return false };
    let is_partition = *partition == "aws" || partition.starts_with("aws-");
    let Some(path) = role.strip_prefix("role/") else { return false };
    let name = path.rsplit('/').next().unwrap_or(path);
    let may = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b);
    is_partition
        && is_account(account)
        && path.bytes().all(|b| b.is_ascii_graphic())
        && (1..=64).contains(&name.len())
        && name.bytes().all(may)
}

fn is_elb(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks what fits a shape, and what does not.
    #[track_caller]
    fn told(fits: fn(&str) -> bool, good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(fits(text), "{text:?} is refused");
        }
        for text in bad {
            assert!(!fits(text), "{text:?} is taken");
        }
    }

    #[test]
    fn names_of_load_balancers_and_target_groups() {
        let (most, more) = ("a".repeat(32), "a".repeat(33));
        let good = ["shop", "Shop-2", "a", &most];
        let bad = ["", "-shop", "shop-", "shop_web", "shop.web", "sh op", "café", &more];
        told(GROUP.fits, &good, &bad);
        told(GROUP.fits, &["internal-shop"], &[]);
        told(BALANCER.fits, &good, &bad);
        told(BALANCER.fits, &[], &["internal-shop"]);
    }

    #[test]
    fn ids_of_instances() {
        let good = ["i-0123456789abcdef0", "i-1a2b3c4d"];
        let bad = ["", "i-", "i-1", "0123456789abcdef0", "I-0123456789abcdef0"];
        told(INSTANCE.fits, &good, &bad);
        told(INSTANCE.fits, &[], &["i-0123456789ABCDEF0", "i-0123456789abcdef01", "i-1a2b3c4g"]);
    }

    #[test]
    fn names_of_buckets() {
        let (most, more) = ("a".repeat(63), "a".repeat(64));
        let good = ["shop-media", "shop.media", "3ab", &most];
        told(BUCKET.fits, &good, &["ab", "Shop", "shop_media", "-shop", "shop.", "a..b", &more]);
        told(OLD_BUCKET.fits, &["Shop_Media", &more], &["ab", "shop media", "shop/media"]);
        assert_eq!(bucket(Some("us-east-1")).help, OLD_BUCKET.help);
        assert_eq!(bucket(Some("eu-west-1")).help, BUCKET.help);
    }

    #[test]
    fn regions_accounts_and_roles() {
        let good = ["us-east-1", "ap-northeast-2", "us-gov-west-1", "us-isob-east-1"];
        told(
            is_region,
            &good,
            &["", "us-east", "us-east-1a", "useast1", "US-EAST-1", "us--east-1"],
        );
        told(is_region, &["eusc-de-east-1"], &["us-1-east", "global", "us-east-one", "us-east-1-"]);
        told(is_account, &["123456789012"], &["", "1234", "1234-5678-901", "1234567890123"]);
        let good = [
            "arn:aws:iam::123456789012:role/watch",
            "arn:aws-us-gov:iam::123456789012:role/of/a/path/watch_2@x",
        ];
        let bad = [
            "watch",
            "arn:aws:iam::123456789012:user/kim",
            "arn:aws:iam::1234:role/watch",
            "arn:aws:iam:us-east-1:123456789012:role/watch",
            "arn:aws:sts::123456789012:assumed-role/watch/x",
            "arn:aws:iam::123456789012:role/",
            "arn:gcp:iam::123456789012:role/watch",
            "arn:aws:iam::123456789012:role/wa tch",
        ];
        told(is_role, &good, &bad);
    }
}
