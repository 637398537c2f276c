//! The settings as typed values.

use std::path::PathBuf;

use crate::{
    error::ConfigError,
    plan::{Password, Quantity},
};

use super::{
    merge::Layers,
    settings::*,
    value::{GoDuration, NodeLabel, TolerationArg},
};

/// The value of every setting.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// Settings of every command.
    pub common: Common,
    /// kubectl's own flags.
    pub connection: Connection,
    /// The configuration of the VMs.
    pub vms: VmSettings,
    /// The accounts in the guests.
    pub login: LoginSettings,
    /// Access of the guests to packages.
    pub guest: GuestSettings,
    /// The limits of a wait.
    pub wait_limit: WaitLimit,
    /// The wait of `up`.
    pub wait_settings: WaitSettings,
}

/// Settings of every command.
#[derive(Debug, Clone)]
pub(crate) struct Common {
    pub catalog: Option<PathBuf>,
    pub name: String,
    pub v: u32,
    pub verbose: bool,
    pub color: Color,
}

/// kubectl's own flags.
#[derive(Debug, Clone, Default)]
pub(crate) struct Connection {
    pub namespace: Option<String>,
    pub context: Option<String>,
    pub kubeconfig: Option<PathBuf>,
    pub cluster: Option<String>,
    pub user: Option<String>,
    pub server: Option<String>,
    pub tls_server_name: Option<String>,
    pub insecure_skip_tls_verify: Option<bool>,
    pub certificate_authority: Option<PathBuf>,
    pub client_certificate: Option<PathBuf>,
    pub client_key: Option<PathBuf>,
    pub token: Option<Password>,
    pub impersonate: Option<String>,
    pub as_uid: Option<String>,
    pub as_group: Vec<String>,
    pub as_user_extra: Vec<String>,
    pub request_timeout: Option<GoDuration>,
}

impl Connection {
    /// Whether it selects another cluster, or other credentials, than kubectl would use without flags.
    pub(crate) fn chooses_cluster(&self) -> bool {
        let texts = [&self.context, &self.cluster, &self.user, &self.server, &self.tls_server_name, &self.impersonate];
        let files = [&self.kubeconfig, &self.certificate_authority, &self.client_certificate, &self.client_key];
        let other = self.token.is_some() || self.insecure_skip_tls_verify.is_some();
        other || texts.iter().any(|text| text.is_some()) || files.iter().any(|file| file.is_some())
    }
}

/// The configuration of the VMs.
#[derive(Debug, Clone)]
pub(crate) struct VmSettings {
    pub vm_count: u32,
    pub cpu_cores: u32,
    pub memory: Quantity,
    pub disk_size: Quantity,
    pub data_disk: DataDiskKind,
    pub container_disk_image: String,
    pub image_pull_secret: Option<String>,
    pub storage_class: Option<String>,
    pub node_selector: Vec<NodeLabel>,
    pub toleration: Vec<TolerationArg>,
}

/// The accounts in the guests.
#[derive(Debug, Clone)]
pub(crate) struct LoginSettings {
    pub ssh_user: String,
    pub ssh_authorized_keys: Vec<String>,
    pub ssh_key_file: Vec<PathBuf>,
    pub no_ssh_key: bool,
    pub ssh_password: Option<Password>,
    pub ssh_password_file: Option<PathBuf>,
}

/// Access of the guests to packages.
#[derive(Debug, Clone)]
pub(crate) struct GuestSettings {
    pub guest_proxy: Option<String>,
    pub package_mirror: Option<String>,
    pub ca_file: Option<PathBuf>,
}

/// The limits of a wait.
#[derive(Debug, Clone)]
pub(crate) struct WaitLimit {
    pub wait: bool,
    pub timeout: GoDuration,
}

/// The wait of `up`.
#[derive(Debug, Clone)]
pub(crate) struct WaitSettings {
    pub no_wait: bool,
    pub wait_for: WaitFor,
    pub concurrency: u32,
}

impl Settings {
    /// Reads every setting.
    ///
    /// # Errors
    /// The first invalid value, with its source.
    pub(super) fn read(layers: &Layers) -> Result<Self, ConfigError> {
        Ok(Self {
            common: Common {
                catalog: layers.optional(&CATALOG)?,
                name: layers.value(&NAME)?,
                v: layers.value(&V)?,
                verbose: layers.value(&VERBOSE)?,
                color: layers.value(&COLOR)?,
            },
            connection: connection(layers)?,
            vms: VmSettings {
                vm_count: layers.value(&VM_COUNT)?,
                cpu_cores: layers.value(&CPU_CORES)?,
                memory: layers.value(&MEMORY)?,
                disk_size: layers.value(&DISK_SIZE)?,
                data_disk: layers.value(&DATA_DISK)?,
                container_disk_image: layers.value(&CONTAINER_DISK_IMAGE)?,
                image_pull_secret: layers.optional(&IMAGE_PULL_SECRET)?,
                storage_class: layers.optional(&STORAGE_CLASS)?,
                node_selector: layers.list(&NODE_SELECTOR)?,
                toleration: layers.list(&TOLERATION)?,
            },
            login: LoginSettings {
                ssh_user: layers.value(&SSH_USER)?,
                ssh_authorized_keys: layers.list(&SSH_KEYS)?,
                ssh_key_file: layers.list(&SSH_KEY_FILE)?,
                no_ssh_key: layers.value(&NO_SSH_KEY)?,
                ssh_password: layers.optional(&SSH_PASSWORD)?,
                ssh_password_file: layers.optional(&SSH_PASSWORD_FILE)?,
            },
            guest: GuestSettings {
                guest_proxy: layers.optional(&GUEST_PROXY)?,
                package_mirror: layers.optional(&PACKAGE_MIRROR)?,
                ca_file: layers.optional(&CA_FILE)?,
            },
            wait_limit: WaitLimit { wait: layers.value(&WAIT)?, timeout: layers.value(&TIMEOUT)? },
            wait_settings: WaitSettings {
                no_wait: layers.value(&NO_WAIT)?,
                wait_for: layers.value(&WAIT_STATE)?,
                concurrency: layers.value(&CONCURRENCY)?,
            },
        })
    }
}

fn connection(layers: &Layers) -> Result<Connection, ConfigError> {
    Ok(Connection {
        namespace: layers.optional(&NAMESPACE)?,
        context: layers.optional(&CONTEXT)?,
        kubeconfig: layers.optional(&KUBECONFIG)?,
        cluster: layers.optional(&CLUSTER)?,
        user: layers.optional(&USER)?,
        server: layers.optional(&SERVER)?,
        tls_server_name: layers.optional(&TLS_SERVER_NAME)?,
        insecure_skip_tls_verify: layers.optional(&INSECURE)?,
        certificate_authority: layers.optional(&CERTIFICATE_AUTHORITY)?,
        client_certificate: layers.optional(&CLIENT_CERTIFICATE)?,
        client_key: layers.optional(&CLIENT_KEY)?,
        token: layers.optional(&TOKEN)?,
        impersonate: layers.optional(&AS)?,
        as_uid: layers.optional(&AS_UID)?,
        as_group: layers.list(&AS_GROUP)?,
        as_user_extra: layers.list(&AS_USER_EXTRA)?,
        request_timeout: layers.optional(&REQUEST_TIMEOUT)?,
    })
}
