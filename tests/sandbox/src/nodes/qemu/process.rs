//! The programs of VMs. They end with this process, however it ends.

use std::{
    io,
    process::{Child, Command},
    sync::{Mutex, PoisonError, mpsc},
    thread,
};

type Order = (Command, mpsc::Sender<io::Result<Child>>);

/// Starts programs from its own thread: the kernel's parent-death signal is sent when that thread ends, and threads of a runtime
/// come and go.
pub struct Starter(Mutex<mpsc::Sender<Order>>);

impl Starter {
    pub fn new() -> Self {
        let (sender, orders) = mpsc::channel::<Order>();
        thread::spawn(move || {
            for (mut command, answer) in orders {
                let _ = answer.send(command.spawn());
            }
        });
        Self(Mutex::new(sender))
    }

    /// # Errors
    /// It cannot be started.
    pub fn start(&self, command: Command) -> io::Result<Child> {
        let (sender, answer) = mpsc::channel();
        let ended = |_| io::Error::other("nothing is started any more");
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .send((command, sender))
            .map_err(|_| io::Error::other("nothing is started any more"))?;
        answer.recv().map_err(ended)?
    }
}

/// A program in a network namespace that ends with the thread that started it.
pub fn inside(namespace: &str, program: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "ip", "netns", "exec", namespace, program]);
    command
}

/// # Errors
/// If it is not on PATH.
pub fn which(program: &str) -> io::Result<()> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    if folders.any(|folder| folder.join(program).is_file()) {
        return Ok(());
    }
    Err(io::Error::other(format!("{program} is not installed; VMs that boot need it")))
}

/// Runs a program to its end.
///
/// # Errors
/// It fails, with its output.
pub fn done(what: &str, command: &mut Command) -> io::Result<()> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("{what}: {}", String::from_utf8_lossy(&output.stderr).trim())))
}
