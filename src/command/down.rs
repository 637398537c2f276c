//! `down`: deletes the fleet, and nothing else.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::{
    cli::{Down, DryRun},
    cluster::{Cluster, Inventory, NamespaceState, created_by_up},
    error::{ClusterError, Error, Result, Unconfirmed, WaitedFor},
    event::{Event, Mode, Notice, Question, Warning},
    object::{Kind, ObjectName, ObjectRef},
};

use super::{Context, confirm, first_of};

/// Runs `down`.
pub async fn run(arguments: &Down, context: &Context<'_>) -> Result<()> {
    let ui = context.ui;
    let workloads = &context.config.selected_on_cli;
    if arguments.delete_namespace && !workloads.is_empty() {
        return Err(Error::DeleteNamespaceNarrowed);
    }
    if arguments.delete_namespace && !context.config.wait() {
        return Err(Error::DeleteNamespaceWithoutWait);
    }
    let cluster = context.connect(true).await?;
    let namespace = context.namespace(&cluster)?;
    // A server that cannot be reached now is reported at once; one that goes away later is waited for.
    cluster.require_server().await?;
    let mode = match arguments.dry_run {
        Some(DryRun::Client) => Mode::ClientDryRun,
        Some(DryRun::Server) => Mode::ServerDryRun,
        Some(DryRun::None) | None => Mode::Real,
    };
    // If the namespace cannot be deleted, nothing is.
    let owned = if arguments.delete_namespace { require_created_by_up(&cluster, &namespace).await? } else { None };
    let fleet = &context.config.settings.common.name;
    let inventory = cluster.inventory(&namespace, fleet, workloads, ui.events()).await?;
    if inventory.is_empty() {
        let (workloads, fleet) = (workloads.clone(), fleet.clone());
        ui.notice(Notice::NothingFound { workloads, fleet, namespace: namespace.clone() }).await;
    } else if mode != Mode::Real {
        report(&inventory.items, &namespace, true, mode, context).await;
    } else {
        delete(&cluster, &inventory, arguments, context).await?;
    }
    match owned.map(|metadata| metadata.uid.unwrap_or_default()) {
        Some(uid) if mode == Mode::Real => delete_namespace(&cluster, &namespace, &uid, arguments, context).await,
        _ => Ok(()),
    }
}

/// The metadata of a namespace that `up` created; none if there is no such namespace.
async fn require_created_by_up(cluster: &Cluster, namespace: &str) -> Result<Option<Box<ObjectMeta>>> {
    match cluster.namespace_state(namespace).await? {
        NamespaceState::NotFound => Ok(None),
        NamespaceState::Active(metadata) if created_by_up(&metadata) => Ok(Some(metadata)),
        NamespaceState::Active(_) => Err(Error::NamespaceNotOurs(namespace.to_owned())),
        NamespaceState::Forbidden => Err(Error::NamespaceForbidden(namespace.to_owned())),
    }
}

async fn delete(cluster: &Cluster, inventory: &Inventory, arguments: &Down, context: &Context<'_>) -> Result<()> {
    let (ui, namespace) = (context.ui, inventory.namespace.as_str());
    let objects = inventory.items.iter().map(ObjectRef::object_name).collect();
    let question = Question::Delete { objects, namespace: namespace.to_owned() };
    // In a script a fleet is deleted without a question, as with kubectl delete; a whole namespace is not.
    let off_terminal = if arguments.delete_namespace { Err(refusal(namespace)) } else { Ok(()) };
    if !confirm(ui, arguments.yes, question, off_terminal).await? {
        ui.notice(Notice::NothingDeleted).await;
        return Ok(());
    }
    let refused = cluster.delete(inventory).await;
    let deleting = inventory.excluding(&refused);
    let outcome = if context.config.wait() {
        wait(cluster, &deleting, context).await
    } else {
        report(&deleting.items, namespace, false, Mode::Real, context).await;
        Ok(())
    };
    // An `up` may run at the same time. What was not listed was not confirmed.
    let fleet = &context.config.settings.common.name;
    match cluster.appeared(inventory, fleet, &context.config.selected_on_cli).await {
        Ok(appeared) if appeared.is_empty() => {}
        Ok(appeared) => ui.warning(Warning::Appeared(appeared)).await,
        Err(_) => ui.warning(Warning::AppearedUnknown).await,
    }
    match (first_of(refused.into_iter().map(|refused| refused.error).collect(), ui).await, outcome) {
        (Err(first), Err(second)) => {
            ui.error(second).await;
            Err(first)
        }
        (first, outcome) => first.and(outcome),
    }
}

/// Waits until everything is gone, and reports it.
async fn wait(cluster: &Cluster, inventory: &Inventory, context: &Context<'_>) -> Result<()> {
    let (ui, namespace) = (context.ui, inventory.namespace.as_str());
    let left = cluster.wait_gone(inventory, ui.events()).await?;
    let gone: Vec<_> = inventory.items.iter().filter(|object| !left.contains(object)).cloned().collect();
    report(&gone, namespace, true, Mode::Real, context).await;
    if left.is_empty() {
        return Ok(());
    }
    for object in &left {
        let finalizers = cluster.finalizers(namespace, object).await;
        ui.error(Error::NotDeleted { object: format!("{}/{}", object.kind.plural(), object.name), finalizers }).await;
    }
    let waited_for = WaitedFor::Deletion { left: left.len(), total: inventory.items.len() };
    Err(ClusterError::Timeout { after: cluster.elapsed(), waited_for }.into())
}

async fn report(objects: &[ObjectRef], namespace: &str, gone: bool, mode: Mode, context: &Context<'_>) {
    for object in objects {
        let (object, namespace) = (object.object_name(), Some(namespace.to_owned()));
        context.ui.events().emit(Event::Deleted { object, namespace, gone, mode }).await;
    }
}

fn refusal(namespace: &str) -> Error {
    Error::Unconfirmed(Unconfirmed::Namespace(namespace.to_owned()))
}

/// Deletes the namespace with this UID, if nothing else is in it.
async fn delete_namespace(cluster: &Cluster, namespace: &str, uid: &str, arguments: &Down, context: &Context<'_>) -> Result<()> {
    let ui = context.ui;
    if cluster.namespace_is_gone(namespace).await? {
        return Ok(());
    }
    require_empty(cluster, namespace, uid).await?;
    let question = Question::DeleteNamespace(namespace.to_owned());
    if !confirm(ui, arguments.yes, question, Err(refusal(namespace))).await? {
        ui.notice(Notice::NamespaceKept).await;
        return Ok(());
    }
    // The question may have been open for hours.
    if !arguments.yes {
        require_empty(cluster, namespace, uid).await?;
    }
    cluster.delete_namespace(namespace, uid).await?;
    if !cluster.wait_namespace_gone(namespace, uid).await? {
        let waited_for = WaitedFor::Namespace(namespace.to_owned());
        return Err(ClusterError::Timeout { after: cluster.elapsed(), waited_for }.into());
    }
    let object = ObjectName::new(Kind::Namespace, namespace);
    ui.events().emit(Event::Deleted { object, namespace: None, gone: true, mode: Mode::Real }).await;
    Ok(())
}

/// Fails if the namespace was replaced, or holds anything that the cluster did not put there itself.
async fn require_empty(cluster: &Cluster, namespace: &str, uid: &str) -> Result<()> {
    let Some(metadata) = require_created_by_up(cluster, namespace).await? else { return Ok(()) };
    if metadata.uid.as_deref().unwrap_or_default() != uid {
        return Err(Error::NamespaceReplaced(namespace.to_owned()));
    }
    let (leftovers, unseen) = cluster.leftovers(namespace, &metadata).await?;
    if !leftovers.is_empty() {
        return Err(Error::NamespaceNotEmpty { namespace: namespace.to_owned(), others: leftovers });
    }
    if !unseen.is_empty() {
        return Err(Error::NamespaceUnverified { namespace: namespace.to_owned(), resources: unseen });
    }
    Ok(())
}
