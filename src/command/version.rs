//! `version`: ours, and the cluster's KubeVirt.

use serde_json::json;

use crate::{
    cli::{Version, VersionOutput},
    error::{Error, Result},
};

use super::{Context, status::json_text};

pub async fn run(arguments: &Version, context: &Context<'_>) -> Result<()> {
    let client = concat!("v", env!("CARGO_PKG_VERSION"));
    let server = if arguments.client {
        None
    } else {
        let asked = async { context.connect(true).await?.kubevirt_version().await.map_err(Error::from) };
        Some(asked.await)
    };
    let known = server.as_ref().and_then(|asked| asked.as_ref().ok());
    match arguments.output {
        Some(format) => {
            let mut document = json!({"clientVersion": {"gitVersion": client}});
            if let Some(version) = known {
                document["kubevirtVersion"] = json!({"gitVersion": version});
            }
            match format {
                VersionOutput::Json => context.ui.block(&json_text(&document)),
                VersionOutput::Yaml => {
                    context.ui.block(&serde_yaml::to_string(&document).map_err(|error| Error::Other(error.to_string()))?)
                }
            }
        }
        None => {
            context.ui.line(&format!("Client Version: {client}"));
            if let Some(version) = known {
                context.ui.line(&format!("KubeVirt Version: {version}"));
            }
        }
    }
    server.map_or(Ok(()), |asked| asked.map(|_| ()))
}
