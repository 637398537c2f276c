//! `completion`: a script for a shell.

use crate::{cli::Completion, ui::Ui};

/// Prints the script; the same text lies in `completions/`.
pub fn run(arguments: &Completion, ui: &Ui) {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut super::command_line("kubectl-virtwork"), "kubectl-virtwork", &mut script);
    ui.block(&String::from_utf8_lossy(&script));
}
