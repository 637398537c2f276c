//! Merges flags, environment and file into one validated [`Config`].

mod fleet;
mod layers;
mod merge;
pub(crate) mod setting;
pub(crate) mod settings;
pub(crate) mod typed;
pub(crate) mod value;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use clap::ArgMatches;

use crate::{
    catalog::{Catalog, Workload},
    error::{ConfigError, ConfigProblem, Error, ValueError},
    plan::Password,
};

use layers::{Layer, Origin};
use merge::Layers;
pub(crate) use settings::{Color, WaitFor};
pub(crate) use typed::Connection;
use typed::Settings;

/// Default key files, in this order. Used if neither key nor password is given.
const DEFAULT_KEYS: [&str; 3] = ["id_ed25519.pub", "id_ecdsa.pub", "id_rsa.pub"];
/// Common PAM configurations reject longer passwords.
const MAX_PASSWORD: usize = 512;

/// The process environment, read once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    /// All variables.
    pub variables: BTreeMap<String, String>,
}

impl Environment {
    /// A variable that is set and not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The home directory.
    pub(crate) fn home(&self) -> Option<PathBuf> {
        self.get("HOME").or_else(|| self.get("USERPROFILE")).map(PathBuf::from)
    }
}

/// A setting with its values as they were written.
#[derive(Debug)]
pub(crate) struct Effective {
    /// Its declaration.
    pub spec: &'static setting::Spec,
    /// Its values; one, unless it is a list.
    pub values: Vec<String>,
    /// `--memory`, `VIRTWORK_MEMORY`, `in virtwork.yaml, memory`, or `default`.
    pub source: String,
}

/// A value of one workload as it was written.
#[derive(Debug)]
pub(crate) struct WorkloadValue {
    /// The workload.
    pub workload: String,
    /// A size or a parameter.
    pub key: String,
    /// Its value.
    pub value: String,
    /// Its source.
    pub source: String,
}

/// Settings of a command, resolved, with the catalog they refer to.
#[derive(Debug)]
pub(crate) struct Config {
    /// Every setting's value.
    pub settings: Settings,
    /// All workloads.
    pub catalog: Catalog,
    /// Selected workloads, in catalog order; empty if none was named.
    pub named: Vec<String>,
    /// Those named on the command line. A file that describes a fleet must not narrow what `down` deletes.
    pub selected_on_cli: Vec<String>,
    layers: Layers,
    disabled: Vec<String>,
    environment: Environment,
}

impl Config {
    /// Resolves the settings of a command line.
    ///
    /// # Errors
    /// The first invalid value, with its source.
    pub(crate) fn resolve(matches: &ArgMatches, positional: &[String], environment: Environment) -> Result<Self, Error> {
        let flags = Layer::from_flags(matches);
        let variables = Layer::from_environment(&environment.variables)?;
        let mut layers = vec![flags, variables];
        if let Some((path, text)) = config_file(&layers, &environment)? {
            layers.push(Layer::from_yaml(&path, &text)?);
        }
        let mut layers = Layers(layers);
        layers.check()?;
        let settings = Settings::read(&layers)?;
        if let Some((path, Err(error))) = settings.common.catalog.as_ref().map(|path| (path, fs::read_dir(path))) {
            return Err(ConfigError::new(layers.place("catalog"), ConfigProblem::Unreadable { path: path.clone(), error }).into());
        }
        let catalog = Catalog::load(settings.common.catalog.as_deref())?;
        for layer in &layers.0 {
            check_workloads(layer, positional, &catalog)?;
        }
        let (mut named, off) = merge::named_workloads(&layers.0, positional);
        let (mut selected_on_cli, _) = merge::named_workloads(&layers.0[..1], positional);
        // An empty argument is probably an unset variable, and must not mean all workloads.
        if selected_on_cli.is_empty() && (layers.0[0].values.contains_key("workloads") || !positional.is_empty()) {
            let place = if positional.is_empty() { "--workloads" } else { "WORKLOAD" };
            let known = catalog.names().into_iter().map(str::to_owned).collect();
            return Err(ConfigError::new(place, ConfigProblem::NoWorkloadNamed { known }).into());
        }
        named.sort();
        selected_on_cli.sort();
        Ok(Self { settings, catalog, named, selected_on_cli, layers, disabled: off.into_iter().collect(), environment })
    }

    /// Every setting that has a value, and the values of single workloads, with their sources.
    pub(crate) fn effective(&self) -> (Vec<Effective>, Vec<WorkloadValue>) {
        let settings = settings::ALL.iter().map(|setting| setting.spec()).filter_map(|spec| {
            let (values, source) = match self.layers.find(spec.key) {
                Some((layer, values)) => (values.to_vec(), layer.origin.place(spec.key)),
                None => (vec![spec.default?.to_owned()], "default".to_owned()),
            };
            Some(Effective { spec, values, source })
        });
        (settings.collect(), self.layers.workload_values())
    }

    /// The namespace from flag, environment or file.
    pub(crate) fn namespace(&self) -> Option<&str> {
        self.settings.connection.namespace.as_deref().filter(|namespace| !namespace.is_empty())
    }

    /// The fleet's name if the command line names it. A file that describes a fleet must not hide others.
    pub(crate) fn fleet_from_cli(&self) -> Option<&str> {
        self.layers.0[0].values.contains_key("name").then_some(self.settings.common.name.as_str())
    }

    /// Whether to wait. `--no-wait` and `--wait=false` are the same.
    pub(crate) fn wait(&self) -> bool {
        self.settings.wait_limit.wait && !self.settings.wait_settings.no_wait
    }

    /// The flags with which another command finds this fleet, each with a blank before it.
    pub(crate) fn flags_for_hint(&self) -> String {
        let same = ["namespace", "name", "context", "kubeconfig", "config"];
        let flag = |setting: &&str| Some(format!(" --{setting} {}", self.layers.0[0].values.get(*setting)?.last()?));
        same.iter().filter_map(flag).collect()
    }

    /// Whether a password was given as a flag, which every user of the computer can see.
    pub(crate) fn password_on_command_line(&self) -> bool {
        self.layers.find("ssh_password").is_some_and(|(layer, _)| matches!(layer.origin, Origin::Flag))
    }
}

/// Every workload and parameter that a layer names must exist, and every parameter's value must be valid.
fn check_workloads(layer: &Layer, positional: &[String], catalog: &Catalog) -> Result<(), ConfigError> {
    let origin = &layer.origin;
    for name in merge::names(layer, positional) {
        let is_positional = matches!(origin, Origin::Flag) && positional.iter().any(|typed| typed.split(',').any(|typed| typed == name));
        let place = if is_positional {
            "WORKLOAD".to_owned()
        } else if layer.enabled.contains_key(&name) {
            origin.place(&format!("workloads.{name}"))
        } else {
            origin.place("workloads")
        };
        known(&name, catalog, place, origin)?;
    }
    for name in layer.enabled.keys() {
        known(name, catalog, origin.place(&format!("workloads.{name}")), origin)?;
    }
    for ((name, key), value) in &layer.per_workload {
        let workload = known(name, catalog, origin.workload_place(name, key), origin)?;
        let place = || origin.workload_place(name, key);
        match workload.parameters.get(key) {
            Some(parameter) => drop(parameter.check(value).map_err(|problem| ConfigError::new(place(), problem))?),
            None if settings::WORKLOAD_SIZES.contains(&key.as_str()) => {}
            None => {
                let names: Vec<_> = workload.parameters.keys().map(String::as_str).chain(settings::WORKLOAD_SIZES).collect();
                let near = suggest(key, &names).map(str::to_owned);
                let known = names.into_iter().map(str::to_owned).collect();
                return Err(ConfigError::new(place(), ConfigProblem::UnknownParameter { near, known }));
            }
        }
    }
    Ok(())
}

fn known<'a>(name: &str, catalog: &'a Catalog, place: String, origin: &Origin) -> Result<&'a Workload, ConfigError> {
    if let Some(workload) = catalog.workloads.get(name) {
        return Ok(workload);
    }
    let names = catalog.names();
    let near = suggest(name, &names).map(str::to_owned);
    // In a file the place already names it.
    let name = if matches!(origin, Origin::File(_)) { None } else { Some(name.to_owned()) };
    let known = names.into_iter().map(str::to_owned).collect();
    Err(ConfigError::new(place, ConfigProblem::UnknownWorkload { name, near, known }))
}

fn config_file(layers: &[Layer], environment: &Environment) -> Result<Option<(PathBuf, String)>, ConfigError> {
    let explicit = layers.iter().find_map(|layer| Some((layer.origin.place("config"), layer.values.get("config")?.last()?)));
    if let Some((place, path)) = explicit {
        let path = PathBuf::from(path);
        return Ok(Some((path.clone(), read(&path, &place)?)));
    }
    let directory = environment.get("XDG_CONFIG_HOME").map(PathBuf::from).or_else(|| Some(environment.home()?.join(".config")));
    let Some(path) = directory.map(|directory| directory.join("virtwork").join("config.yaml")).filter(|path| path.is_file()) else {
        return Ok(None);
    };
    let text = read(&path, &path.display().to_string())?;
    Ok(Some((path, text)))
}

fn read(path: &Path, place: &str) -> Result<String, ConfigError> {
    fs::read_to_string(path).map_err(|error| ConfigError::new(place, ConfigProblem::Unreadable { path: path.to_owned(), error }))
}

/// The keys of a file, one per line, without blank lines and comments.
fn key_lines(path: &Path, place: &str) -> Result<Vec<String>, ConfigError> {
    let text = read(path, place)?;
    let whole = |problem| ConfigError::new(place, ConfigProblem::InFile { path: path.to_owned(), problem });
    if text.contains("PRIVATE KEY") {
        return Err(whole(ValueError::PrivateKey));
    }
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let keys: Result<Vec<_>, _> = lines.map(|line| value::public_key(line).map_err(whole)).collect();
    match keys?.as_slice() {
        [] => Err(ConfigError::new(place, ConfigProblem::NoKeys(path.to_owned()))),
        keys => Ok(keys.to_vec()),
    }
}

fn check_password(password: &Password) -> Result<(), ValueError> {
    let text = password.reveal();
    if text.is_empty() || text.len() > MAX_PASSWORD || text.chars().any(char::is_control) {
        return Err(ValueError::Password { max: MAX_PASSWORD });
    }
    Ok(())
}

/// The closest name, if one is close.
pub(crate) fn suggest<'a>(typed: &str, names: &[&'a str]) -> Option<&'a str> {
    let near = names.iter().map(|name| (strsim::damerau_levenshtein(typed, name), *name)).min()?;
    (near.0 <= typed.len().max(near.1.len()) / 3).then_some(near.1)
}

#[cfg(test)]
mod tests;
