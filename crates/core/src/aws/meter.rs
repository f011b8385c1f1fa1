//! What is paid by how much of it passes or lies somewhere, and is only known to who measures it.

use serde::{Deserialize, Serialize};

/// A meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meter {
    /// Bytes that a NAT gateway got from inside, by the hour.
    FromInside,
    /// Bytes that a NAT gateway got from outside, by the hour.
    FromOutside,
    /// Bytes that a bucket stores in a class of storage.
    Stored(StorageClass),
    /// Requests to a bucket of the dear kind, each by its method, by the hour.
    Put,
    /// See `Put`.
    Post,
    /// See `Put`.
    List,
    /// Requests to a bucket of the cheap kind, each by its method, by the hour.
    Get,
    /// See `Get`.
    Head,
    /// Bytes that a bucket gave out, by the hour.
    Downloaded,
}

/// A class of S3's storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StorageClass {
    /// Standard.
    Standard,
    /// Standard, infrequent access.
    Infrequent,
    /// One zone, infrequent access.
    OneZone,
    /// Intelligent tiering, its tier of frequent access.
    Intelligent,
    /// Glacier, instant retrieval.
    GlacierInstant,
    /// Glacier, flexible retrieval.
    Glacier,
    /// Glacier, deep archive.
    DeepArchive,
}

/// The meters of a NAT gateway.
pub const GATEWAY: [Meter; 2] = [Meter::FromInside, Meter::FromOutside];

/// The meters of a bucket.
pub const BUCKET: [Meter; 13] = [
    Meter::Stored(StorageClass::Standard),
    Meter::Stored(StorageClass::Infrequent),
    Meter::Stored(StorageClass::OneZone),
    Meter::Stored(StorageClass::Intelligent),
    Meter::Stored(StorageClass::GlacierInstant),
    Meter::Stored(StorageClass::Glacier),
    Meter::Stored(StorageClass::DeepArchive),
    Meter::Put,
    Meter::Post,
    Meter::List,
    Meter::Get,
    Meter::Head,
    Meter::Downloaded,
];

impl StorageClass {
    /// All that are looked for.
    pub const ALL: [Self; 7] = [
        Self::Standard,
        Self::Infrequent,
        Self::OneZone,
        Self::Intelligent,
        Self::GlacierInstant,
        Self::Glacier,
        Self::DeepArchive,
    ];

    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Infrequent => "infrequent access",
            Self::OneZone => "one zone",
            Self::Intelligent => "intelligent tiering",
            Self::GlacierInstant => "Glacier instant",
            Self::Glacier => "Glacier",
            Self::DeepArchive => "deep archive",
        }
    }

    /// What is paid for a month of it, as AWS's price list names it (Amazon S3 User Guide,
    /// "Understanding your AWS billing and usage reports for Amazon S3").
    pub const fn usage(self) -> &'static str {
        match self {
            Self::Standard => "TimedStorage-ByteHrs (first 50 TB)",
            Self::Infrequent => "TimedStorage-SIA-ByteHrs",
            Self::OneZone => "TimedStorage-ZIA-ByteHrs",
            Self::Intelligent => "TimedStorage-INT-FA-ByteHrs",
            Self::GlacierInstant => "TimedStorage-GIR-ByteHrs",
            Self::Glacier => "TimedStorage-GlacierByteHrs",
            Self::DeepArchive => "TimedStorage-GDA-ByteHrs",
        }
    }
}
