//! `version`: ours, and the cluster's KubeVirt.

use serde_json::json;

use crate::{
    cli::{Version, VersionOutput},
    error::{Error, Result},
    ui::Ui,
};

use super::{Context, status::json_text};

pub async fn run(arguments: &Version, context: &Context<'_>) -> Result<()> {
    let asked = async { context.connect(true).await?.kubevirt_version().await.map_err(Error::from) };
    let server = asked.await;
    print(arguments, server.as_deref().ok(), context.ui)?;
    server.map(|_| ())
}

/// Ours alone with `server` none: what it takes no setting, no catalog and no cluster to know.
pub fn print(arguments: &Version, server: Option<&str>, ui: &Ui) -> Result<()> {
    let client = concat!("v", env!("CARGO_PKG_VERSION"));
    let mut document = json!({"clientVersion": {"gitVersion": client}});
    if let Some(version) = server {
        document["kubevirtVersion"] = json!({"gitVersion": version});
    }
    match arguments.output {
        Some(VersionOutput::Json) => ui.block(&json_text(&document)),
        Some(VersionOutput::Yaml) => ui.block(&serde_yaml::to_string(&document).map_err(|error| Error::Format(error.to_string()))?),
        None => {
            ui.line(&format!("Client Version: {client}"));
            if let Some(version) = server {
                ui.line(&format!("KubeVirt Version: {version}"));
            }
        }
    }
    Ok(())
}
