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
    /// Bytes that a bucket stores in a kind of storage.
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

/// A kind of S3's storage, as it is measured and paid for by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StorageClass {
    /// Standard.
    Standard,
    /// Reduced redundancy.
    Reduced,
    /// Standard, infrequent access.
    Infrequent,
    /// What small objects there are paid for beyond their size.
    InfrequentOverhead,
    /// What each object there takes beside itself.
    InfrequentNames,
    /// One zone, infrequent access.
    OneZone,
    /// See `InfrequentOverhead`.
    OneZoneOverhead,
    /// Intelligent tiering, its tier of frequent access.
    Intelligent,
    /// Its tier of infrequent access.
    IntelligentInfrequent,
    /// Its tier of archives that are there at once.
    IntelligentInstant,
    /// Its tier of archives.
    IntelligentArchive,
    /// What each object there takes beside itself.
    IntelligentArchiveOverhead,
    /// What the name of each takes, which lies in the standard class.
    IntelligentArchiveNames,
    /// Its tier of deep archives.
    IntelligentDeep,
    /// See `IntelligentArchiveOverhead`.
    IntelligentDeepOverhead,
    /// See `IntelligentArchiveNames`.
    IntelligentDeepNames,
    /// Glacier, instant retrieval.
    GlacierInstant,
    /// See `InfrequentOverhead`.
    GlacierInstantOverhead,
    /// The same by the name that bills have for it.
    GlacierInstantBilled,
    /// Glacier, flexible retrieval.
    Glacier,
    /// See `IntelligentArchiveOverhead`.
    GlacierOverhead,
    /// See `IntelligentArchiveNames`.
    GlacierNames,
    /// Parts of uploads that are not complete.
    GlacierStaging,
    /// Glacier, deep archive.
    DeepArchive,
    /// See `IntelligentArchiveOverhead`.
    DeepArchiveOverhead,
    /// See `IntelligentArchiveNames`.
    DeepArchiveNames,
    /// See `GlacierStaging`.
    DeepArchiveStaging,
}

/// The meters of a NAT gateway.
pub const GATEWAY: [Meter; 2] = [Meter::FromInside, Meter::FromOutside];

/// The meters of a bucket.
pub fn bucket() -> impl Iterator<Item = Meter> {
    let passes = [Meter::Put, Meter::Post, Meter::List, Meter::Get, Meter::Head, Meter::Downloaded];
    StorageClass::ALL.into_iter().map(Meter::Stored).chain(passes)
}

/// What a month in the standard class is called in the price list, without what is lent of it.
const STANDARD: &str = "TimedStorage-ByteHrs (first 50 TB)";

impl StorageClass {
    /// All that there are (Amazon S3 User Guide, "Metrics and dimensions").
    pub const ALL: [Self; 27] = [
        Self::Standard,
        Self::Reduced,
        Self::Infrequent,
        Self::InfrequentOverhead,
        Self::InfrequentNames,
        Self::OneZone,
        Self::OneZoneOverhead,
        Self::Intelligent,
        Self::IntelligentInfrequent,
        Self::IntelligentInstant,
        Self::IntelligentArchive,
        Self::IntelligentArchiveOverhead,
        Self::IntelligentArchiveNames,
        Self::IntelligentDeep,
        Self::IntelligentDeepOverhead,
        Self::IntelligentDeepNames,
        Self::GlacierInstant,
        Self::GlacierInstantOverhead,
        Self::GlacierInstantBilled,
        Self::Glacier,
        Self::GlacierOverhead,
        Self::GlacierNames,
        Self::GlacierStaging,
        Self::DeepArchive,
        Self::DeepArchiveOverhead,
        Self::DeepArchiveNames,
        Self::DeepArchiveStaging,
    ];

    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Reduced => "reduced redundancy",
            Self::Infrequent => "infrequent access",
            Self::InfrequentOverhead => "infrequent access, small objects",
            Self::InfrequentNames => "infrequent access, overhead",
            Self::OneZone => "one zone",
            Self::OneZoneOverhead => "one zone, small objects",
            Self::Intelligent => "intelligent tiering",
            Self::IntelligentInfrequent => "intelligent tiering, infrequent",
            Self::IntelligentInstant => "intelligent tiering, instant archive",
            Self::IntelligentArchive => "intelligent tiering, archive",
            Self::IntelligentArchiveOverhead => "intelligent tiering, archive's overhead",
            Self::IntelligentArchiveNames => "intelligent tiering, archive's names",
            Self::IntelligentDeep => "intelligent tiering, deep archive",
            Self::IntelligentDeepOverhead => "intelligent tiering, deep archive's overhead",
            Self::IntelligentDeepNames => "intelligent tiering, deep archive's names",
            Self::GlacierInstant => "Glacier instant",
            Self::GlacierInstantOverhead => "Glacier instant, small objects",
            Self::GlacierInstantBilled => "Glacier instant, size overhead",
            Self::Glacier => "Glacier",
            Self::GlacierOverhead => "Glacier's overhead",
            Self::GlacierNames => "Glacier's names",
            Self::GlacierStaging => "Glacier, uploads",
            Self::DeepArchive => "deep archive",
            Self::DeepArchiveOverhead => "deep archive's overhead",
            Self::DeepArchiveNames => "deep archive's names",
            Self::DeepArchiveStaging => "deep archive, uploads",
        }
    }

    /// What is paid for a month of it, as AWS's price list names it (Amazon S3 User Guide,
    /// "Understanding your AWS billing and usage reports for Amazon S3"; what an archive keeps
    /// beside each object is paid as the page on its class says).
    pub const fn usage(self) -> &'static str {
        match self {
            Self::Standard
            | Self::IntelligentArchiveNames
            | Self::IntelligentDeepNames
            | Self::GlacierNames
            | Self::DeepArchiveNames => STANDARD,
            Self::Reduced => "TimedStorage-RRS-ByteHrs",
            Self::Infrequent => "TimedStorage-SIA-ByteHrs",
            Self::InfrequentOverhead => "TimedStorage-SIA-SmObjects",
            // The page does not say what it is billed as.
            Self::InfrequentNames => "",
            Self::OneZone => "TimedStorage-ZIA-ByteHrs",
            Self::OneZoneOverhead => "TimedStorage-ZIA-SmObjects",
            Self::Intelligent => "TimedStorage-INT-FA-ByteHrs",
            Self::IntelligentInfrequent => "TimedStorage-INT-IA-ByteHrs",
            Self::IntelligentInstant => "TimedStorage-INT-AIA-ByteHrs",
            Self::IntelligentArchive | Self::IntelligentArchiveOverhead => {
                "TimedStorage-INT-AA-ByteHrs"
            }
            Self::IntelligentDeep | Self::IntelligentDeepOverhead => "TimedStorage-INT-DAA-ByteHrs",
            Self::GlacierInstant => "TimedStorage-GIR-ByteHrs",
            Self::GlacierInstantOverhead | Self::GlacierInstantBilled => {
                "TimedStorage-GIR-SmObjects"
            }
            Self::Glacier | Self::GlacierOverhead => "TimedStorage-GlacierByteHrs",
            Self::GlacierStaging => "TimedStorage-GlacierStaging",
            Self::DeepArchive | Self::DeepArchiveOverhead => "TimedStorage-GDA-ByteHrs",
            Self::DeepArchiveStaging => "TimedStorage-GDA-Staging",
        }
    }

    /// Whether each object there is watched, which is paid by their number.
    pub const fn is_watched(self) -> bool {
        matches!(
            self,
            Self::Intelligent
                | Self::IntelligentInfrequent
                | Self::IntelligentInstant
                | Self::IntelligentArchive
                | Self::IntelligentDeep
        )
    }
}
