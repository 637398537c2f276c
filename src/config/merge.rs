//! All sources of settings together: the highest one that has a setting decides it.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::ConfigError;

use super::{
    WorkloadValue,
    layers::{Layer, Origin, flag_of},
    setting::Setting,
    settings::WORKLOAD_SIZES,
};

/// Settings that are decided together: the highest source that has any of them decides all of them.
const EXCLUSIVE_GROUPS: [&[&str]; 3] =
    [&["wait", "no_wait"], &["ssh_password", "ssh_password_file"], &["ssh_authorized_keys", "ssh_key_file", "no_ssh_key"]];

/// All layers, the highest precedence first.
#[derive(Debug, Clone)]
pub(super) struct Layers(pub Vec<Layer>);

impl Layers {
    /// Validates all layers, also values that a higher layer overrides.
    ///
    /// # Errors
    /// The first invalid value, with its source.
    pub(super) fn check(&mut self) -> Result<(), ConfigError> {
        self.0.iter_mut().try_for_each(Layer::check)
    }

    /// The value of a setting, or its default.
    ///
    /// # Errors
    /// When it is invalid.
    pub(super) fn value<T>(&self, setting: &Setting<T>) -> Result<T, ConfigError> {
        match self.optional(setting)? {
            Some(value) => Ok(value),
            None => {
                let default = setting.spec.default.unwrap_or_default();
                (setting.parse)(default).map_err(|problem| ConfigError::new(self.place(setting.spec.key), problem))
            }
        }
    }

    /// The value of a setting, if a source has it.
    ///
    /// # Errors
    /// When it is invalid.
    pub(super) fn optional<T>(&self, setting: &Setting<T>) -> Result<Option<T>, ConfigError> {
        Ok(self.list(setting)?.pop())
    }

    /// The values of a setting.
    ///
    /// # Errors
    /// When one is invalid.
    pub(super) fn list<T>(&self, setting: &Setting<T>) -> Result<Vec<T>, ConfigError> {
        let Some((layer, texts)) = self.find(setting.spec.key) else { return Ok(Vec::new()) };
        let invalid = |problem| ConfigError::new(layer.origin.place(setting.spec.key), problem);
        texts.iter().map(|text| (setting.parse)(text).map_err(invalid)).collect()
    }

    /// The value of a setting for one workload, if a source has it.
    ///
    /// # Errors
    /// When it is invalid.
    pub(super) fn own<T>(&self, setting: &Setting<T>, workload: &str) -> Result<Option<T>, ConfigError> {
        let Some((place, text)) = self.per_workload(workload, setting.spec.key) else { return Ok(None) };
        (setting.parse)(text).map(Some).map_err(|problem| ConfigError::new(place, problem))
    }

    /// The values of single workloads, each from the highest layer that has it, and whether the workload is disabled.
    pub(super) fn workload_values(&self) -> Vec<WorkloadValue> {
        let mut values = BTreeMap::new();
        for layer in self.0.iter().rev() {
            for (workload, enabled) in &layer.enabled {
                let source = layer.origin.place(&format!("workloads.{workload}"));
                values.insert((workload.clone(), "enabled".to_owned()), (enabled.to_string(), source));
            }
            for ((workload, key), value) in &layer.per_workload {
                values.insert((workload.clone(), key.clone()), (value.clone(), layer.origin.workload_place(workload, key)));
            }
        }
        values.into_iter().map(|((workload, key), (value, source))| WorkloadValue { workload, key, value, source }).collect()
    }

    /// The layer that decides a setting, and its value.
    pub(super) fn find(&self, setting: &str) -> Option<(&Layer, &[String])> {
        let group = EXCLUSIVE_GROUPS.iter().find(|group| group.contains(&setting)).copied();
        let layer = self.0.iter().find(|layer| match group {
            Some(group) => group.iter().any(|member| layer.values.contains_key(*member)),
            None => layer.values.contains_key(setting),
        })?;
        layer.values.get(setting).map(|values| (layer, values.as_slice()))
    }

    /// The source of a setting, or its flag if it has none.
    pub(super) fn place(&self, setting: &str) -> String {
        self.find(setting).map_or_else(|| format!("--{}", flag_of(setting)), |(layer, _)| layer.origin.place(setting))
    }

    /// The value of `key` for one workload, and its source. The highest layer decides; within a layer the workload's own value
    /// wins.
    pub(super) fn per_workload(&self, workload: &str, key: &str) -> Option<(String, &str)> {
        self.0.iter().find_map(|layer| {
            let own = layer.per_workload.get(&(workload.to_owned(), key.to_owned()));
            let own = own.map(|value| (layer.origin.workload_place(workload, key), value.as_str()));
            own.or_else(|| {
                Some((layer.origin.place(key), layer.values.get(key)?.last()?.as_str())).filter(|_| WORKLOAD_SIZES.contains(&key))
            })
        })
    }
}

/// The workloads that a layer names, in order.
pub(super) fn names(layer: &Layer, positional: &[String]) -> Vec<String> {
    let mut names: Vec<String> = layer.values.get("workloads").cloned().unwrap_or_default();
    if matches!(layer.origin, Origin::Flag) {
        names.extend(positional.iter().flat_map(|name| name.split(',').map(str::to_owned)));
    }
    names.extend(layer.enabled.iter().filter(|(_, enabled)| **enabled).map(|(name, _)| name.clone()));
    names.retain(|name| !name.is_empty());
    names
}

/// The workloads that the highest layer with any names, each once; and those that are disabled.
pub(super) fn named_workloads(layers: &[Layer], positional: &[String]) -> (Vec<String>, BTreeSet<String>) {
    let mut off = BTreeSet::new();
    for layer in layers {
        off.extend(layer.enabled.iter().filter(|(_, enabled)| !**enabled).map(|(name, _)| name.clone()));
        let named: BTreeSet<String> = names(layer, positional).into_iter().collect();
        if !named.is_empty() {
            return (named.into_iter().collect(), off);
        }
    }
    (Vec::new(), off)
}
