//! Restarts VMs whose running configuration is outdated.

use crate::{
    error::ClusterError,
    plan::{Diff, Plan, diff::needs_restart},
};

use super::{Target, snapshot::vmis, transport::Code as _};

/// The VMs whose running configuration is outdated after the writes, with the hash of the planned one. If no VM that exists was changed,
/// the diff knows them.
///
/// # Errors
/// The server's error.
pub(crate) async fn outdated(target: &Target, plan: &Plan, diff: &Diff) -> Result<Vec<(String, Box<str>)>, ClusterError> {
    if diff.writes(plan).all(|(_, change)| change.is_create()) {
        return Ok(diff.needs_restart.clone());
    }
    Ok(needs_restart(plan, &diff.changes, &vmis(target, plan).await?))
}

/// Restarts a VM so that it runs with the planned configuration.
///
/// # Errors
/// The server's error. A VM that is not running needs no restart.
pub(crate) async fn restart(target: &Target, vm: &str) -> Result<(), ClusterError> {
    let path = format!("/apis/subresources.kubevirt.io/v1/namespaces/{}/virtualmachines/{vm}/restart", target.namespace);
    let request = http::Request::put(&path).header(http::header::CONTENT_TYPE, "application/json").body(b"{}".to_vec());
    match target.client().request_text(request.map_err(kube::Error::HttpError)?).await {
        Err(error) if !error.is_code(409) => Err(error.into()),
        _ => Ok(()),
    }
}
