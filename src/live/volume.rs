//! Data volumes, and the PVCs that CDI creates for them.

use serde::Deserialize;

use super::{
    Condition, Meta,
    read::{items, lenient, or_default},
};

/// A DataVolume.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct LiveVolume {
    /// Name, UID and owners.
    pub metadata: Meta,
    /// The status.
    #[serde(deserialize_with = "lenient")]
    pub status: VolumeStatus,
}

/// `status` of a DataVolume.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct VolumeStatus {
    /// `Pending`, `Succeeded`, `Failed`, …
    #[serde(deserialize_with = "or_default")]
    pub phase: String,
    /// Its conditions.
    #[serde(deserialize_with = "items")]
    pub conditions: Vec<Condition>,
}

/// A PersistentVolumeClaim.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct LiveClaim {
    /// Name, UID and owners.
    pub metadata: Meta,
    /// The status.
    #[serde(deserialize_with = "lenient")]
    pub status: ClaimStatus,
}

/// `status` of a PersistentVolumeClaim.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ClaimStatus {
    /// `Pending`, `Bound`, `Lost`.
    #[serde(deserialize_with = "or_default")]
    pub phase: String,
}
