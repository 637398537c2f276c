//! Shared by all command tests: a cluster, and the real binary run as a user would. The cluster is a sandbox per test, or with
//! KUBECONFIG_UNDER_TEST (an administrator's kubeconfig) a real one that tests borrow one after another.
#![allow(dead_code, reason = "each test file uses a part")]

mod transcript;

use std::{
    env, fs,
    ops::{Deref, DerefMut},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use serde_json::Value;
use virtwork_sandbox::{Sandbox, Settings, borrowed::is_own};

/// The binary under test.
pub const PLUGIN: &str = env!("CARGO_BIN_EXE_kubectl-virtwork");
/// The time limit of every wait, ten times what is normal.
pub const TIMEOUT: Duration = Duration::from_secs(60);

/// The output of a command, and its exit status.
#[derive(Debug)]
pub struct Run {
    pub line: String,
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// Asserts exit status 0.
    #[track_caller]
    pub fn success(self) -> Self {
        self.code(0)
    }

    /// Asserts the exit status.
    #[track_caller]
    pub fn code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "exit status of {self:#?}");
        self
    }

    /// Asserts that standard output contains a text.
    #[track_caller]
    pub fn stdout_has(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "no {text:?} on standard output of {self:#?}");
        self
    }

    /// Asserts that standard error contains a text.
    #[track_caller]
    pub fn stderr_has(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "no {text:?} on standard error of {self:#?}");
        self
    }

    /// Asserts that neither contains a text.
    #[track_caller]
    pub fn absent(self, text: &str) -> Self {
        assert!(!self.stdout.contains(text) && !self.stderr.contains(text), "{text:?} in the output of {self:#?}");
        self
    }

    /// The number of VMs that the table shows as running and ready.
    pub fn ready(&self) -> usize {
        self.stdout
            .lines()
            .filter(|line| line.split_whitespace().collect::<Vec<_>>().windows(2).any(|pair| pair == ["Running", "True"]))
            .count()
    }

    /// The number of lines of standard output with this ending.
    pub fn count(&self, ending: &str) -> usize {
        self.stdout.lines().filter(|line| line.ends_with(ending)).count()
    }
}

/// A running command; it ends with its test.
pub struct Started(Option<Child>);

impl Started {
    pub fn new(command: &mut Command) -> Self {
        Self(Some(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()))
    }

    /// Waits for the end: status, standard output and standard error.
    pub fn end(mut self) -> (Option<i32>, String, String) {
        let output = self.0.take().unwrap().wait_with_output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    }
}

impl Deref for Started {
    type Target = Child;

    fn deref(&self) -> &Child {
        self.0.as_ref().unwrap()
    }
}

impl DerefMut for Started {
    fn deref_mut(&mut self) -> &mut Child {
        self.0.as_mut().unwrap()
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// A cluster and a user's home directory.
pub struct World {
    pub sandbox: Sandbox,
    pub home: PathBuf,
    pub user: &'static str,
    /// The test's own client of the API server, as administrator.
    administrator: (tokio::runtime::Runtime, kube::Client),
    /// Tests borrow a real cluster one after another.
    _turn: Option<MutexGuard<'static, ()>>,
}

static TURN: Mutex<()> = Mutex::new(());

/// The real cluster under test, if there is one.
pub fn real() -> Option<PathBuf> {
    env::var_os("KUBECONFIG_UNDER_TEST").map(PathBuf::from)
}

impl World {
    pub fn new() -> Self {
        Self::with(&Settings::default())
    }

    pub fn with(settings: &Settings) -> Self {
        let turn = real().map(|_| TURN.lock().unwrap_or_else(PoisonError::into_inner));
        let sandbox = match real() {
            Some(kubeconfig) => Sandbox::borrow(&kubeconfig, settings).unwrap(),
            None => Sandbox::start(settings).unwrap(),
        };
        let home = sandbox.folder().join("home");
        fs::create_dir(&home).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let client = runtime.block_on(virtwork_sandbox::client(&sandbox.kubeconfig("kubevirt"))).unwrap();
        Self { sandbox, home, user: "admin", administrator: (runtime, client), _turn: turn }
    }

    /// The plugin, with an environment that contains nothing of the user who runs the tests.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(PLUGIN);
        command.args(words).env_clear().env("HOME", &self.home).env("KUBECONFIG", self.sandbox.kubeconfig(self.user)).stdin(Stdio::null());
        command
    }

    /// Runs a command line, split at blanks.
    pub fn run(&self, line: &str) -> Run {
        let words: Vec<&str> = line.split_whitespace().collect();
        output(line, &mut self.command(&words))
    }

    /// Starts a command line and lets it run.
    pub fn start(&self, line: &str) -> Started {
        let words: Vec<&str> = line.split_whitespace().collect();
        Started::new(&mut self.command(&words))
    }

    /// Writes a file into the home directory, and returns its path.
    pub fn file(&self, name: &str, content: &str) -> String {
        let path = self.home.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Sends a request as administrator: method, path, body.
    #[track_caller]
    pub fn api(&self, method: &str, path: &str, body: &Value) -> Value {
        self.try_api(method, path, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// The same; a failure is returned.
    pub fn try_api(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let content_type = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let text = self.request(method, path, content_type, body)?;
        serde_json::from_str(&text).map_err(|error| error.to_string())
    }

    /// Sends a request with any text as administrator; a failure is its message.
    pub fn request(&self, method: &str, path: &str, content_type: &str, body: String) -> Result<String, String> {
        let (runtime, client) = &self.administrator;
        let request = http::Request::builder().method(method).uri(path).header("content-type", content_type);
        let request = request.body(body.into_bytes()).unwrap();
        runtime.block_on(async { client.request_text(request).await.map_err(|error| error.to_string()) })
    }

    /// The names of all objects of a resource (`kubevirt.io/v1/virtualmachines`, `v1/secrets`) without the cluster's own.
    pub fn names(&self, resource: &str) -> Vec<String> {
        let root = if resource.starts_with("v1/") { "api" } else { "apis" };
        let list = self.api("GET", &format!("/{root}/{resource}"), &Value::Null);
        let own = |item: &&Value| {
            let namespace = item["metadata"]["namespace"].as_str().unwrap_or_default();
            (is_own(namespace) && namespace != "default") || (resource == "v1/services" && item["metadata"]["name"] == "kubernetes")
        };
        let all = list["items"].as_array().unwrap().iter().filter(|item| !own(item));
        all.map(|item| item["metadata"]["name"].as_str().unwrap().to_owned()).collect()
    }

    /// A VM of the default fleet in the default namespace.
    pub fn vm(&self, name: &str) -> Value {
        self.api("GET", &format!("{VMS}/{name}"), &Value::Null)
    }

    /// The number of objects of fleets, including those that KubeVirt created.
    pub fn count_all(&self) -> usize {
        ALL.iter().map(|resource| self.names(resource).len()).sum()
    }

    /// The writes since the last call.
    pub fn writes(&self) -> Vec<String> {
        let seen = self.sandbox.faults.take_seen();
        seen.iter().filter(|seen| seen.is_write()).map(|seen| format!("{} {}", seen.method, seen.path)).collect()
    }
}

/// The VMs of the default namespace.
pub const VMS: &str = "/apis/kubevirt.io/v1/namespaces/virtwork/virtualmachines";

/// Every resource that a fleet is made of.
pub const ALL: [&str; 7] = [
    "kubevirt.io/v1/virtualmachines",
    "kubevirt.io/v1/virtualmachineinstances",
    "cdi.kubevirt.io/v1beta1/datavolumes",
    "v1/secrets",
    "v1/services",
    "v1/persistentvolumeclaims",
    "v1/pods",
];

/// Runs a command to its end.
pub fn output(line: &str, command: &mut Command) -> Run {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let run =
        Run { line: line.to_owned(), code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) };
    transcript::keep(&run);
    run
}

/// Waits for a condition.
#[track_caller]
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < TIMEOUT, "still waiting: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Compares with the file under `tests/golden`; `UPDATE_GOLDEN=1` writes it instead.
#[track_caller]
pub fn golden(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, actual).unwrap();
        return;
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == actual, "{name} is not what it was; UPDATE_GOLDEN=1 accepts this:\n{actual}");
}
