//! Whatever ends the command, the terminal is as it was. `script` provides one.

mod common;

use std::{
    fs,
    io::Read as _,
    process::{Command, Stdio},
    time::Duration,
};

use common::{PLUGIN, World};
use virtwork_sandbox::Settings;

/// What ends the command.
#[derive(Clone, Copy)]
enum End {
    Signal(&'static str),
    Panic(&'static str),
}

/// Runs a command line on a terminal until it shows `until`, and ends it. The terminal must be as it was.
fn ends(world: &World, line: &str, until: &str, end: End) {
    let home = world.home.join(format!(
        "{}-{until}",
        match end {
            End::Signal(name) | End::Panic(name) => name,
        }
    ));
    fs::create_dir_all(&home).unwrap();
    // The shell is replaced by the command, whose process is known by that.
    let command = format!("stty -g >before; sh -c 'echo $$ >process; exec {PLUGIN} {line}'; echo $? >status; stty -g >after");
    let mut script = Command::new("script");
    script.args(["--quiet", "--command", &command, "/dev/null"]).current_dir(&home);
    script.env_clear().env("HOME", &home).env("PATH", format!("{}:/usr/bin:/bin", world.home.display())).env("TERM", "xterm");
    if let End::Panic(place) = end {
        script.env("PANIC_IN_TEST", place);
    }
    script.env("KUBECONFIG", world.sandbox.kubeconfig(world.user)).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = script.spawn().unwrap();
    let (mut screen, mut byte) = (Vec::new(), [0]);
    let mut output = child.stdout.take().unwrap();
    let shows = |screen: &[u8]| String::from_utf8_lossy(screen).contains(until);
    while !shows(&screen) && output.read(&mut byte).unwrap() == 1 {
        screen.push(byte[0]);
    }
    let read = |name: &str| fs::read_to_string(home.join(name)).unwrap_or_default().trim().to_owned();
    if let End::Signal(name) = end {
        let killed = Command::new("kill").args(["-s", name, &read("process")]).status().unwrap().success();
        assert!(killed, "{line} had ended: {}", String::from_utf8_lossy(&screen));
    }
    output.read_to_end(&mut screen).unwrap();
    child.wait().unwrap();
    let screen = String::from_utf8_lossy(&screen);
    assert_eq!(read("before"), read("after"), "the terminal after {line}: {screen:?}");
    assert!(!read("before").is_empty(), "there is no terminal: {screen:?}");
    assert!(screen.rfind("\u{1b}[?25l") <= screen.rfind("\u{1b}[?25h"), "the cursor is hidden after {line}: {screen:?}");
    assert!(!screen.contains("panicked"), "{screen:?}");
    match end {
        End::Signal(_) => assert_eq!(read("status"), "130", "{screen:?}"),
        End::Panic(_) => {
            assert_eq!(read("status"), "1", "{screen:?}");
            assert!(screen.contains("error: internal error at src/ui/") && !screen.contains("as the test wants"), "{screen:?}");
        }
    }
}

const SIGNALS: [End; 3] = [End::Signal("TERM"), End::Signal("HUP"), End::Signal("INT")];

/// One hides what is typed, one hides the cursor.
#[test]
fn questions() {
    let world = World::new();
    world.run("up cpu --vm-count 2").success();
    std::os::unix::fs::symlink("/bin/true", world.home.join("virtctl")).unwrap();
    for end in SIGNALS {
        ends(&world, "up cpu --ask-ssh-password", "Password for", end);
        ends(&world, "ssh", "Which VM", end);
        ends(&world, "down", "[y/N]", end);
    }
    ends(&world, "up cpu --ask-ssh-password", "internal error", End::Panic("question"));
}

#[test]
fn progress() {
    let world = World::with(&Settings { boot: Duration::from_secs(3600), ..Settings::default() });
    for end in SIGNALS {
        ends(&world, "up cpu", "0/1 VM", end);
    }
    ends(&world, "up cpu", "internal error", End::Panic("progress"));
}
