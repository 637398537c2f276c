//! `version`: the version of this program and of the cluster's KubeVirt.

use serde_json::json;

use crate::{
    cli::{Version, VersionOutput},
    cluster::preflight,
    error::{Error, Result},
    ui::Ui,
};

use super::{Context, status::json_text};

pub(super) async fn run(arguments: &Version, context: &Context<'_>) -> Result<()> {
    let ask = async { preflight::kubevirt_version(&context.connect(true).await?).await.map_err(Error::from) };
    let server = ask.await;
    print(arguments, server.as_deref().ok(), context.ui).await?;
    server.map(|_| ())
}

/// Prints the client version, and the version of KubeVirt if `server` gives one.
pub(super) async fn print(arguments: &Version, server: Option<&str>, ui: &Ui) -> Result<()> {
    let client = concat!("v", env!("CARGO_PKG_VERSION"));
    let mut document = json!({"clientVersion": {"gitVersion": client}});
    if let Some(version) = server {
        document["kubevirtVersion"] = json!({"gitVersion": version});
    }
    match arguments.output {
        Some(VersionOutput::Json) => ui.print(json_text(&document)).await,
        Some(VersionOutput::Yaml) => {
            ui.print(super::yaml(&document)?).await;
        }
        None => {
            ui.print(format!("Client Version: {client}\n")).await;
            if let Some(version) = server {
                ui.print(format!("KubeVirt Version: {version}\n")).await;
            }
        }
    }
    Ok(())
}
