//! `down`: deletes the fleet, and nothing else.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::{
    cli::{Down, DryRun},
    cluster::{Inventory, NamespaceState, Target, delete, leftovers, namespace, observe, preflight},
    error::{ClusterError, Error, Result, Unconfirmed, WaitedFor},
    event::{Event, Mode, Notice, Question, Warning},
    object::{Kind, ObjectName, ObjectRef},
    status::Cause,
};

use super::{Context, confirm, first_of};

/// Runs `down`.
pub(super) async fn run(arguments: &Down, context: &Context<'_>) -> Result<()> {
    let ui = context.ui;
    let workloads = &context.config.selected_on_cli;
    if arguments.delete_namespace && !workloads.is_empty() {
        return Err(Error::DeleteNamespaceNarrowed);
    }
    if arguments.delete_namespace && !context.config.wait() {
        return Err(Error::DeleteNamespaceWithoutWait);
    }
    let target = context.target(true).await?;
    // A server that cannot be reached now is reported at once; one that goes away later is waited for.
    preflight::require_server(&target).await?;
    let mode = match arguments.dry_run {
        Some(DryRun::Client) => Mode::ClientDryRun,
        Some(DryRun::Server) => Mode::ServerDryRun,
        Some(DryRun::None) | None => Mode::Real,
    };
    // If the namespace cannot be deleted, nothing is.
    let owned = if arguments.delete_namespace { require_created_by_up(&target).await? } else { None };
    let fleet = &context.config.settings.common.name;
    let inventory = delete::inventory(&target, fleet, workloads, ui.events()).await?;
    if inventory.is_empty() {
        let (workloads, fleet) = (workloads.clone(), fleet.clone());
        ui.notice(Notice::NothingFound { workloads, fleet, namespace: target.namespace.clone() }).await;
    } else if mode != Mode::Real {
        report(&inventory.items, true, mode, (&target, context)).await;
    } else {
        delete_fleet(&target, &inventory, arguments, context).await?;
    }
    match owned.map(|metadata| metadata.uid.unwrap_or_default()) {
        Some(uid) if mode == Mode::Real => delete_namespace(&target, &uid, arguments, context).await,
        _ => Ok(()),
    }
}

/// The metadata of a namespace that `up` created; none if there is no such namespace.
async fn require_created_by_up(target: &Target) -> Result<Option<Box<ObjectMeta>>> {
    let name = || target.namespace.clone();
    match namespace::state(target).await? {
        NamespaceState::NotFound => Ok(None),
        NamespaceState::Active(metadata) if namespace::created_by_up(&metadata) => Ok(Some(metadata)),
        NamespaceState::Active(_) => Err(Error::NamespaceNotOurs(name())),
        NamespaceState::Forbidden => Err(Error::NamespaceForbidden(name())),
    }
}

async fn delete_fleet(target: &Target, inventory: &Inventory, arguments: &Down, context: &Context<'_>) -> Result<()> {
    let (ui, namespace) = (context.ui, target.namespace.as_str());
    let objects = inventory.items.iter().map(ObjectRef::object_name).collect();
    let question = Question::Delete { objects, namespace: namespace.to_owned() };
    // In a script a fleet is deleted without a question, as with kubectl delete; a whole namespace is not.
    let off_terminal = if arguments.delete_namespace { Err(refusal(namespace)) } else { Ok(()) };
    if !confirm(ui, arguments.yes, question, off_terminal).await? {
        ui.notice(Notice::NothingDeleted).await;
        return Ok(());
    }
    let refused = delete::delete(target, inventory).await;
    let deleting = inventory.excluding(&refused);
    let outcome = if context.config.wait() {
        wait(target, &deleting, context).await
    } else {
        report(&deleting.items, false, Mode::Real, (target, context)).await;
        Ok(())
    };
    // An `up` may run at the same time. What was not listed was not confirmed.
    let fleet = &context.config.settings.common.name;
    match delete::appeared(target, inventory, fleet, &context.config.selected_on_cli).await {
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
async fn wait(target: &Target, inventory: &Inventory, context: &Context<'_>) -> Result<()> {
    let ui = context.ui;
    let left = delete::wait(target, inventory, ui.events()).await?;
    let gone: Vec<_> = inventory.items.iter().filter(|object| !left.contains(object)).cloned().collect();
    report(&gone, true, Mode::Real, (target, context)).await;
    if left.is_empty() {
        return Ok(());
    }
    // A node that does not respond or is being drained explains more than a finalizer.
    let rows = observe::once(target, Some(&target.namespace), inventory.selector()).await.unwrap_or_default();
    for object in &left {
        let row = rows.iter().find(|row| row.name == object.name && matches!(object.kind, Kind::Vm | Kind::Vmi));
        let reason =
            row.and_then(|row| row.reason.clone()).filter(|reason| reason.cause != Cause::Terminating || !reason.detail.is_empty());
        let finalizers = delete::finalizers(target, object).await;
        ui.error(Error::NotDeleted { object: format!("{}/{}", object.kind.plural(), object.name), finalizers, reason }).await;
    }
    let waited_for = WaitedFor::Deletion { left: left.len(), total: inventory.items.len() };
    Err(ClusterError::Timeout { after: target.elapsed(), waited_for }.into())
}

async fn report(objects: &[ObjectRef], gone: bool, mode: Mode, (target, context): (&Target, &Context<'_>)) {
    for object in objects {
        let (object, namespace) = (object.object_name(), Some(target.namespace.clone()));
        context.ui.events().emit(Event::Deleted { object, namespace, gone, mode }).await;
    }
}

fn refusal(namespace: &str) -> Error {
    Error::Unconfirmed(Unconfirmed::Namespace(namespace.to_owned()))
}

/// Deletes the namespace with this UID, if nothing else is in it.
async fn delete_namespace(target: &Target, uid: &str, arguments: &Down, context: &Context<'_>) -> Result<()> {
    let (ui, name) = (context.ui, target.namespace.as_str());
    if namespace::state(target).await? == NamespaceState::NotFound {
        return Ok(());
    }
    require_empty(target, uid).await?;
    let question = Question::DeleteNamespace(name.to_owned());
    if !confirm(ui, arguments.yes, question, Err(refusal(name))).await? {
        ui.notice(Notice::NamespaceKept).await;
        return Ok(());
    }
    // The question may have been open for hours.
    if !arguments.yes {
        require_empty(target, uid).await?;
    }
    namespace::delete(target, uid).await?;
    if !namespace::until_gone(target, uid).await? {
        let waited_for = WaitedFor::Namespace(name.to_owned());
        return Err(ClusterError::Timeout { after: target.elapsed(), waited_for }.into());
    }
    let object = ObjectName::new(Kind::Namespace, name);
    ui.events().emit(Event::Deleted { object, namespace: None, gone: true, mode: Mode::Real }).await;
    Ok(())
}

/// Fails if the namespace was replaced, or holds anything that the cluster did not put there itself.
async fn require_empty(target: &Target, uid: &str) -> Result<()> {
    let Some(metadata) = require_created_by_up(target).await? else { return Ok(()) };
    if metadata.uid.as_deref().unwrap_or_default() != uid {
        return Err(Error::NamespaceReplaced(target.namespace.clone()));
    }
    let (leftovers, unseen) = leftovers::find(target, &metadata).await?;
    if !leftovers.is_empty() {
        return Err(Error::NamespaceNotEmpty { namespace: target.namespace.clone(), others: leftovers });
    }
    if !unseen.is_empty() {
        return Err(Error::NamespaceUnverified { namespace: target.namespace.clone(), resources: unseen });
    }
    Ok(())
}
