//! Every setting, declared once.

use std::path::PathBuf;

use crate::{
    error::ValueError,
    plan::{Password, Quantity},
};

use super::{
    setting::{Choice, Declared, Group, Setting, Shape},
    value::{self, GoDuration, NodeLabel, SetValue, TolerationArg},
};

/// Any text.
fn text(text: &str) -> Result<String, ValueError> {
    Ok(text.to_owned())
}

fn password(text: &str) -> Result<Password, ValueError> {
    Ok(Password::new(text.to_owned()))
}

/// The value with this name, whatever its case.
fn choice<T: Copy>(text: &str, choices: &[Choice], values: &[T]) -> Result<T, ValueError> {
    let index = choices.iter().position(|(name, _)| name.eq_ignore_ascii_case(text));
    index.and_then(|index| values.get(index)).copied().ok_or_else(|| {
        let valid = choices.iter().map(|(name, _)| (*name).to_owned()).collect();
        ValueError::Choice { text: text.to_owned(), valid }
    })
}

/// Settings that a workload can override, besides its parameters.
pub(crate) const WORKLOAD_SIZES: [&str; 4] = ["vm_count", "cpu_cores", "memory", "disk_size"];

/// When to use color.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

const COLORS: [Choice; 3] = [("auto", "On a terminal, unless NO_COLOR is set"), ("always", "Always"), ("never", "Never")];

/// Types of data disks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DataDiskKind {
    /// A DataVolume.
    Dv,
    /// An emptyDisk.
    Empty,
}

const DATA_DISKS: [Choice; 2] = [("dv", "A DataVolume"), ("empty", "An emptyDisk")];

/// The state that `up` waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WaitFor {
    /// The workload runs.
    Ready,
    /// The VM runs.
    Running,
}

const WAIT_FOR: [Choice; 2] = [("ready", "The workload runs"), ("running", "The VM runs")];

macro_rules! settings {
    ($($name:ident: $type:ty = $value:expr;)*) => {
        $(pub(super) static $name: Setting<$type> = $value;)*
        /// Every setting.
        pub(crate) static ALL: &[&dyn Declared] = &[$(&$name),*];
    };
}

settings! {
    CONFIG: PathBuf = Setting::path("config", "config", "YAML file with settings [default: ~/.config/virtwork/config.yaml]", "FILE");
    CATALOG: PathBuf = Setting::path("catalog", "catalog", "Directory of additional workloads, one subdirectory each", "DIR");
    NAME: String = Setting::new("name", "name", "Name of the fleet", value::name).value_name("NAME").default("virtwork").hyphen();
    V: u32 = Setting::new("v", "v", "Log level: 4 logs retries, 6 logs every request", value::within::<0, 10>).value_name("LEVEL").short('v').default("0");
    VERBOSE: bool = Setting::switch("verbose", "verbose", "The same as -v=4").default("false");
    COLOR: Color = Setting::new("color", "color", "Use color", |text| choice(text, &COLORS, &[Color::Auto, Color::Always, Color::Never]))
        .value_name("WHEN").default("auto").choices(&COLORS);

    NAMESPACE: String = Setting::new("namespace", "namespace", "Namespace (project) of the fleet", value::namespace).value_name("NAMESPACE").short('n');
    CONTEXT: String = Setting::new("context", "context", "Kubeconfig context to use", text).value_name("CONTEXT");
    KUBECONFIG: PathBuf = Setting::path("kubeconfig", "kubeconfig", "Path to the kubeconfig file", "FILE");
    CLUSTER: String = Setting::new("cluster", "cluster", "Kubeconfig cluster to use", text).value_name("CLUSTER").advanced();
    USER: String = Setting::new("user", "user", "Kubeconfig user to use", text).value_name("USER").advanced();
    SERVER: String = Setting::new("server", "server", "Address of the API server", text).value_name("SERVER").short('s').advanced();
    TLS_SERVER_NAME: String =
        Setting::new("tls_server_name", "tls-server-name", "Server name to verify the API server's certificate against", text).value_name("TLS_SERVER_NAME").advanced();
    INSECURE: bool =
        Setting::switch("insecure_skip_tls_verify", "insecure-skip-tls-verify", "Do not verify the API server's certificate").advanced();
    CERTIFICATE_AUTHORITY: PathBuf =
        Setting::path("certificate_authority", "certificate-authority", "Path to a CA certificate for the API server", "FILE").advanced();
    CLIENT_CERTIFICATE: PathBuf =
        Setting::path("client_certificate", "client-certificate", "Path to a client certificate", "FILE").advanced();
    CLIENT_KEY: PathBuf = Setting::path("client_key", "client-key", "Path to the key of the client certificate", "FILE").advanced();
    TOKEN: Password = Setting::new("token", "token", "Bearer token", password).value_name("TOKEN").advanced().secret();
    AS: String = Setting::new("as", "as", "User to impersonate", text).value_name("USER").advanced();
    AS_UID: String = Setting::new("as_uid", "as-uid", "UID to impersonate", text).value_name("UID").advanced();
    AS_GROUP: String = Setting::new("as_group", "as-group", "Group to impersonate (repeatable)", text).value_name("GROUP").list(Shape::List).advanced();
    AS_USER_EXTRA: String =
        Setting::new("as_user_extra", "as-user-extra", "Extra attribute to impersonate, KEY=VALUE (repeatable)", text).value_name("KEY=VALUE").list(Shape::List).advanced();
    REQUEST_TIMEOUT: GoDuration =
        Setting::new("request_timeout", "request-timeout", "Time limit of one request (5s, 2m; 0 waits forever) [default: 30s]", str::parse).value_name("DURATION").hyphen().advanced();
    CACHE_DIR: PathBuf = Setting::path("cache_dir", "cache-dir", "Ignored; accepted for compatibility with kubectl", "DIR").advanced();
    DISABLE_COMPRESSION: bool = Setting::switch("disable_compression", "disable-compression", "Ignored; responses are never compressed").advanced();

    WORKLOADS: String =
        Setting::new("workloads", "workloads", "Workloads, comma-separated (repeatable) [default: all]", text).value_name("NAMES").list(Shape::CommaList);

    VM_COUNT: u32 =
        Setting::new("vm_count", "vm-count", "VMs per workload (per role, if the workload has roles)", value::within::<1, 10_000>).value_name("N").default("1").hyphen();
    CPU_CORES: u32 = Setting::new("cpu_cores", "cpu-cores", "vCPUs of each VM", value::within::<1, 256>).value_name("N").default("2").hyphen();
    MEMORY: Quantity = Setting::new("memory", "memory", "Memory of each VM", value::memory).value_name("QUANTITY").default("2Gi").hyphen();
    DISK_SIZE: Quantity = Setting::new("disk_size", "disk-size", "Size of each data disk", value::disk_size).value_name("QUANTITY").default("10Gi").hyphen();
    DATA_DISK: DataDiskKind =
        Setting::new("data_disk", "data-disk", "Data disk type: dv (DataVolume) or empty (emptyDisk; needs no CDI)", |text| choice(text, &DATA_DISKS, &[DataDiskKind::Dv, DataDiskKind::Empty]))
            .value_name("KIND").default("dv").choices_in_help(&DATA_DISKS);
    CONTAINER_DISK_IMAGE: String =
        Setting::new("container_disk_image", "container-disk-image", "Image of the root disk", value::image).value_name("IMAGE").default("quay.io/containerdisks/fedora:44");
    IMAGE_PULL_SECRET: String =
        Setting::new("image_pull_secret", "image-pull-secret", "Secret with credentials for pulling the image", value::object_name).value_name("SECRET");
    STORAGE_CLASS: String =
        Setting::new("storage_class", "storage-class", "StorageClass of the data disks [default: the cluster's default]", value::object_name).value_name("CLASS");
    NODE_SELECTOR: NodeLabel =
        Setting::new("node_selector", "node-selector", "Label that nodes must have, KEY=VALUE (repeatable, or comma-separated)", str::parse).value_name("KEY=VALUE").list(Shape::CommaList);
    TOLERATION: TolerationArg =
        Setting::new("toleration", "toleration", "Toleration for the VMs, KEY[=VALUE][:EFFECT] (repeatable)", str::parse).value_name("TAINT").list(Shape::CommaList);
    SET: SetValue =
        Setting::new("set", "set", "Parameter or size of one workload, such as cpu.memory=4Gi (repeatable)", str::parse).value_name("WORKLOAD.KEY=VALUE").list(Shape::CommaList);

    SSH_USER: String = Setting::new("ssh_user", "ssh-user", "Account in the guests", value::user_name).value_name("NAME").default("virtwork").hyphen();
    SSH_KEYS: String = Setting::new("ssh_authorized_keys", "ssh-key", "Public key (repeatable)", value::public_key).value_name("KEY").list(Shape::List).hyphen();
    SSH_KEY_FILE: PathBuf =
        Setting::path("ssh_key_file", "ssh-key-file", "File with public keys (repeatable) [default: the first of ~/.ssh/id_ed25519.pub, id_ecdsa.pub, id_rsa.pub]", "FILE").list(Shape::List);
    NO_SSH_KEY: bool = Setting::switch("no_ssh_key", "no-ssh-key", "Do not use a public key from ~/.ssh").default("false");
    SSH_PASSWORD: Password =
        Setting::new("ssh_password", "ssh-password", "Password of the account; visible in the process list", password).value_name("VALUE").conflict("ssh_password_file").secret();
    SSH_PASSWORD_FILE: PathBuf = Setting::path("ssh_password_file", "ssh-password-file", "File with the password of the account", "FILE");

    GUEST_PROXY: String = Setting::new("guest_proxy", "guest-proxy", "Proxy for installing packages in the guests", value::url).value_name("URL");
    PACKAGE_MIRROR: String = Setting::new("package_mirror", "package-mirror", "Package mirror to use instead of the distribution's", value::url).value_name("URL");
    CA_FILE: PathBuf = Setting::path("ca_file", "ca-file", "PEM file with extra CA certificates for the guests", "FILE");

    WAIT: bool = Setting::switch("wait", "wait", "Wait for the result").default("true");
    TIMEOUT: GoDuration =
        Setting::new("timeout", "timeout", "Time limit of the wait (90s, 10m, 1h30m, or seconds; 0 waits forever)", str::parse).value_name("DURATION").default("10m").hyphen();
    NO_WAIT: bool = Setting::switch("no_wait", "no-wait", "The same as --wait=false").default("false");
    WAIT_STATE: WaitFor =
        Setting::new("wait_for", "wait-for", "Wait until VMs are ready (workload runs) or only running", |text| choice(text, &WAIT_FOR, &[WaitFor::Ready, WaitFor::Running]))
            .value_name("STATE").default("ready").choices(&WAIT_FOR);
    CONCURRENCY: u32 = Setting::new("concurrency", "concurrency", "Concurrent requests", value::within::<1, 256>).value_name("N").default("16").hyphen();
}

macro_rules! group {
    ($(#[$doc:meta])* $name:ident, $heading:expr, $global:expr, [$($setting:ident),*]) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(crate) struct $name;

        impl Group for $name {
            const HEADING: Option<&'static str> = $heading;
            const GLOBAL: bool = $global;

            fn settings() -> &'static [&'static dyn Declared] {
                static SETTINGS: &[&dyn Declared] = &[$(&$setting),*];
                SETTINGS
            }
        }
    };
}

group!(/// Settings of every command.
    CommonFlags, None, true, [CONFIG, CATALOG, NAME, V, VERBOSE, COLOR]);
group!(/// kubectl's own flags.
ConnectionFlags, Some("Cluster options"), true, [
    NAMESPACE, CONTEXT, KUBECONFIG, CLUSTER, USER, SERVER, TLS_SERVER_NAME, INSECURE, CERTIFICATE_AUTHORITY, CLIENT_CERTIFICATE, CLIENT_KEY,
    TOKEN, AS, AS_UID, AS_GROUP, AS_USER_EXTRA, REQUEST_TIMEOUT, CACHE_DIR, DISABLE_COMPRESSION
]);
group!(/// The selected workloads.
    SelectionFlags, None, false, [WORKLOADS]);
group!(/// The configuration of the VMs.
VmFlags, Some("VMs"), false, [
    VM_COUNT, CPU_CORES, MEMORY, DISK_SIZE, DATA_DISK, CONTAINER_DISK_IMAGE, IMAGE_PULL_SECRET, STORAGE_CLASS, NODE_SELECTOR, TOLERATION, SET
]);
group!(/// The accounts in the guests.
    LoginFlags, Some("Login"), false, [SSH_USER, SSH_KEYS, SSH_KEY_FILE, NO_SSH_KEY, SSH_PASSWORD, SSH_PASSWORD_FILE]);
group!(/// Access of the guests to packages.
    GuestFlags, Some("Guests"), false, [GUEST_PROXY, PACKAGE_MIRROR, CA_FILE]);
group!(/// The limits of a wait.
    WaitLimitFlags, None, false, [WAIT, TIMEOUT]);
group!(/// The wait of `up`.
    WaitFlags, None, false, [NO_WAIT, WAIT_STATE, CONCURRENCY]);
