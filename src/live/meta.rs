//! The metadata that is read from live objects.

use std::collections::BTreeMap;

use k8s_openapi::jiff::Timestamp;
use serde::{Deserialize, Deserializer};

use crate::metadata;

use super::read::{or_default, time};

/// The metadata that is read. Fields for other managers are most of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Meta {
    /// Name.
    pub name: String,
    /// Namespace.
    pub namespace: String,
    /// UID; empty if there is none.
    pub uid: String,
    /// Its resource version.
    pub resource_version: String,
    /// When it was created.
    pub creation_timestamp: Option<Timestamp>,
    /// Whether it is being deleted.
    pub terminating: bool,
    /// Its owners. It is garbage-collected when none of them is left.
    pub owners: Vec<Owner>,
    /// The labels and annotations that are read.
    values: Vec<(&'static str, Box<str>)>,
}

/// An owner of an object.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Owner {
    /// `GROUP/VERSION`, or the version alone for the core group.
    pub api_version: String,
    /// Its kind.
    pub kind: String,
    /// Its UID.
    pub uid: String,
}

impl Owner {
    /// Whether it has this group and kind, in any version.
    pub(crate) fn is(&self, group: &str, kind: &str) -> bool {
        let own = self.api_version.split_once('/').map_or("", |(group, _)| group);
        own == group && self.kind == kind
    }
}

impl Meta {
    /// The value of a label or an annotation of ours.
    pub(crate) fn label_or_annotation(&self, key: &str) -> Option<&str> {
        self.values.iter().find(|(known, _)| *known == key).map(|(_, value)| &**value)
    }

    /// Whether it has the labels of this fleet: name, managed-by and instance.
    pub(crate) fn belongs_to(&self, fleet: &str) -> bool {
        metadata::fleet_labels(fleet).iter().all(|(key, value)| self.label_or_annotation(key) == Some(value))
    }

    /// Whether `up` created it for this fleet: it has the labels, and no owner. An owner means that something else manages it.
    pub(crate) fn is_planned_by(&self, fleet: &str) -> bool {
        self.belongs_to(fleet) && self.owners.is_empty()
    }
}

impl<'de> Deserialize<'de> for Meta {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(default, rename_all = "camelCase")]
        struct Full {
            name: String,
            namespace: String,
            uid: String,
            resource_version: String,
            #[serde(deserialize_with = "time")]
            creation_timestamp: Option<Timestamp>,
            #[serde(deserialize_with = "time")]
            deletion_timestamp: Option<Timestamp>,
            labels: Option<BTreeMap<String, String>>,
            annotations: Option<BTreeMap<String, String>>,
            owner_references: Option<Vec<Owner>>,
        }
        // A template may have none: it is nullable in KubeVirt's schema.
        let whole: Full = or_default(deserializer)?;
        let kept = |known: &[&'static str], map: Option<BTreeMap<String, String>>| {
            let mut map = map.unwrap_or_default();
            known.iter().filter_map(|key| Some((*key, map.remove(*key)?.into_boxed_str()))).collect::<Vec<_>>()
        };
        let mut values = kept(&metadata::LABELS, whole.labels);
        values.extend(kept(&metadata::ANNOTATIONS, whole.annotations));
        values.shrink_to_fit();
        Ok(Self {
            name: whole.name,
            namespace: whole.namespace,
            uid: whole.uid,
            resource_version: whole.resource_version,
            creation_timestamp: whole.creation_timestamp,
            terminating: whole.deletion_timestamp.is_some(),
            owners: whole.owner_references.unwrap_or_default(),
            values,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::LiveObject, *};

    #[test]
    fn a_fleet_needs_name_manager_and_instance() {
        let of = |name: &str| {
            let labels = json!({"app.kubernetes.io/name": name, "app.kubernetes.io/managed-by": "virtwork", "app.kubernetes.io/instance": "virtwork"});
            serde_json::from_value::<Meta>(json!({"labels": labels})).unwrap()
        };
        assert!(of("virtwork").belongs_to("virtwork") && !of("virtwork").belongs_to("other"));
        assert!(!of("virtwork-network").belongs_to("virtwork"), "the Go tool labels its objects alike, but for the name");
        let labels = json!({"app.kubernetes.io/name": "virtwork", "app.kubernetes.io/managed-by": "virtwork"});
        assert!(
            !serde_json::from_value::<LiveObject>(json!({"spec": {"template": {"metadata": null}}}))
                .unwrap()
                .metadata
                .belongs_to("virtwork")
        );
        let annotated: Meta =
            serde_json::from_value(json!({"labels": labels, "annotations": {"app.kubernetes.io/instance": "virtwork"}})).unwrap();
        assert!(!annotated.belongs_to("virtwork"), "an annotation is no label");
    }
}
