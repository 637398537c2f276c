//! The requested fleet, from the settings and the catalog.

use std::{collections::BTreeMap, path::PathBuf};

use crate::{
    catalog::Workload,
    error::{ConfigError, ConfigProblem, Error, ValueError},
    plan::{DEFAULT_ARCHITECTURE, DataDisk, Fleet, Guest, Login, Password, Quantity, Resources, SelectedWorkload, VmTemplate},
};

use super::{
    Config, DEFAULT_KEYS, Origin, check_password, key_lines, read,
    setting::Setting,
    settings::{CPU_CORES, DISK_SIZE, DataDiskKind, MEMORY, VM_COUNT},
};

impl Config {
    /// The requested fleet, and the default key file if one is used.
    ///
    /// # Errors
    /// The first invalid value, with its source.
    pub(crate) fn fleet(&self, asked_password: Option<Password>) -> Result<(Fleet, Option<PathBuf>), Error> {
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
    pub(crate) fn fleet_of(&self, workload: &Workload) -> Result<(Fleet, SelectedWorkload), Error> {
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
    pub(crate) fn identity(&self) -> Option<PathBuf> {
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
