//! Merges flags, environment and file into one validated [`Config`].

mod layers;
pub mod setting;
pub mod settings;
pub mod value;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use clap::ArgMatches;

use crate::{
    catalog::{Catalog, Workload},
    error::{ConfigError, ConfigProblem, Error, ValueError},
    plan::{DEFAULT_ARCHITECTURE, DataDisk, Fleet, Guest, Login, Password, Quantity, Resources, SelectedWorkload, VmTemplate},
};

use layers::{Layer, Layers, Origin};
use setting::Setting;
use settings::{CPU_CORES, DISK_SIZE, DataDiskKind, MEMORY, Settings, VM_COUNT};
pub use settings::{Color, Connection, WaitFor};

/// Default key files, in this order. Used if neither key nor password is given.
const DEFAULT_KEYS: [&str; 3] = ["id_ed25519.pub", "id_ecdsa.pub", "id_rsa.pub"];
/// Common PAM configurations reject longer passwords.
const MAX_PASSWORD: usize = 512;

/// The process environment, read once.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// All variables.
    pub variables: BTreeMap<String, String>,
}

impl Environment {
    /// A variable that is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The home directory.
    pub fn home(&self) -> Option<PathBuf> {
        self.get("HOME").or_else(|| self.get("USERPROFILE")).map(PathBuf::from)
    }
}

/// A setting with its values as they were written.
#[derive(Debug)]
pub struct Effective {
    /// Its declaration.
    pub spec: &'static setting::Spec,
    /// Its values; one, unless it is a list.
    pub values: Vec<String>,
    /// `--memory`, `VIRTWORK_MEMORY`, `in virtwork.yaml, memory`, or `default`.
    pub source: String,
}

/// A value of one workload as it was written.
#[derive(Debug)]
pub struct WorkloadValue {
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
pub struct Config {
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
    pub fn resolve(matches: &ArgMatches, positional: &[String], environment: Environment) -> Result<Self, Error> {
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
        let (mut named, off) = layers::named_workloads(&layers.0, positional);
        let (mut selected_on_cli, _) = layers::named_workloads(&layers.0[..1], positional);
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
    pub fn effective(&self) -> (Vec<Effective>, Vec<WorkloadValue>) {
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
    pub fn namespace(&self) -> Option<&str> {
        self.settings.connection.namespace.as_deref().filter(|namespace| !namespace.is_empty())
    }

    /// The fleet's name if the command line names it. A file that describes a fleet must not hide others.
    pub fn fleet_from_cli(&self) -> Option<&str> {
        self.layers.0[0].values.contains_key("name").then_some(self.settings.common.name.as_str())
    }

    /// Whether to wait. `--no-wait` and `--wait=false` are the same.
    pub fn wait(&self) -> bool {
        self.settings.wait_limit.wait && !self.settings.wait_settings.no_wait
    }

    /// The flags with which another command finds this fleet, each with a blank before it.
    pub fn flags_for_hint(&self) -> String {
        let same = ["namespace", "name", "context", "kubeconfig", "config"];
        let flag = |setting: &&str| Some(format!(" --{setting} {}", self.layers.0[0].values.get(*setting)?.last()?));
        same.iter().filter_map(flag).collect()
    }

    /// Whether a password was given as a flag, which every user of the computer can see.
    pub fn password_on_command_line(&self) -> bool {
        self.layers.find("ssh_password").is_some_and(|(layer, _)| matches!(layer.origin, Origin::Flag))
    }

    /// The requested fleet, and the default key file if one is used.
    ///
    /// # Errors
    /// The first invalid value, with its source.
    pub fn fleet(&self, asked_password: Option<Password>) -> Result<(Fleet, Option<PathBuf>), Error> {
        let workloads: Result<Vec<_>, _> = self.chosen().into_iter().map(|workload| self.choose(workload)).collect();
        let workloads = workloads?;
        if workloads.is_empty() {
            return Err(ConfigError::new(self.layers.place("workloads"), ConfigProblem::NoWorkloadSelected).into());
        }
        // A flag for a workload that is not selected would have no effect.
        if let Some((name, key)) =
            self.layers.0[0].per_workload.keys().find(|(name, _)| workloads.iter().all(|chosen| chosen.name != *name))
        {
            let selected = workloads.iter().map(|workload| workload.name.clone()).collect();
            let problem = ConfigProblem::NotSelected { name: name.clone(), selected };
            return Err(ConfigError::new(Origin::Flag.workload_place(name, key), problem).into());
        }
        let (login, default_key) = self.login(asked_password)?;
        let fleet = Fleet { name: self.settings.common.name.clone(), workloads, template: self.template(), login, guest: self.guest()? };
        Ok((fleet, default_key))
    }

    /// The fleet with one workload only.
    ///
    /// # Errors
    /// The first invalid value, with its source.
    pub fn fleet_of(&self, workload: &Workload) -> Result<(Fleet, SelectedWorkload), Error> {
        let chosen = self.choose(workload)?;
        let (login, _) = self.login(None)?;
        let workloads = vec![chosen.clone()];
        let fleet = Fleet { name: self.settings.common.name.clone(), workloads, template: self.template(), login, guest: self.guest()? };
        Ok((fleet, chosen))
    }

    fn chosen(&self) -> Vec<&Workload> {
        let all = self.catalog.workloads.values();
        if self.named.is_empty() {
            all.filter(|workload| workload.default && !self.disabled.contains(&workload.name)).collect()
        } else {
            all.filter(|workload| self.named.contains(&workload.name)).collect()
        }
    }

    fn choose(&self, workload: &Workload) -> Result<SelectedWorkload, ConfigError> {
        let vms = &self.settings.vms;
        let default_cores = workload.resources.cpu_cores.unwrap_or(vms.cpu_cores);
        let disk = match &workload.disk {
            Some(disk) => Some(self.disk(workload, disk, self.size(workload, &DISK_SIZE, Some(&disk.size), &vms.disk_size)?)?),
            None => None,
        };
        Ok(SelectedWorkload {
            name: workload.name.clone(),
            vm_count: self.layers.own(&VM_COUNT, &workload.name)?.unwrap_or(vms.vm_count),
            resources: Resources {
                cpu_cores: self.layers.own(&CPU_CORES, &workload.name)?.unwrap_or(default_cores),
                memory: self.size(workload, &MEMORY, workload.resources.memory.as_deref(), &vms.memory)?,
                disk,
            },
            parameters: self.parameters(workload),
        })
    }

    /// A size of a workload: its own value, else that of the catalog, else the general one.
    fn size(
        &self,
        workload: &Workload,
        setting: &Setting<Quantity>,
        in_catalog: Option<&str>,
        general: &Quantity,
    ) -> Result<Quantity, ConfigError> {
        if let Some(own) = self.layers.own(setting, &workload.name)? {
            return Ok(own);
        }
        let Some(text) = in_catalog else { return Ok(general.clone()) };
        text.parse().map_err(|problem: ValueError| ConfigError::new(format!("workload {}, {}", workload.name, setting.spec.key), problem))
    }

    fn disk(&self, workload: &Workload, disk: &crate::catalog::DataDisk, size: Quantity) -> Result<Quantity, ConfigError> {
        let minimum: Quantity =
            disk.minimum.parse().map_err(|problem: ValueError| ConfigError::new(format!("workload {}", workload.name), problem))?;
        if size.bytes() >= minimum.bytes() {
            return Ok(size);
        }
        let place = self.layers.per_workload(&workload.name, "disk_size").map_or_else(|| "--disk-size".to_owned(), |(place, _)| place);
        let (size, workload, minimum) = (size.to_string(), workload.name.clone(), minimum.to_string());
        Err(ConfigError::new(place, ConfigProblem::DiskTooSmall { size, workload, minimum }))
    }

    fn parameters(&self, workload: &Workload) -> BTreeMap<String, String> {
        let value = |(name, parameter): (&String, &crate::catalog::Parameter)| {
            let own = self.layers.per_workload(&workload.name, name).map(|(_, text)| text.to_owned());
            let text = own.unwrap_or_else(|| parameter.default());
            // Already validated when its layer was read.
            (name.clone(), parameter.check(&text).unwrap_or(text))
        };
        workload.parameters.iter().map(value).collect()
    }

    fn template(&self) -> VmTemplate {
        let vms = &self.settings.vms;
        VmTemplate {
            image: vms.container_disk_image.clone(),
            image_pull_secret: vms.image_pull_secret.clone(),
            data_disk: match vms.data_disk {
                DataDiskKind::Dv => DataDisk::Dv,
                DataDiskKind::Empty => DataDisk::Empty,
            },
            storage_class: vms.storage_class.clone(),
            node_selector: vms.node_selector.iter().map(|label| (label.0.clone(), label.1.clone())).collect(),
            tolerations: vms.toleration.iter().map(|toleration| toleration.0.clone()).collect(),
            architecture: DEFAULT_ARCHITECTURE.to_owned(),
        }
    }

    fn login(&self, asked_password: Option<Password>) -> Result<(Login, Option<PathBuf>), ConfigError> {
        let settings = &self.settings.login;
        let password = match (&settings.ssh_password, &settings.ssh_password_file, asked_password) {
            (_, _, Some(asked)) => Some((asked, "--ask-ssh-password".to_owned())),
            (Some(given), _, None) => Some((given.clone(), self.layers.place("ssh_password"))),
            (None, Some(path), None) => {
                let place = self.layers.place("ssh_password_file");
                let text = read(path, &place)?;
                Some((Password::new(text.strip_suffix('\n').unwrap_or(&text).trim_end_matches('\r').to_owned()), place))
            }
            (None, None, None) => None,
        };
        if let Some((password, place)) = &password {
            check_password(password).map_err(|problem| ConfigError::new(place, problem))?;
        }
        let mut keys = settings.ssh_authorized_keys.clone();
        for path in &settings.ssh_key_file {
            keys.extend(key_lines(path, &self.layers.place("ssh_key_file"))?);
        }
        let mut default_key = None;
        if keys.is_empty() && password.is_none() && !settings.no_ssh_key {
            let directory = self.environment.home().map(|home| home.join(".ssh"));
            default_key = directory.and_then(|directory| DEFAULT_KEYS.iter().map(|name| directory.join(name)).find(|path| path.is_file()));
            if let Some(path) = &default_key {
                keys = key_lines(path, &format!("default key {}", path.display()))?;
            }
        }
        let mut seen = std::collections::BTreeSet::new();
        keys.retain(|key| seen.insert(key.clone()));
        let password = password.map(|(password, _)| password);
        Ok((Login { user: settings.ssh_user.clone(), keys, password }, default_key))
    }

    /// The first private key of a configured public key file that exists.
    pub fn identity(&self) -> Option<PathBuf> {
        let configured = self.settings.login.ssh_key_file.iter().find(|path| path.extension().is_some_and(|end| end == "pub"));
        configured.map(|path| path.with_extension("")).filter(|path| path.is_file())
    }

    fn guest(&self) -> Result<Guest, ConfigError> {
        let settings = &self.settings.guest;
        let ca = match &settings.ca_file {
            Some(path) => {
                let place = self.layers.place("ca_file");
                let text = read(path, &place)?;
                if !text.contains("-----BEGIN CERTIFICATE-----") || text.contains("PRIVATE KEY") {
                    return Err(ConfigError::new(place, ConfigProblem::NoCertificates(path.clone())));
                }
                Some(text)
            }
            None => None,
        };
        // Not in the URL parser, whose error would repeat the whole value.
        for (key, url) in [("guest_proxy", &settings.guest_proxy), ("package_mirror", &settings.package_mirror)] {
            let host = url.iter().flat_map(|url| url.split('/')).nth(2);
            if host.is_some_and(|host| host.contains('@')) {
                return Err(ConfigError::new(self.layers.place(key), ValueError::UrlWithCredentials));
            }
        }
        Ok(Guest { proxy: settings.guest_proxy.clone(), package_mirror: settings.package_mirror.clone(), ca })
    }
}

/// Every workload and parameter that a layer names must exist, and every parameter's value must be valid.
fn check_workloads(layer: &Layer, positional: &[String], catalog: &Catalog) -> Result<(), ConfigError> {
    let origin = &layer.origin;
    for name in layers::names(layer, positional) {
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
pub fn suggest<'a>(typed: &str, names: &[&'a str]) -> Option<&'a str> {
    let near = names.iter().map(|name| (strsim::damerau_levenshtein(typed, name), *name)).min()?;
    (near.0 <= typed.len().max(near.1.len()) / 3).then_some(near.1)
}

#[cfg(test)]
mod tests;
