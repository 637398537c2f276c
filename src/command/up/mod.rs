//! `up`: creates or updates the fleet and waits until its workloads run.

mod dry_run;

use std::collections::BTreeMap;

use crate::{
    cli::{DryRun, Up},
    cluster::{Cluster, Diff, NamespaceState, WaitOptions, WaitOutcome},
    config::WaitFor,
    error::{Error, GaveUp, Goal, Result, Unconfirmed},
    event::{Event, Hint, Mode, Notice, Outcome, Question, Warning},
    object::{Kind, ObjectName},
    plan::{self, Fleet, Plan, metadata},
    status::sort,
};

use super::{Context, DEFAULT_NAMESPACE, confirm, first_of, status::table};

/// Runs `up`.
pub async fn run(arguments: &Up, context: &Context<'_>) -> Result<()> {
    let (fleet, login) = fleet(arguments, context).await?;
    match arguments.dry_run {
        Some(DryRun::Client) => dry_run::on_client(&fleet, login, arguments, context).await,
        Some(DryRun::Server) => dry_run::on_server(fleet, login, arguments, context).await,
        Some(DryRun::None) | None => converge(fleet, login, arguments, context).await,
    }
}

/// The requested fleet, and what the user should know about logging in.
async fn fleet(arguments: &Up, context: &Context<'_>) -> Result<(Fleet, Option<Notice>)> {
    let (config, ui) = (context.config, context.ui);
    let password = if arguments.ask_ssh_password { Some(ui.ask_password(&config.settings.login.ssh_user).await?) } else { None };
    if config.password_on_command_line() {
        ui.warning(Warning::PasswordInProcessList).await;
    }
    let (fleet, default_key) = config.fleet(password)?;
    let nobody = !fleet.login.allows_login() && !config.settings.login.no_ssh_key;
    let login = default_key.map(Notice::DefaultKey).or(nobody.then_some(Notice::NobodyCanLogIn));
    Ok((fleet, login))
}

/// The fleet with the architecture that VMs get in this cluster.
async fn for_cluster(mut fleet: Fleet, cluster: &Cluster) -> Result<Fleet> {
    fleet.template.architecture = cluster.default_architecture().await?.unwrap_or(fleet.template.architecture);
    Ok(fleet)
}

/// Connects to a cluster that serves VMs, and plans the fleet for it.
pub(super) async fn connect_and_plan(fleet: Fleet, context: &Context<'_>) -> Result<(Cluster, Fleet, Plan)> {
    // Invalid values fail before any request is sent.
    make_plan(&fleet, DEFAULT_NAMESPACE, context)?;
    let cluster = context.connect(true).await?;
    cluster.require_kubevirt().await?;
    let fleet = for_cluster(fleet, &cluster).await?;
    let plan = make_plan(&fleet, &context.namespace(&cluster)?, context)?;
    Ok((cluster, fleet, plan))
}

fn make_plan(fleet: &Fleet, namespace: &str, context: &Context<'_>) -> Result<Plan> {
    Ok(plan::plan(fleet, namespace, &context.config.catalog)?)
}

async fn converge(fleet: Fleet, login: Option<Notice>, arguments: &Up, context: &Context<'_>) -> Result<()> {
    let (config, ui) = (context.config, context.ui);
    let (cluster, fleet, mut plan) = connect_and_plan(fleet, context).await?;
    ui.notices(login).await;
    ui.notice(Notice::Fleet { name: plan.fleet.clone(), namespace: plan.namespace.clone(), totals: plan.totals.clone() }).await;
    cluster.require_storage(&fleet.template, plan.totals.storage, ui.events()).await?;
    let found = find(&cluster, &plan).await?;
    let diff = &found.diff;
    // Permissions in a namespace that does not exist are not known.
    if found.exists {
        cluster.require_plan_permissions(&plan, diff, arguments.restart, arguments.prune).await?;
    }
    if arguments.prune && !diff.extraneous.is_empty() {
        let objects = extraneous(diff);
        let refusal = Error::Unconfirmed(Unconfirmed::Prune(objects.clone()));
        if !confirm(ui, arguments.yes, Question::Prune(objects), Err(refusal)).await? {
            ui.notice(Notice::NothingChanged).await;
            return Ok(());
        }
    }
    if !found.exists {
        let as_namespace = cluster.require_namespace_permission(&plan.namespace, &found.namespace).await?;
        if cluster.create_namespace(&plan, as_namespace).await? {
            done(context, ObjectName::new(Kind::Namespace, &plan.namespace), Outcome::Created).await;
        }
    }
    let applied = cluster.apply(&plan, diff, config.settings.wait_settings.concurrency as usize, ui.events()).await;
    first_of(applied.failures, ui).await?;
    let restarted = restart(&cluster, &plan, diff, arguments.restart, context).await?;
    prune(&cluster, &plan, diff, arguments.prune, context).await?;
    if !config.wait() {
        let (program, flags) = (ui.program().to_owned(), config.flags_for_hint());
        ui.events().emit(Event::Hint(Hint::FollowStatus { program, flags })).await;
        return dry_run::print_if_asked(&plan, arguments, context).await;
    }
    if arguments.output.is_none() {
        plan.drop_manifests();
    }
    let running = config.settings.wait_settings.wait_for == WaitFor::Running;
    let outcome = cluster.wait(&plan, diff, WaitOptions { running, restarted: &restarted }, ui.events()).await;
    // Everything is written; it is only not known whether it became ready.
    let outcome = outcome.map_err(Error::NotWatched)?;
    dry_run::print_if_asked(&plan, arguments, context).await?;
    conclude(&cluster, &plan, outcome, running, arguments, context).await
}

/// The live state, compared with the plan.
pub(super) struct Found {
    pub diff: Diff,
    /// Whether the namespace exists.
    pub exists: bool,
    namespace: NamespaceState,
}

pub(super) async fn find(cluster: &Cluster, plan: &Plan) -> Result<Found> {
    let namespace = cluster.namespace_state(&plan.namespace).await?;
    Cluster::require_pod_network(&plan.namespace, &namespace)?;
    let exists = namespace != NamespaceState::NotFound;
    if let Some(diff) = cluster.diff(plan, exists).await? {
        return Ok(Found { diff, exists, namespace });
    }
    // Neither the namespace nor its VMs can be read. On OpenShift a project that does not exist looks like this.
    cluster.require_namespace_permission(&plan.namespace, &namespace).await?;
    let diff = cluster.diff(plan, false).await?.unwrap_or_default();
    Ok(Found { diff, exists: false, namespace })
}

async fn done(context: &Context<'_>, object: ObjectName, outcome: Outcome) {
    context.ui.events().emit(Event::Applied { object, outcome, mode: Mode::Real }).await;
}

/// The objects that `--prune` deletes, including data disks.
fn extraneous(diff: &Diff) -> Vec<ObjectName> {
    let mut objects = Vec::new();
    for found in &diff.extraneous {
        objects.push(found.object.object_name());
        let disk = ObjectName::new(Kind::DataVolume, metadata::data_volume(&found.object.name));
        objects.extend(found.has_disk.then_some(disk));
    }
    objects
}

/// Restarts VMs whose configuration is outdated, or says that a restart is required.
async fn restart(cluster: &Cluster, plan: &Plan, diff: &Diff, wanted: bool, context: &Context<'_>) -> Result<Vec<String>> {
    let needs_restart = cluster.needs_restart(plan, diff).await?;
    if needs_restart.is_empty() {
        return Ok(needs_restart);
    }
    if !wanted {
        context.ui.notice(Notice::RestartRequired(needs_restart)).await;
        return Ok(Vec::new());
    }
    for vm in &needs_restart {
        cluster.restart(&plan.namespace, vm).await?;
        done(context, ObjectName::new(Kind::Vm, vm), Outcome::Restarted).await;
    }
    Ok(needs_restart)
}

async fn prune(cluster: &Cluster, plan: &Plan, diff: &Diff, wanted: bool, context: &Context<'_>) -> Result<()> {
    if diff.extraneous.is_empty() {
        return Ok(());
    }
    let objects: Vec<_> = diff.extraneous.iter().map(|found| found.object.clone()).collect();
    if !wanted {
        let vms: Vec<_> = objects.into_iter().filter(|object| object.kind == Kind::Vm).map(|vm| vm.name).collect();
        if !vms.is_empty() {
            context.ui.notice(Notice::KeptWithoutPrune(vms)).await;
        }
        return Ok(());
    }
    let refused = cluster.delete_each(&plan.namespace, &objects).await;
    first_of(refused.into_iter().map(|refused| refused.error).collect(), context.ui).await?;
    for object in &objects {
        if context.config.wait() {
            cluster.wait_deleted(&plan.namespace, object).await?;
        }
        let outcome = if context.config.wait() { Outcome::Pruned } else { Outcome::Pruning };
        done(context, object.object_name(), outcome).await;
    }
    Ok(())
}

async fn conclude(
    cluster: &Cluster,
    plan: &Plan,
    outcome: WaitOutcome,
    running: bool,
    arguments: &Up,
    context: &Context<'_>,
) -> Result<()> {
    let ui = context.ui;
    let causes: BTreeMap<_, _> = outcome.not_ready.iter().map(|vm| (vm.name.as_str(), &vm.cause)).collect();
    let mut rows = outcome.rows;
    sort(&mut rows);
    for row in &mut rows {
        if let Some(cause) = causes.get(row.name.as_str()) {
            row.cause = Some((*cause).clone());
        }
    }
    if arguments.output.is_none() {
        ui.print(format!("\n{}", table(&rows, false, false, true).render())).await;
    }
    if outcome.not_ready.is_empty() {
        if let Some(first) = rows.first() {
            let short = first.name.strip_prefix(&format!("{}-", plan.fleet)).unwrap_or(&first.name);
            let login = plan.login_enabled.then(|| short.to_owned());
            let (program, flags) = (ui.program().to_owned(), context.config.flags_for_hint());
            ui.events().emit(Event::Hint(Hint::UseFleet { program, flags, login })).await;
        }
        return Ok(());
    }
    let count = outcome.not_ready.len();
    for vm in outcome.not_ready {
        ui.notice(Notice::NotReady(vm)).await;
    }
    Err(Error::NotReady {
        count,
        total: plan.totals.vms,
        goal: if running { Goal::Running } else { Goal::Ready },
        why: if outcome.timed_out { GaveUp::TimedOut(cluster.elapsed()) } else { GaveUp::Hopeless },
    })
}
