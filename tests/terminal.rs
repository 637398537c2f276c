//! Whatever ends the command, the terminal is as it was. `script` provides one.

mod common;

use std::{
    fs,
    io::Read as _,
    process::{Command, Stdio},
    time::Duration,
};

use common::{PLUGIN, World, eventually};
use virtwork_sandbox::Settings;

/// What ends the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Signal(&'static str),
    Panic(&'static str),
}

const SIGNALS: [End; 3] = [End::Signal("TERM"), End::Signal("HUP"), End::Signal("INT")];

/// Runs a command line on a terminal until it shows `until`, and ends it: its exit status, and the screen. The terminal must be as it
/// was. `is_question`: the command changes the terminal.
fn on_terminal(world: &World, line: &str, until: &str, is_question: bool, end: End) -> (String, String) {
    let name: String = format!("{line}-{end:?}").chars().filter(char::is_ascii_alphanumeric).collect();
    let home = world.home.join(name);
    fs::create_dir_all(&home).unwrap();
    // The shell is replaced by the command, whose process is known by that.
    let command = format!("tty >tty; stty -g >before; sh -c 'echo $$ >process; {line}'; echo $? >status; stty -g >after");
    let mut script = Command::new("script");
    script.args(["--quiet", "--command", &command, "/dev/null"]).current_dir(&home);
    script.env_clear().env("HOME", &home).env("PATH", format!("{}:/usr/bin:/bin", world.home.display()));
    script.env("TERM", "xterm").env("PLUGIN", PLUGIN).env("KUBECONFIG", world.sandbox.kubeconfig(world.user));
    if let End::Panic(place) = end {
        script.env("PANIC_IN_TEST", place);
    }
    let mut child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut screen, mut byte) = (Vec::new(), [0]);
    let mut output = child.stdout.take().unwrap();
    let shows = |screen: &[u8]| String::from_utf8_lossy(screen).contains(until);
    while !shows(&screen) && output.read(&mut byte).unwrap() == 1 {
        screen.push(byte[0]);
    }
    let read = |name: &str| fs::read_to_string(home.join(name)).unwrap_or_default().trim().to_owned();
    if let End::Signal(name) = end {
        // A question is printed before the terminal is changed.
        let now = || Command::new("stty").args(["-g", "-F", &read("tty")]).output().unwrap().stdout;
        eventually("the terminal is changed", || !is_question || String::from_utf8_lossy(&now()).trim() != read("before"));
        let killed = Command::new("kill").args(["-s", name, &read("process")]).status().unwrap().success();
        assert!(killed, "{line} had ended: {}", String::from_utf8_lossy(&screen));
    }
    output.read_to_end(&mut screen).unwrap();
    child.wait().unwrap();
    let screen = String::from_utf8_lossy(&screen).into_owned();
    assert!(!read("before").is_empty(), "there is no terminal: {screen:?}");
    assert_eq!(read("before"), read("after"), "the terminal after {line}: {screen:?}");
    assert!(screen.rfind("\u{1b}[?25l") <= screen.rfind("\u{1b}[?25h"), "the cursor is hidden after {line}: {screen:?}");
    (read("status"), screen)
}

fn ends(world: &World, line: &str, until: &str, is_question: bool) {
    for end in SIGNALS {
        let (status, screen) = on_terminal(world, &format!("exec $PLUGIN {line}"), until, is_question, end);
        assert_eq!(status, "130", "{line} after {end:?}: {screen:?}");
    }
}

fn panics(world: &World, line: &str, place: &'static str) {
    let (status, screen) = on_terminal(world, &format!("exec $PLUGIN {line}"), "internal error", false, End::Panic(place));
    assert_eq!(status, "1", "{screen:?}");
    assert!(screen.contains("error: internal error at src/ui/"), "{screen:?}");
    assert!(!screen.contains("panicked") && !screen.contains("as the test wants"), "{screen:?}");
}

/// One hides what is typed, one hides the cursor, one takes single keys.
#[test]
fn questions() {
    let world = World::new();
    world.run("up cpu --vm-count 2").success();
    std::os::unix::fs::symlink("/bin/true", world.home.join("virtctl")).unwrap();
    ends(&world, "up cpu --ask-ssh-password", "Password for", true);
    ends(&world, "up cpu --ask-ssh-password --dry-run >log", "Password for", true);
    ends(&world, "ssh", "Which VM", true);
    ends(&world, "down", "[y/N]", true);
    panics(&world, "up cpu --ask-ssh-password", "question");
}

#[test]
fn progress() {
    let world = World::with(&Settings { boot: Duration::from_secs(3600), ..Settings::default() });
    ends(&world, "up cpu", "0/1 VM", false);
    panics(&world, "up cpu", "progress");
}

/// As under nohup.
#[test]
fn a_hangup_that_is_ignored_stays_ignored() {
    let world = World::with(&Settings { boot: Duration::from_secs(2), ..Settings::default() });
    let line = "trap \"\" HUP; exec $PLUGIN up cpu";
    let (status, screen) = on_terminal(&world, line, "0/1 VM", false, End::Signal("HUP"));
    assert_eq!(status, "0", "{screen:?}");
}
