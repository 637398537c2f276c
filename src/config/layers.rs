//! Where settings come from: flag > `VIRTWORK_*` > YAML file > default.
//!
//! Each source is reduced to the text of each setting, so that all sources have the same values, checks and messages, and each message
//! can name its source. The highest source that has a setting decides it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use clap::{ArgMatches, parser::ValueSource};
use serde_yaml::Value;

use crate::error::{ConfigError, ConfigProblem, ValueError};

use super::{
    setting::Declared,
    settings::{ALL, WORKLOAD_SIZES},
    suggest,
    value::SetValue,
};

const PREFIX: &str = "VIRTWORK_";
/// The source of a layer.
#[derive(Debug, Clone)]
pub(super) enum Origin {
    /// The command line.
    Flag,
    /// The environment.
    Environment,
    /// The YAML file.
    File(PathBuf),
}

impl Origin {
    /// The name of a setting as it is written in this source.
    pub(super) fn place(&self, setting: &str) -> String {
        match self {
            Self::Flag => format!("--{}", flag_of(setting)),
            Self::Environment => format!("{PREFIX}{}", setting.to_uppercase()),
            Self::File(path) => format!("in {}, {setting}", path.file_name().unwrap_or(path.as_os_str()).to_string_lossy()),
        }
    }

    /// The name of a workload's own value as it is written in this source.
    pub(super) fn workload_place(&self, workload: &str, key: &str) -> String {
        match self {
            Self::File(_) if WORKLOAD_SIZES.contains(&key) => self.place(&format!("workloads.{workload}.{key}")),
            Self::File(_) => self.place(&format!("workloads.{workload}.params.{key}")),
            _ => format!("{} {workload}.{key}", self.place("set")),
        }
    }
}

/// The settings of one source.
#[derive(Debug, Clone)]
pub(super) struct Layer {
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
    pub(super) fn from_flags(matches: &ArgMatches) -> Self {
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
    pub(super) fn from_environment(variables: &BTreeMap<String, String>) -> Result<Self, ConfigError> {
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
    pub(super) fn from_yaml(path: &Path, text: &str) -> Result<Self, ConfigError> {
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
    pub(super) fn check(&mut self) -> Result<(), ConfigError> {
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

pub(super) fn flag_of(key: &str) -> String {
    find(key).map_or_else(|| key.replace('_', "-"), |setting| setting.spec().flag.to_owned())
}

/// Keys can be written with underscores or hyphens.
fn normal(key: &Value) -> String {
    let other = || crate::yaml::to_string(key).unwrap_or_default().trim().to_owned();
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
