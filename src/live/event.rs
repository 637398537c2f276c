//! Events.

use k8s_openapi::jiff::Timestamp;
use serde::Deserialize;

use super::read::{lenient, or_default, text, time};

/// An event about one object.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct LiveEvent {
    #[serde(deserialize_with = "lenient")]
    metadata: Created,
    /// The object.
    #[serde(rename = "involvedObject", deserialize_with = "lenient")]
    pub involved: Involved,
    /// `Normal` or `Warning`.
    #[serde(rename = "type", deserialize_with = "or_default")]
    pub kind: String,
    /// One word: `FailedMount`.
    #[serde(deserialize_with = "text")]
    pub reason: String,
    /// A sentence.
    #[serde(deserialize_with = "text")]
    pub message: String,
    #[serde(deserialize_with = "time")]
    first_timestamp: Option<Timestamp>,
    #[serde(deserialize_with = "time")]
    last_timestamp: Option<Timestamp>,
    #[serde(deserialize_with = "time")]
    event_time: Option<Timestamp>,
    #[serde(deserialize_with = "lenient")]
    series: Series,
}

/// The object that an event is about.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Involved {
    /// Its UID.
    #[serde(deserialize_with = "or_default")]
    pub uid: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Created {
    #[serde(deserialize_with = "time")]
    creation_timestamp: Option<Timestamp>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Series {
    #[serde(deserialize_with = "time")]
    last_observed_time: Option<Timestamp>,
}

impl LiveEvent {
    /// When it happened last. The scheduler sets only `eventTime`, and components that count in a series its time. A clock that is
    /// ahead does not make an event newer than `now`.
    pub(crate) fn time(&self, now: Timestamp) -> Option<Timestamp> {
        let times = [self.series.last_observed_time, self.last_timestamp, self.event_time, self.first_timestamp];
        times.into_iter().flatten().max().or(self.metadata.creation_timestamp).map(|time| time.min(now))
    }

    /// When it happened first.
    pub(crate) fn since(&self) -> Option<Timestamp> {
        [self.first_timestamp, self.event_time, self.metadata.creation_timestamp, self.last_timestamp].into_iter().flatten().min()
    }

    /// Whether it is a warning.
    pub(crate) fn is_warning(&self) -> bool {
        self.kind == "Warning"
    }
}
