//! `up`: the fleet as asked, and its work running.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    cli::{DryRun, Up, UpOutput, WaitFor},
    cluster::{Cluster, Diff, Kind, NamespaceState, WaitOptions, WaitOutcome, Warning},
    error::{Error, GaveUp, Goal, Result, Unconfirmed},
    plan::{self, Fleet, Plan, ResourceTotals, human, metadata},
    status::sort,
};

use super::{Context, confirm, first_of, status::table};

pub async fn run(arguments: &Up, context: &Context<'_>) -> Result<()> {
    let fleet = fleet(arguments, context).await?;
    match arguments.dry_run {
        Some(DryRun::Client) => {
            let plan = make_plan(&fleet, &context.namespace_offline()?, context)?;
            print_plan(&plan, arguments.output.unwrap_or(UpOutput::Yaml), context)
        }
        Some(DryRun::Server) => check_on_server(&fleet, arguments, context).await,
        Some(DryRun::None) | None => converge(&fleet, arguments, context).await,
    }
}

async fn fleet(arguments: &Up, context: &Context<'_>) -> Result<Fleet> {
    let (config, ui) = (context.config, context.ui);
    let asked = if arguments.ask_ssh_password { Some(ui.ask_password(&config.settings.login.ssh_user).await?) } else { None };
    if config.password_on_command_line() {
        ui.warning(&Warning::PasswordInProcessList);
    }
    let (fleet, default_key) = config.fleet(asked)?;
    if !fleet.login.allows_login() && !config.settings.login.no_ssh_key {
        ui.note(
            "No SSH key or password is configured, so nobody can log in (add a key with --ssh-key-file, or silence this with --no-ssh-key)",
        );
    }
    if let Some(path) = default_key {
        ui.note(&format!("Using public key {} (change with --ssh-key-file, disable with --no-ssh-key)", path.display()));
    }
    Ok(fleet)
}

/// The fleet with the architecture that its VMs get in this cluster.
async fn for_cluster(fleet: &Fleet, cluster: &Cluster) -> Result<Fleet> {
    let mut fleet = fleet.clone();
    fleet.template.architecture = cluster.default_architecture().await?.unwrap_or(fleet.template.architecture);
    Ok(fleet)
}

fn make_plan(fleet: &Fleet, namespace: &str, context: &Context<'_>) -> Result<Plan> {
    Ok(plan::plan(fleet, namespace, &context.config.catalog)?)
}

async fn converge(fleet: &Fleet, arguments: &Up, context: &Context<'_>) -> Result<()> {
    let (config, ui) = (context.config, context.ui);
    if arguments.output.is_some() {
        ui.expect_format();
    }
    // A bad value anywhere fails before any request is sent.
    make_plan(fleet, super::DEFAULT_NAMESPACE, context)?;
    let cluster = context.connect(true).await?;
    let listen = |progress| ui.listen(progress);
    cluster.require_kubevirt().await?;
    let fleet = &for_cluster(fleet, &cluster).await?;
    let mut plan = make_plan(fleet, &context.namespace(&cluster)?, context)?;
    ui.note(&demand(&plan));
    cluster.require_storage(&fleet.template, plan.totals.storage, &listen).await?;
    let ((diff, missing), place) = look(&cluster, &plan).await?;
    // Of a namespace that is not there nothing can be asked.
    if !missing {
        cluster.require_plan_permissions(&plan, &diff, arguments.restart, arguments.prune).await?;
    }
    if arguments.prune && !diff.extraneous.is_empty() {
        let list = extraneous(&diff);
        let refusal = Error::Unconfirmed(Unconfirmed::Prune(list.clone()));
        if !confirm(ui, arguments.yes, &list, "Delete these objects, which are no longer part of the fleet?", Err(refusal))? {
            ui.note("Nothing was changed.");
            return Ok(());
        }
    }
    if missing {
        let as_namespace = cluster.require_namespace_permission(&plan.namespace, &place).await?;
        if cluster.create_namespace(&plan, as_namespace).await? {
            ui.done(&format!("namespace/{}", plan.namespace), "created");
        }
    }
    let outcome = cluster.apply(&plan, &diff, config.settings.pace.concurrency as usize, &listen).await;
    first_of(outcome.failures, ui)?;
    let restarted = restart(&cluster, &plan, &diff, arguments.restart, context).await?;
    prune(&cluster, &plan, &diff, arguments.prune, context).await?;
    if !config.wait() {
        ui.hint(&format!("Run '{} status{}' to follow the VMs", ui.program(), config.flags_for_hint()));
        return finish(&plan, arguments, context);
    }
    if arguments.output.is_none() {
        plan.drop_manifests();
    }
    let running = config.settings.pace.wait_for == WaitFor::Running;
    let outcome = cluster.wait(&plan, &diff, WaitOptions { running, restarted: &restarted }, &listen).await;
    // All is written: what is not known is whether it became ready.
    let outcome = outcome.map_err(Error::NotWatched)?;
    finish(&plan, arguments, context)?;
    conclude(&cluster, &plan, outcome, running, arguments, context)
}

/// What is there, and whether the namespace is to be made.
async fn look(cluster: &Cluster, plan: &Plan) -> Result<((Diff, bool), NamespaceState)> {
    let place = cluster.namespace_state(&plan.namespace).await?;
    Cluster::require_pod_network(&plan.namespace, &place)?;
    match cluster.diff(plan, place != NamespaceState::NotFound).await? {
        Some(diff) => Ok(((diff, place == NamespaceState::NotFound), place)),
        // Neither the namespace nor what is in it may be seen: on OpenShift that is how a missing project looks.
        None => {
            cluster.require_namespace_permission(&plan.namespace, &place).await?;
            let fresh = cluster.diff(plan, false).await?.unwrap_or_default();
            Ok(((fresh, true), place))
        }
    }
}

fn demand(plan: &Plan) -> String {
    let ResourceTotals { vms, cpus, memory, storage } = plan.totals;
    let plural = |count: u32, word: &str| if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") };
    let storage = if storage == 0 { "no storage".to_owned() } else { format!("{} of storage", human(storage)) };
    format!(
        "Fleet {} in namespace {}: {} with {}, {} of memory, {storage}",
        plan.fleet,
        plan.namespace,
        plural(vms, "VM"),
        plural(cpus, "vCPU"),
        human(memory)
    )
}

fn extraneous(diff: &Diff) -> Vec<String> {
    let mut lines = Vec::new();
    for found in &diff.extraneous {
        lines.push(found.item.to_string());
        let disk = format!("{}/{} (its data disk)", Kind::DataVolume.qualified_name(), metadata::data_volume(&found.item.name));
        lines.extend(found.has_disk.then_some(disk));
    }
    lines
}

/// Restarts what runs something old, or says that a restart is needed.
async fn restart(cluster: &Cluster, plan: &Plan, diff: &Diff, wanted: bool, context: &Context<'_>) -> Result<Vec<String>> {
    let needs_restart = cluster.needs_restart(plan, diff).await?;
    if needs_restart.is_empty() {
        return Ok(needs_restart);
    }
    if !wanted {
        let which = needs_restart.join(", ");
        context.ui.note(&format!("Restart required for the change to take effect: {which} (rerun with --restart)"));
        return Ok(Vec::new());
    }
    for vm in &needs_restart {
        cluster.restart(&plan.namespace, vm).await?;
        context.ui.done(&format!("{}/{vm}", Kind::Vm.qualified_name()), "restarted");
    }
    Ok(needs_restart)
}

async fn prune(cluster: &Cluster, plan: &Plan, diff: &Diff, wanted: bool, context: &Context<'_>) -> Result<()> {
    if diff.extraneous.is_empty() {
        return Ok(());
    }
    if !wanted {
        let vms: Vec<_> =
            diff.extraneous.iter().map(|found| &found.item).filter(|item| item.kind == Kind::Vm).map(|item| item.name.as_str()).collect();
        if !vms.is_empty() {
            context.ui.note(&format!("Not part of this fleet, kept: {} (use --prune to delete)", vms.join(", ")));
        }
        return Ok(());
    }
    let items: Vec<_> = diff.extraneous.iter().map(|found| found.item.clone()).collect();
    let refused = cluster.delete_each(&plan.namespace, &items).await;
    first_of(refused.into_iter().map(|refused| refused.error).collect(), context.ui)?;
    for item in &items {
        if context.config.wait() {
            cluster.wait_item_gone(&plan.namespace, item).await?;
        }
        context.ui.done(&item.to_string(), if context.config.wait() { "pruned" } else { "is being deleted" });
    }
    Ok(())
}

fn finish(plan: &Plan, arguments: &Up, context: &Context<'_>) -> Result<()> {
    match arguments.output {
        Some(format) => print_plan(plan, format, context),
        None => Ok(()),
    }
}

fn conclude(cluster: &Cluster, plan: &Plan, outcome: WaitOutcome, running: bool, arguments: &Up, context: &Context<'_>) -> Result<()> {
    let ui = context.ui;
    let causes: BTreeMap<_, _> = outcome.missing.iter().map(|vm| (vm.name.as_str(), &vm.cause)).collect();
    let mut shown = outcome.rows;
    sort(&mut shown);
    for row in &mut shown {
        if let Some(cause) = causes.get(row.name.as_str()) {
            row.cause = Some((*cause).clone());
        }
    }
    if arguments.output.is_none() {
        ui.line("");
        ui.block(&table(&shown, false, false, true).render());
    }
    if outcome.missing.is_empty() {
        if let Some(first) = shown.first() {
            let short = first.name.strip_prefix(&format!("{}-", plan.fleet)).unwrap_or(&first.name);
            let (program, again) = (ui.program(), context.config.flags_for_hint());
            let inside = if plan.login_enabled { format!("'{program} ssh {short}{again}' to look inside, ") } else { String::new() };
            ui.hint(&format!("Run {inside}'{program} down{again}' to delete the fleet"));
        }
        return Ok(());
    }
    for vm in &outcome.missing {
        ui.note(&format!("{}/{}: {vm}", Kind::Vm.qualified_name(), vm.name));
    }
    Err(Error::NotReady {
        missing: outcome.missing.len(),
        total: plan.totals.vms,
        goal: if running { Goal::Running } else { Goal::Ready },
        why: if outcome.timed_out { GaveUp::TimedOut(cluster.elapsed()) } else { GaveUp::Hopeless },
    })
}

/// Prints the objects, as they would be written.
fn print_plan(plan: &Plan, format: UpOutput, context: &Context<'_>) -> Result<()> {
    let namespace = json_of(&plan.namespace_object())?;
    let objects: Vec<Value> = std::iter::once(namespace).chain(plan.objects.iter().map(plan::Object::to_value)).collect();
    let ui = context.ui;
    match format {
        UpOutput::Yaml => {
            for object in &objects {
                let text = serde_yaml::to_string(object).map_err(|error| Error::Format(error.to_string()))?;
                ui.block(&format!("---\n{text}"));
            }
        }
        UpOutput::Json => {
            let list = json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": objects});
            ui.block(&super::status::json_text(&list));
        }
        UpOutput::Name => {
            ui.line(&format!("namespace/{}", plan.namespace));
            plan.objects.iter().for_each(|object| ui.line(&format!("{}/{}", Kind::of(object).qualified_name(), object.name)));
        }
    }
    Ok(())
}

fn json_of(object: &impl serde::Serialize) -> Result<Value> {
    serde_json::to_value(object).map_err(|error| Error::Format(error.to_string()))
}

/// The server checks every object and keeps none.
async fn check_on_server(fleet: &Fleet, arguments: &Up, context: &Context<'_>) -> Result<()> {
    let ui = context.ui;
    let cluster = context.connect(true).await?;
    cluster.require_kubevirt().await?;
    let fleet = &for_cluster(fleet, &cluster).await?;
    let plan = make_plan(fleet, &context.namespace(&cluster)?, context)?;
    cluster.require_storage(&fleet.template, plan.totals.storage, &|progress| ui.listen(progress)).await?;
    let ((diff, missing), place) = look(&cluster, &plan).await?;
    if missing {
        let as_namespace = cluster.require_namespace_permission(&plan.namespace, &place).await?;
        cluster.check_namespace_on_server(&plan, as_namespace).await?;
        ui.line(&format!("namespace/{} created (server dry run)", plan.namespace));
        ui.note("The namespace does not exist, so its objects were not validated");
        return Ok(());
    }
    cluster.check_on_server(&plan, &diff).await?;
    if let Some(format) = arguments.output {
        return print_plan(&plan, format, context);
    }
    for (object, change) in plan.objects.iter().zip(&diff.changes) {
        let verb = if change.is_create() {
            "created"
        } else if change.is_unchanged() {
            "unchanged"
        } else {
            "configured"
        };
        ui.line(&format!("{}/{} {verb} (server dry run)", Kind::of(object).qualified_name(), object.name));
    }
    if arguments.restart {
        for vm in cluster.needs_restart(&plan, &diff).await? {
            ui.line(&format!("{}/{vm} restarted (server dry run)", Kind::Vm.qualified_name()));
        }
    }
    if arguments.prune {
        diff.extraneous.iter().for_each(|found| ui.line(&format!("{} pruned (server dry run)", found.item)));
    }
    Ok(())
}
