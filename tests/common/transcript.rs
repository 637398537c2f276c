//! Records the output of commands, to compare two clusters: TRANSCRIPT names a directory, which gets one file per test.

use std::{env, fs, io::Write as _, path::PathBuf, thread};

use super::Run;

/// Adds a run to its test's file.
pub fn keep(run: &Run) {
    let Some(folder) = env::var_os("TRANSCRIPT").map(PathBuf::from) else { return };
    // The live objects in it have fields that virt-api sets, which not every cluster has.
    if run.line.starts_with("diff ") {
        return;
    }
    let program = env::current_exe().unwrap();
    let suite = program.file_stem().unwrap().to_str().unwrap().rsplit_once('-').unwrap().0.to_owned();
    let thread = thread::current();
    let path = folder.join(format!("{suite}.{}.txt", thread.name().unwrap().replace("::", ".")));
    // It asks again and again until something shows, and compares the words itself.
    if suite == "causes" {
        return;
    }
    fs::create_dir_all(&folder).unwrap();
    let mut file = fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
    write!(file, "$ {}\n{}exit {}\n", run.line, run.stdout, run.code).unwrap();
}
