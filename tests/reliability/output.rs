//! Output that cannot be written.

use std::{
    fs::{self, File, OpenOptions},
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use super::{assert_down_deletes_all, assert_recovers, assert_remaining};
use crate::common::{PLUGIN, World, eventually};

#[test]
fn closed_pipe_on_stdout() {
    let world = World::new();
    let mut child = world.start("up cpu memory");
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "namespace/virtwork created\n");
    let (code, _, stderr) = child.end();
    assert_eq!(code, Some(1), "{stderr}");
    assert!(!stderr.contains("error") && !stderr.contains("pipe") && !stderr.contains("panicked"), "{stderr}");
    assert_remaining(&world, 2, 2);
    assert_recovers(&world, "up cpu memory");
}

#[test]
fn full_disk_on_stdout() {
    let world = World::new();
    let full = || OpenOptions::new().write(true).open("/dev/full").unwrap();
    for (line, there) in [(&["up", "cpu"][..], 1), (&["status"], 1), (&["down"], 0)] {
        let output = world.command(line).stdout(full()).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(stderr.contains("cannot write to standard output: No space left on device"), "{stderr}");
        assert_remaining(&world, there, there);
    }
    assert_down_deletes_all(&world);
}

#[test]
fn stderr_closed() {
    let world = World::new();
    let script = |line: &str| {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &format!("exec '{PLUGIN}' {line} 2>&-")]).env_clear().env("HOME", &world.home);
        command.env("KUBECONFIG", world.sandbox.kubeconfig("admin")).stdin(Stdio::null()).output().unwrap()
    };
    for (line, there) in [("up cpu", 1), ("status", 1), ("down", 0)] {
        let output = script(line);
        assert_eq!(output.status.code(), Some(0), "{line}: {output:?}");
        assert_remaining(&world, there, there);
    }
    assert_down_deletes_all(&world);
}

/// `script` provides a terminal and ends. The command continues without one, or ends by SIGHUP.
#[test]
fn terminal_goes_away() {
    let world = World::new();
    let ended = world.home.join("ended");
    // The shell survives SIGHUP, and the command gets the default action.
    let command = format!("trap : HUP; {PLUGIN} up cpu memory --vm-count 4; echo $? >{}", ended.display());
    let mut terminal = Command::new("script");
    terminal.args(["--quiet", "--command", &command, "/dev/null"]).env_clear().env("HOME", &world.home).env("PATH", "/usr/bin:/bin");
    terminal.env("TERM", "xterm").env("KUBECONFIG", world.sandbox.kubeconfig("admin"));
    let mut terminal = terminal.stdin(File::open("/dev/null").unwrap()).stdout(Stdio::null()).spawn().unwrap();
    eventually("it writes", || !world.names("v1/secrets").is_empty());
    terminal.kill().unwrap();
    terminal.wait().unwrap();
    eventually("the command has ended", || fs::read_to_string(&ended).is_ok_and(|status| status.ends_with('\n')));
    let status = fs::read_to_string(&ended).unwrap();
    // Without a terminal it cannot print, or SIGHUP ends it (128 + 1).
    assert!(["0", "1", "129"].contains(&status.trim()), "{status}");
    assert_recovers(&world, "up cpu memory --vm-count 4");
}
