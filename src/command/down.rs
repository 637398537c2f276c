//! `down`: all of it, and nothing else, gone.

use crate::{
    cli::{Down, DryRun},
    cluster::{Cluster, Inventory, NamespaceState, ObjectRef, Warning, owned},
    error::{ClusterError, Error, Result, Unconfirmed, WaitedFor},
};

use super::{Context, confirm, first_of};

pub async fn run(arguments: &Down, context: &Context<'_>) -> Result<()> {
    let ui = context.ui;
    let cluster = context.connect(true).await?;
    let namespace = context.namespace(&cluster)?;
    // A server that is not there is told at once; one that goes away later is waited for.
    cluster.require_server().await?;
    if arguments.delete_namespace && !context.config.selected_on_cli.is_empty() {
        return Err(Error::DeleteNamespaceNarrowed);
    }
    if arguments.delete_namespace && !context.config.wait() {
        return Err(Error::DeleteNamespaceWithoutWait);
    }
    let dry_run = matches!(arguments.dry_run, Some(DryRun::Client | DryRun::Server));
    // Nothing is removed on the way to a refusal.
    let uid = if arguments.delete_namespace { require_ours(&cluster, &namespace).await? } else { None };
    let fleet = &context.config.settings.common.name;
    let inventory = cluster.inventory(&namespace, fleet, &context.config.selected_on_cli, &|progress| ui.listen(progress)).await?;
    if inventory.is_empty() {
        let which = match context.config.selected_on_cli.as_slice() {
            [] => String::new(),
            names => format!("{} of ", names.join(", ")),
        };
        ui.note(&format!("Nothing of {which}fleet {fleet} found in {namespace} namespace."));
    } else if dry_run {
        let suffix = if arguments.dry_run == Some(DryRun::Server) { " (server dry run)" } else { " (dry run)" };
        tell(&inventory.items, &namespace, " deleted", suffix, context);
    } else {
        remove(&cluster, &inventory, arguments, context).await?;
    }
    match uid {
        Some(uid) if !dry_run => remove_namespace(&cluster, &namespace, &uid, arguments, context).await,
        _ => Ok(()),
    }
}

/// The UID of the namespace, which must be of our making; nothing where it does not exist.
async fn require_ours(cluster: &Cluster, namespace: &str) -> Result<Option<String>> {
    match cluster.namespace_state(namespace).await? {
        NamespaceState::NotFound => Ok(None),
        NamespaceState::Active(metadata) if owned(&metadata) => Ok(Some(metadata.uid.unwrap_or_default())),
        NamespaceState::Active(_) => Err(Error::NamespaceNotOurs(namespace.to_owned())),
        NamespaceState::Forbidden => Err(Error::NamespaceForbidden(namespace.to_owned())),
    }
}

async fn remove(cluster: &Cluster, inventory: &Inventory, arguments: &Down, context: &Context<'_>) -> Result<()> {
    let (ui, namespace) = (context.ui, inventory.namespace.as_str());
    let list: Vec<_> = inventory.items.iter().map(ToString::to_string).collect();
    let question = format!("Delete these {} objects from namespace {namespace}?", list.len());
    // Off a terminal it goes ahead, as kubectl delete does; but not with the whole namespace.
    let off_terminal = if arguments.delete_namespace { Err(refusal(namespace)) } else { Ok(()) };
    if !confirm(ui, arguments.yes, &list, &question, off_terminal)? {
        ui.note("Nothing was deleted.");
        return Ok(());
    }
    let refused = cluster.delete(inventory).await;
    let terminating = inventory.excluding(&refused);
    let outcome = if context.config.wait() {
        wait(cluster, &terminating, context).await
    } else {
        tell(&terminating.items, namespace, " is being deleted", "", context);
        Ok(())
    };
    // Somebody may be running `up`: what was not listed was not confirmed either.
    let fleet = &context.config.settings.common.name;
    match cluster.appeared(inventory, fleet, &context.config.selected_on_cli).await {
        Ok(appeared) if appeared.is_empty() => {}
        Ok(appeared) => ui.warning(&Warning::Appeared(appeared)),
        Err(_) => ui.warning(&Warning::AppearedUnknown),
    }
    match (first_of(refused.into_iter().map(|refused| refused.error).collect(), ui), outcome) {
        (Err(first), Err(second)) => {
            ui.error(&second);
            Err(first)
        }
        (first, outcome) => first.and(outcome),
    }
}

/// Waits until all of it is gone, and tells what went.
async fn wait(cluster: &Cluster, inventory: &Inventory, context: &Context<'_>) -> Result<()> {
    let (ui, namespace) = (context.ui, inventory.namespace.as_str());
    let left = cluster.wait_gone(inventory, &|progress| ui.listen(progress)).await?;
    let gone: Vec<_> = inventory.items.iter().filter(|item| !left.contains(item)).cloned().collect();
    tell(&gone, namespace, " deleted", "", context);
    if left.is_empty() {
        return Ok(());
    }
    for item in &left {
        let finalizers = cluster.finalizers(namespace, item).await;
        ui.error(&Error::NotDeleted { object: format!("{}/{}", item.kind.plural(), item.name), finalizers });
    }
    let waited_for = WaitedFor::Deletion { left: left.len(), total: inventory.items.len() };
    Err(ClusterError::Timeout { after: cluster.elapsed(), waited_for }.into())
}

fn tell(items: &[ObjectRef], namespace: &str, verb: &str, suffix: &str, context: &Context<'_>) {
    for ObjectRef { kind, name, .. } in items {
        context.ui.line(&format!("{} {name:?}{verb} from {namespace} namespace{suffix}", kind.qualified_name()));
    }
}

fn refusal(namespace: &str) -> Error {
    Error::Unconfirmed(Unconfirmed::Namespace(namespace.to_owned()))
}

/// Deletes the very namespace that was looked at in the beginning, if nothing else is in it.
async fn remove_namespace(cluster: &Cluster, namespace: &str, uid: &str, arguments: &Down, context: &Context<'_>) -> Result<()> {
    let ui = context.ui;
    if cluster.namespace_is_gone(namespace).await? {
        return Ok(());
    }
    require_empty(cluster, namespace, uid).await?;
    if !confirm(ui, arguments.yes, &[], &format!("Delete namespace {namespace}?"), Err(refusal(namespace)))? {
        ui.note("The namespace was kept.");
        return Ok(());
    }
    // A question may stand for hours.
    if !arguments.yes {
        require_empty(cluster, namespace, uid).await?;
    }
    cluster.delete_namespace(namespace, uid).await?;
    if context.config.wait() && !cluster.wait_namespace_gone(namespace, uid).await? {
        let waited_for = WaitedFor::Namespace(namespace.to_owned());
        return Err(ClusterError::Timeout { after: cluster.elapsed(), waited_for }.into());
    }
    ui.line(&format!("namespace {namespace:?} deleted"));
    Ok(())
}

/// Fails if the namespace is another one by now, or holds anything that is not the cluster's own.
async fn require_empty(cluster: &Cluster, namespace: &str, uid: &str) -> Result<()> {
    if require_ours(cluster, namespace).await?.is_some_and(|now| now != uid) {
        return Err(Error::NamespaceReplaced(namespace.to_owned()));
    }
    let (leftovers, unseen) = cluster.leftovers(namespace).await?;
    if !leftovers.is_empty() {
        return Err(Error::NamespaceNotEmpty { namespace: namespace.to_owned(), others: leftovers });
    }
    if !unseen.is_empty() {
        return Err(Error::NamespaceUnverified { namespace: namespace.to_owned(), resources: unseen });
    }
    Ok(())
}
