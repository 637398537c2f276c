//! `down`: all of it, and nothing else, gone.

use crate::{
    cli::{Down, DryRun},
    cluster::{Cluster, Inventory, Item, Place, owned},
    error::{ClusterError, Error, Result},
};

use super::{Context, confirm, first_of};

pub async fn run(arguments: &Down, context: &Context<'_>) -> Result<()> {
    let ui = context.ui;
    let cluster = context.connect(true).await?;
    let namespace = context.namespace(&cluster)?;
    // A server that is not there is told at once; one that goes away later is waited for.
    cluster.require_server().await?;
    if arguments.delete_namespace && !context.config.narrowed.is_empty() {
        return Err(Error::Other("--delete-namespace removes all of the namespace, and cannot be narrowed to some workloads".to_owned()));
    }
    if arguments.delete_namespace && !context.config.wait() {
        return Err(Error::Other("--delete-namespace waits until the fleet is gone; leave --wait=false out".to_owned()));
    }
    let dry_run = matches!(arguments.dry_run, Some(DryRun::Client | DryRun::Server));
    // Nothing is removed on the way to a refusal.
    let uid = if arguments.delete_namespace { require_ours(&cluster, &namespace).await? } else { None };
    let fleet = &context.config.settings.common.name;
    let inventory = cluster.inventory(&namespace, fleet, &context.config.narrowed, &|progress| ui.listen(progress)).await?;
    if inventory.is_empty() {
        let which = match context.config.narrowed.as_slice() {
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
    let (why, then) = match cluster.look_at_namespace(namespace).await? {
        Place::Missing => return Ok(None),
        Place::There(metadata) if owned(&metadata) => return Ok(Some(metadata.uid.unwrap_or_default())),
        Place::There(_) => ("was not made by this tool", format!(", or take it away with kubectl delete namespace {namespace}")),
        Place::Unknown => ("may not be looked at by you, so nobody knows whether this tool made it", String::new()),
    };
    Err(Error::Other(format!("namespace {namespace} {why}: nothing is removed; leave --delete-namespace out{then}")))
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
    let going = inventory.without(&refused);
    let outcome = if context.config.wait() {
        wait(cluster, &going, context).await
    } else {
        tell(&going.items, namespace, " is being deleted", "", context);
        Ok(())
    };
    // Somebody may be running `up`: what was not listed was not confirmed either.
    let fleet = &context.config.settings.common.name;
    match cluster.appeared(inventory, fleet, &context.config.narrowed).await {
        Ok(appeared) if appeared.is_empty() => {}
        Ok(appeared) => {
            let names: Vec<_> = appeared.iter().map(ToString::to_string).collect();
            ui.warning(&format!("not deleted, because it appeared after the list was made: {}", names.join(", ")));
        }
        Err(_) => ui.warning("whether objects appeared after the list was made is not known, because it cannot be made again"),
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
        let held = if finalizers.is_empty() { String::new() } else { format!(" (held by {})", finalizers.join(", ")) };
        ui.note(&format!("error: timed out waiting for the condition on {}/{}{held}", item.kind.plural(), item.name));
    }
    let what = format!("waiting for {} of {} objects to be gone", left.len(), inventory.items.len());
    Err(ClusterError::Timeout { after: cluster.elapsed(), what }.into())
}

fn tell(items: &[Item], namespace: &str, verb: &str, suffix: &str, context: &Context<'_>) {
    for Item { kind, name, .. } in items {
        context.ui.line(&format!("{} {name:?}{verb} from {namespace} namespace{suffix}", kind.printed()));
    }
}

fn refusal(namespace: &str) -> Error {
    Error::Other(format!("refusing to delete namespace {namespace} without confirmation; pass --yes"))
}

/// Deletes the very namespace that was looked at in the beginning, if nothing else is in it.
async fn remove_namespace(cluster: &Cluster, namespace: &str, uid: &str, arguments: &Down, context: &Context<'_>) -> Result<()> {
    let ui = context.ui;
    if cluster.namespace_is_gone(namespace).await? {
        return Ok(());
    }
    require_empty(cluster, namespace, uid).await?;
    if !confirm(ui, arguments.yes, &[], &format!("Delete namespace {namespace}?"), Err(refusal(namespace)))? {
        ui.note("The namespace was left alone.");
        return Ok(());
    }
    // A question may stand for hours.
    if !arguments.yes {
        require_empty(cluster, namespace, uid).await?;
    }
    cluster.delete_namespace(namespace, uid).await?;
    if context.config.wait() && !cluster.wait_namespace_gone(namespace, uid).await? {
        let what = format!("waiting for namespace {namespace} to be gone");
        return Err(ClusterError::Timeout { after: cluster.elapsed(), what }.into());
    }
    ui.line(&format!("namespace {namespace:?} deleted"));
    Ok(())
}

/// Fails if the namespace is another one by now, or holds anything that is not the cluster's own.
async fn require_empty(cluster: &Cluster, namespace: &str, uid: &str) -> Result<()> {
    if require_ours(cluster, namespace).await?.is_some_and(|now| now != uid) {
        return Err(Error::Other(format!("namespace {namespace} was deleted and created again: this one is left alone")));
    }
    let (leftovers, unseen) = cluster.leftovers(namespace).await?;
    if !leftovers.is_empty() {
        return Err(Error::Other(format!("namespace {namespace} is left alone, it also holds {}", leftovers.join(", "))));
    }
    if !unseen.is_empty() {
        let why = format!("whether anything else is in it is not known, because you may not list {}", unseen.join(", "));
        return Err(Error::Other(format!(
            "namespace {namespace} is left alone: {why}; 'kubectl delete namespace {namespace}' deletes it with all that is in it"
        )));
    }
    Ok(())
}
