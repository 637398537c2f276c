//! `completion`: a script for a shell.

use crate::{cli::Completion, ui::Ui};

/// Prints the script; `completions/` has the same text.
pub(super) async fn run(arguments: &Completion, ui: &Ui) {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut super::command_line("kubectl-virtwork"), "kubectl-virtwork", &mut script);
    ui.print(String::from_utf8_lossy(&script)).await;
}
