//! Where settings come from: flag > `VIRTWORK_*` > YAML file > default.
//!
//! Each source is reduced to the text of each setting, so that all sources have the same values, checks and messages, and each message
//! can name its source. The highest source that has a setting decides it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use clap::{ArgMatches, parser::ValueSource};
use serde_yaml::Value;

use crate::error::{ConfigError, ConfigProblem, ValueError};

use super::{
    WorkloadValue,
    setting::{Declared, Setting},
    settings::{ALL, WORKLOAD_SIZES},
    suggest,
    value::SetValue,
};

const PREFIX: &str = "VIRTWORK_";
/// Settings that are decided together: the highest source that has any of them decides all of them.
const EXCLUSIVE_GROUPS: [&[&str]; 3] =
    [&["wait", "no_wait"], &["ssh_password", "ssh_password_file"], &["ssh_authorized_keys", "ssh_key_file", "no_ssh_key"]];

/// The source of a layer.
#[derive(Debug, Clone)]
pub enum Origin {
    /// The command line.
    Flag,
    /// The environment.
    Environment,
    /// The YAML file.
    File(PathBuf),
}

impl Origin {
    /// The name of a setting as it is written in this source.
    pub fn place(&self, setting: &str) -> String {
        match self {
            Self::Flag => format!("--{}", flag_of(setting)),
            Self::Environment => format!("{PREFIX}{}", setting.to_uppercase()),
            Self::File(path) => format!("in {}, {setting}", path.file_name().unwrap_or(path.as_os_str()).to_string_lossy()),
        }
    }

    /// The name of a workload's own value as it is written in this source.
    pub fn workload_place(&self, workload: &str, key: &str) -> String {
        match self {
            Self::File(_) if WORKLOAD_SIZES.contains(&key) => self.place(&format!("workloads.{workload}.{key}")),
            Self::File(_) => self.place(&format!("workloads.{workload}.params.{key}")),
            _ => format!("{} {workload}.{key}", self.place("set")),
        }
    }
}

/// The settings of one source.
#[derive(Debug, Clone)]
pub struct Layer {
    /// The source.
    pub origin: Origin,
    /// Settings by field name.
    pub values: BTreeMap<String, Vec<String>>,
    /// Sizes and parameters by workload.
    pub per_workload: BTreeMap<(String, String), String>,
    /// Workloads enabled or disabled (file only).
    pub enabled: BTreeMap<String, bool>,
}

impl Layer {
    fn new(origin: Origin) -> Self {
        Self { origin, values: BTreeMap::new(), per_workload: BTreeMap::new(), enabled: BTreeMap::new() }
    }

    /// The settings of the command line.
    pub fn from_flags(matches: &ArgMatches) -> Self {
        let mut layer = Self::new(Origin::Flag);
        for setting in ALL {
            let spec = setting.spec();
            let given =
                matches!(matches.try_contains_id(spec.key), Ok(true)) && matches.value_source(spec.key) == Some(ValueSource::CommandLine);
            // clap panics for a setting that this command does not have.
            if let Some(raw) = given.then(|| matches.get_raw(spec.key)).flatten() {
                let mut values: Vec<_> = raw.map(|value| value.to_string_lossy().into_owned()).collect();
                if !spec.is_list() {
                    // The last of repeated flags wins. An empty value means unset, as in kubectl, unless it is invalid.
                    let keeps_empty = spec.key == "ssh_password" || setting.check("").is_err();
                    values = values.pop().filter(|value| !value.is_empty() || keeps_empty).into_iter().collect();
                }
                if !values.is_empty() {
                    layer.values.insert(spec.key.to_owned(), values);
                }
            }
        }
        layer
    }

    /// The settings of the environment. Unknown variables are errors.
    ///
    /// # Errors
    /// An unknown variable with our prefix, unless it describes a Service.
    pub fn from_environment(variables: &BTreeMap<String, String>) -> Result<Self, ConfigError> {
        let mut layer = Self::new(Origin::Environment);
        for (variable, value) in variables {
            let Some(key) = variable.strip_prefix(PREFIX).map(str::to_lowercase) else { continue };
            let Some(setting) = find(&key) else {
                if is_of_a_service(variable) {
                    continue;
                }
                let near = nearest(&key).map(|name| format!("{PREFIX}{}", name.to_uppercase()));
                return Err(ConfigError::new(variable, ConfigProblem::UnknownVariable { near }));
            };
            let values: Vec<_> =
                if setting.spec().is_list() { value.split(',').map(|part| part.trim().to_owned()).collect() } else { vec![value.clone()] };
            if values.iter().any(|value| !value.is_empty()) {
                layer.values.insert(key, values.into_iter().filter(|value| !value.is_empty()).collect());
            }
        }
        Ok(layer)
    }

    /// The settings of a YAML file.
    ///
    /// # Errors
    /// No mapping, an unknown key, or a value of the wrong type.
    pub fn from_yaml(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let mut layer = Self::new(Origin::File(path.to_owned()));
        let file = format!("in {}", path.file_name().unwrap_or(path.as_os_str()).to_string_lossy());
        let document: Value = serde_yaml::from_str(text).map_err(|error| ConfigError::new(&file, ConfigProblem::NotYaml(error)))?;
        let mapping = match &document {
            Value::Null => return Ok(layer),
            Value::Mapping(mapping) => mapping,
            _ => return Err(ConfigError::new(&file, ConfigProblem::NotSettings)),
        };
        for (key, value) in mapping {
            let key = normal(key);
            if key == "workloads" {
                layer.read_workloads(value)?;
            } else if let Some(setting) = find(&key) {
                let values =
                    scalars(value, setting.spec().is_list()).map_err(|problem| ConfigError::new(layer.origin.place(&key), problem))?;
                layer.values.insert(key, values);
            } else {
                let near = nearest(&key);
                return Err(ConfigError::new(layer.origin.place(&key), ConfigProblem::UnknownSetting { near }));
            }
        }
        Ok(layer)
    }

    fn read_workloads(&mut self, value: &Value) -> Result<(), ConfigError> {
        let invalid = |place: &str, problem: ConfigProblem| Err(ConfigError::new(self.origin.place(place), problem));
        let Value::Mapping(workloads) = value else {
            return invalid("workloads", ConfigProblem::NotWorkloads);
        };
        for (name, settings) in workloads {
            let name = name.as_str().unwrap_or_default().to_owned();
            let place = format!("workloads.{name}");
            self.enabled.insert(name.clone(), true);
            let settings = match settings {
                Value::Null => continue,
                Value::Mapping(settings) => settings,
                _ => return invalid(&place, ConfigProblem::NotWorkload),
            };
            for (key, value) in settings {
                let key = normal(key);
                let at = |problem| Err(ConfigError::new(self.origin.place(&format!("{place}.{key}")), problem));
                match (key.as_str(), value) {
                    ("enabled", Value::Bool(enabled)) => {
                        self.enabled.insert(name.clone(), *enabled);
                    }
                    ("enabled", _) => return at(ConfigProblem::NotBoolean),
                    ("params", Value::Mapping(params)) => {
                        for (param, value) in params {
                            let param = normal(param);
                            let text = scalars(value, false)
                                .map_err(|problem| ConfigError::new(self.origin.workload_place(&name, &param), problem))?;
                            self.per_workload.insert((name.clone(), param), text.concat());
                        }
                    }
                    ("params", _) => return at(ConfigProblem::NotParameters),
                    (own, value) if WORKLOAD_SIZES.contains(&own) => {
                        let text = scalars(value, false).or_else(|problem| at(problem).map(|()| Vec::new()))?;
                        self.per_workload.insert((name.clone(), key), text.concat());
                    }
                    (unknown, _) => {
                        // The most natural mistake, because of --set WORKLOAD.PARAMETER.
                        let known: Vec<_> = ["enabled", "params"].into_iter().chain(WORKLOAD_SIZES).collect();
                        let near = suggest(unknown, &known).map_or_else(|| format!("params.{unknown}"), str::to_owned);
                        return at(ConfigProblem::UnknownKey { near: Some(near) });
                    }
                }
            }
        }
        Ok(())
    }

    /// Validates every value, and splits `set`.
    fn check(&mut self) -> Result<(), ConfigError> {
        for setting in ALL {
            let spec = setting.spec();
            let place = || self.origin.place(spec.key);
            for text in self.values.get(spec.key).into_iter().flatten() {
                setting.check(text).map_err(|problem| ConfigError::new(place(), problem))?;
            }
            let other = spec.conflict.filter(|other| self.values.contains_key(spec.key) && self.values.contains_key(*other));
            if let Some(other) = other {
                return Err(ConfigError::new(place(), ConfigProblem::Conflict(self.origin.place(other))));
            }
        }
        for text in self.values.get("set").into_iter().flatten() {
            let set: SetValue = text.parse().map_err(|problem: ValueError| ConfigError::new(self.origin.place("set"), problem))?;
            self.per_workload.insert((set.workload, set.key), set.value);
        }
        let sizes = self.per_workload.iter().filter(|((_, key), _)| WORKLOAD_SIZES.contains(&key.as_str()));
        for ((workload, key), value) in sizes {
            let invalid = |problem| ConfigError::new(self.origin.workload_place(workload, key), problem);
            find(key).map_or(Ok(()), |setting| setting.check(value)).map_err(invalid)?;
        }
        Ok(())
    }
}

/// All layers, the highest precedence first.
#[derive(Debug, Clone)]
pub struct Layers(pub Vec<Layer>);

impl Layers {
    /// Validates all layers, also values that a higher layer overrides.
    ///
    /// # Errors
    /// The first invalid value, with its source.
    pub fn check(&mut self) -> Result<(), ConfigError> {
        self.0.iter_mut().try_for_each(Layer::check)
    }

    /// The value of a setting, or its default.
    ///
    /// # Errors
    /// When it is invalid.
    pub fn value<T>(&self, setting: &Setting<T>) -> Result<T, ConfigError> {
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
    pub fn optional<T>(&self, setting: &Setting<T>) -> Result<Option<T>, ConfigError> {
        Ok(self.list(setting)?.pop())
    }

    /// The values of a setting.
    ///
    /// # Errors
    /// When one is invalid.
    pub fn list<T>(&self, setting: &Setting<T>) -> Result<Vec<T>, ConfigError> {
        let Some((layer, texts)) = self.find(setting.spec.key) else { return Ok(Vec::new()) };
        let invalid = |problem| ConfigError::new(layer.origin.place(setting.spec.key), problem);
        texts.iter().map(|text| (setting.parse)(text).map_err(invalid)).collect()
    }

    /// The value of a setting for one workload, if a source has it.
    ///
    /// # Errors
    /// When it is invalid.
    pub fn own<T>(&self, setting: &Setting<T>, workload: &str) -> Result<Option<T>, ConfigError> {
        let Some((place, text)) = self.per_workload(workload, setting.spec.key) else { return Ok(None) };
        (setting.parse)(text).map(Some).map_err(|problem| ConfigError::new(place, problem))
    }

    /// The values of single workloads, each from the highest layer that has it, and whether the workload is disabled.
    pub fn workload_values(&self) -> Vec<WorkloadValue> {
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
    pub fn find(&self, setting: &str) -> Option<(&Layer, &[String])> {
        let group = EXCLUSIVE_GROUPS.iter().find(|group| group.contains(&setting)).copied();
        let layer = self.0.iter().find(|layer| match group {
            Some(group) => group.iter().any(|member| layer.values.contains_key(*member)),
            None => layer.values.contains_key(setting),
        })?;
        layer.values.get(setting).map(|values| (layer, values.as_slice()))
    }

    /// The source of a setting, or its flag if it has none.
    pub fn place(&self, setting: &str) -> String {
        self.find(setting).map_or_else(|| format!("--{}", flag_of(setting)), |(layer, _)| layer.origin.place(setting))
    }

    /// The value of `key` for one workload, and its source. The highest layer decides; within a layer the workload's own value
    /// wins.
    pub fn per_workload(&self, workload: &str, key: &str) -> Option<(String, &str)> {
        self.0.iter().find_map(|layer| {
            let own = layer.per_workload.get(&(workload.to_owned(), key.to_owned()));
            let own = own.map(|value| (layer.origin.workload_place(workload, key), value.as_str()));
            own.or_else(|| {
                Some((layer.origin.place(key), layer.values.get(key)?.last()?.as_str())).filter(|_| WORKLOAD_SIZES.contains(&key))
            })
        })
    }
}

/// Whether a variable describes a Service, such as `VIRTWORK_IPERF3_SERVER_PORT_5201_TCP_ADDR`. Kubernetes sets these in every pod
/// in the namespace of a fleet with a network workload.
/// Source: <https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables>.
fn is_of_a_service(variable: &str) -> bool {
    let protocol = |name: &str| variable.contains("_PORT_") && (variable.ends_with(name) || variable.contains(&format!("{name}_")));
    variable.ends_with("_SERVICE_HOST")
        || variable.contains("_SERVICE_PORT")
        || variable.ends_with("_PORT")
        || ["_TCP", "_UDP", "_SCTP"].into_iter().any(protocol)
}

fn find(key: &str) -> Option<&'static dyn Declared> {
    ALL.iter().copied().find(|setting| setting.spec().key == key)
}

/// The setting that was probably meant: the one with that flag, else the closest.
fn nearest(key: &str) -> Option<String> {
    let specs = || ALL.iter().map(|setting| setting.spec());
    let by_flag = specs().find(|spec| spec.flag.replace('-', "_") == key);
    let keys: Vec<_> = specs().map(|spec| spec.key).collect();
    by_flag.map(|spec| spec.key).or_else(|| suggest(key, &keys)).map(str::to_owned)
}

fn flag_of(key: &str) -> String {
    find(key).map_or_else(|| key.replace('_', "-"), |setting| setting.spec().flag.to_owned())
}

/// Keys can be written with underscores or hyphens.
fn normal(key: &Value) -> String {
    let other = || serde_yaml::to_string(key).unwrap_or_default().trim().to_owned();
    key.as_str().map_or_else(other, |key| key.replace('-', "_"))
}

fn scalars(value: &Value, list: bool) -> Result<Vec<String>, ConfigProblem> {
    match value {
        Value::String(text) => Ok(vec![text.clone()]),
        Value::Bool(flag) => Ok(vec![flag.to_string()]),
        Value::Number(number) => Ok(vec![number.to_string()]),
        Value::Sequence(items) if list => {
            let scalars: Result<Vec<_>, _> = items.iter().map(|item| scalars(item, false)).collect();
            Ok(scalars?.concat())
        }
        Value::Mapping(pairs) if list => {
            let pair =
                |(key, value): (&Value, &Value)| Ok(format!("{}={}", scalars(key, false)?.concat(), scalars(value, false)?.concat()));
            pairs.iter().map(pair).collect()
        }
        Value::Sequence(_) => Err(ConfigProblem::List),
        Value::Mapping(_) => Err(ConfigProblem::Mapping),
        Value::Null | Value::Tagged(_) => Err(ConfigProblem::Null),
    }
}

/// The workloads that a layer names, in order.
pub fn names(layer: &Layer, positional: &[String]) -> Vec<String> {
    let mut names: Vec<String> = layer.values.get("workloads").cloned().unwrap_or_default();
    if matches!(layer.origin, Origin::Flag) {
        names.extend(positional.iter().flat_map(|name| name.split(',').map(str::to_owned)));
    }
    names.extend(layer.enabled.iter().filter(|(_, enabled)| **enabled).map(|(name, _)| name.clone()));
    names.retain(|name| !name.is_empty());
    names
}

/// The workloads that the highest layer with any names, each once; and those that are disabled.
pub fn named_workloads(layers: &[Layer], positional: &[String]) -> (Vec<String>, BTreeSet<String>) {
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
