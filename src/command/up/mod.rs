//! `up`: creates or updates the fleet and waits until its workloads run. `--dry-run=server` is the same path: the server validates the
//! requests and stores nothing.

mod output;

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    cli::{DryRun, Up},
    cluster::{
        NamespaceState, Target, apply, delete, namespace,
        observe::status_of_pair,
        permissions::{self, Wanted},
        preflight, restart, snapshot,
        wait::{self, End, FleetGoal},
    },
    config::WaitFor,
    error::{Error, GaveUp, Goal, Result, Unconfirmed},
    event::{Event, Hint, Mode, Notice, Outcome, Question, Wait, Warning},
    metadata,
    object::{Kind, ObjectName},
    plan::{self, Diff, Fleet, Plan, diff::diff},
    status::{self, NotReady, VmStatus},
};

use super::{Context, DEFAULT_NAMESPACE, confirm, first_of, status::table};

/// Runs `up`.
pub(super) async fn run(arguments: &Up, context: &Context<'_>) -> Result<()> {
    let (fleet, login) = fleet(arguments, context).await?;
    let mode = match arguments.dry_run {
        Some(DryRun::Client) => {
            let plan = make_plan(&fleet, &context.namespace_offline()?, context)?;
            context.ui.notices(login).await;
            return output::print(&plan, arguments.output.unwrap_or_default(), context).await;
        }
        Some(DryRun::Server) => Mode::ServerDryRun,
        Some(DryRun::None) | None => Mode::Real,
    };
    let (target, plan) = connect_and_plan(fleet, context).await?;
    context.ui.notices(login).await;
    Run { target: &target, plan: &plan, arguments, context, mode }.reconcile().await
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

/// Connects to a cluster that serves VMs, and plans the fleet with the architecture that VMs get in it.
pub(super) async fn connect_and_plan(mut fleet: Fleet, context: &Context<'_>) -> Result<(Target, Plan)> {
    // Invalid values fail before any request is sent.
    make_plan(&fleet, DEFAULT_NAMESPACE, context)?;
    let target = context.target(true).await?;
    preflight::require_kubevirt(&target).await?;
    fleet.template.architecture = preflight::default_architecture(&target).await?.unwrap_or(fleet.template.architecture);
    let plan = make_plan(&fleet, &target.namespace, context)?;
    Ok((target, plan))
}

fn make_plan(fleet: &Fleet, namespace: &str, context: &Context<'_>) -> Result<Plan> {
    Ok(plan::plan(fleet, namespace, &context.config.catalog)?)
}

/// The live state, compared with the plan.
pub(super) struct Found {
    /// The changes.
    pub diff: Diff,
    /// Whether the namespace exists.
    pub exists: bool,
    namespace: NamespaceState,
    /// The VMs of the fleet.
    rows: Vec<VmStatus>,
}

/// Reads the namespace and compares it with the plan.
pub(super) async fn find(target: &Target, plan: &Plan) -> Result<Found> {
    let state = namespace::state(target).await?;
    preflight::require_pod_network(&plan.namespace, &state)?;
    if state != NamespaceState::NotFound {
        if let Some(snapshot) = snapshot::load(target, plan).await? {
            let rows = status::pair(&snapshot.vms, &snapshot.vmis).into_iter().map(status_of_pair).collect();
            return Ok(Found { diff: diff(plan, snapshot)?, exists: true, namespace: state, rows });
        }
        // Neither the namespace nor its VMs can be read. On OpenShift a project that does not exist looks like this.
        namespace::creation(target, &state).await?;
    }
    Ok(Found { diff: Diff::of_nothing(plan), exists: false, namespace: state, rows: Vec::new() })
}

/// One run of `up` against a cluster.
struct Run<'a> {
    target: &'a Target,
    plan: &'a Plan,
    arguments: &'a Up,
    context: &'a Context<'a>,
    mode: Mode,
}

impl Run<'_> {
    async fn reconcile(&self) -> Result<()> {
        let (target, plan, ui) = (self.target, self.plan, self.context.ui);
        if self.mode == Mode::Real {
            ui.notice(Notice::Fleet { name: plan.fleet.clone(), namespace: plan.namespace.clone(), totals: plan.totals.clone() }).await;
        }
        preflight::require_storage(target, plan, ui.events()).await?;
        let found = find(target, plan).await?;
        if !self.prepare(&found).await? {
            return if self.mode == Mode::Real { Ok(()) } else { self.print_objects().await };
        }
        let concurrency = self.context.config.settings.wait_settings.concurrency as usize;
        let writing = apply::Writing { mode: self.mode, concurrency, events: ui.events() };
        first_of(apply::apply(target, plan, &found.diff, writing).await, ui).await?;
        let restarted = self.restart(&found.diff).await?;
        self.prune(&found.diff).await?;
        match self.mode {
            Mode::Real => self.finish(found, restarted).await,
            _ => self.print_objects().await,
        }
    }

    /// Checks what the server will not check by itself, asks, and creates the namespace. False if there is nothing else to do.
    async fn prepare(&self, found: &Found) -> Result<bool> {
        let (target, ui, diff) = (self.target, self.context.ui, &found.diff);
        let is_real = self.mode == Mode::Real;
        // Permissions in a namespace that does not exist are not known.
        if diff.writes(self.plan).any(|(object, _)| object.kind == Kind::Vm) {
            preflight::require_pull_secret(target, self.plan, found.exists).await?;
        }
        if found.exists && is_real {
            let wanted = Wanted { restart: self.arguments.restart, prune: self.arguments.prune };
            permissions::require_for(target, self.plan, diff, wanted).await?;
        }
        if is_real && self.arguments.prune && !diff.extraneous.is_empty() {
            let objects = extraneous(diff);
            let refusal = Error::Unconfirmed(Unconfirmed::Prune(objects.clone()));
            if !confirm(ui, self.arguments.yes, Question::Prune(objects), Err(refusal)).await? {
                ui.notice(Notice::NothingChanged).await;
                return Ok(false);
            }
        }
        if found.exists {
            return Ok(true);
        }
        let creation = namespace::creation(target, &found.namespace).await?;
        if namespace::create(target, self.plan, creation, self.mode).await? {
            self.done(ObjectName::new(Kind::Namespace, &self.plan.namespace), Outcome::Created).await;
        }
        if !is_real {
            ui.notice(Notice::NotValidated).await;
        }
        Ok(is_real)
    }

    async fn done(&self, object: ObjectName, outcome: Outcome) {
        self.context.ui.events().emit(Event::Applied { object, outcome, mode: self.mode }).await;
    }

    /// Restarts VMs whose configuration is outdated, or says that a restart is required.
    async fn restart(&self, diff: &Diff) -> Result<Vec<(String, Box<str>)>> {
        let outdated = restart::outdated(self.target, self.plan, diff).await?;
        if !self.arguments.restart {
            if !outdated.is_empty() && self.mode == Mode::Real {
                let vms = outdated.into_iter().map(|(vm, _)| vm).collect();
                self.context.ui.notice(Notice::RestartRequired(vms)).await;
            }
            return Ok(Vec::new());
        }
        for (vm, _) in &outdated {
            if self.mode == Mode::Real {
                restart::restart(self.target, vm).await?;
            }
            self.done(ObjectName::new(Kind::Vm, vm), Outcome::Restarted).await;
        }
        Ok(outdated)
    }

    /// Deletes what exceeds the plan, or says that it was kept.
    async fn prune(&self, diff: &Diff) -> Result<()> {
        let ui = self.context.ui;
        let objects: Vec<_> = diff.extraneous.iter().map(|found| found.object.clone()).collect();
        if self.mode == Mode::Real && !self.arguments.prune {
            let vms: Vec<_> = objects.iter().filter(|object| object.kind == Kind::Vm).map(|vm| vm.name.clone()).collect();
            if !vms.is_empty() {
                ui.notice(Notice::KeptWithoutPrune(vms)).await;
            }
        }
        if self.mode == Mode::Real && !diff.others.is_empty() {
            ui.notice(Notice::OtherWorkloads(diff.others.clone())).await;
        }
        if !self.arguments.prune || objects.is_empty() {
            return Ok(());
        }
        let waits = self.context.config.wait() && self.mode == Mode::Real;
        if self.mode == Mode::Real {
            delete::prune(self.target, &self.plan.fleet, &objects, waits.then_some(ui.events())).await?;
        }
        let outcome = if waits || self.mode != Mode::Real { Outcome::Pruned } else { Outcome::Pruning };
        for object in &objects {
            self.done(object.object_name(), outcome).await;
        }
        Ok(())
    }

    async fn print_objects(&self) -> Result<()> {
        match self.arguments.output {
            Some(format) => output::print(self.plan, format, self.context).await,
            None => Ok(()),
        }
    }

    /// Waits, unless the user does not want to, and shows the fleet.
    async fn finish(&self, found: Found, restarted: Vec<(String, Box<str>)>) -> Result<()> {
        let (plan, ui, config) = (self.plan, self.context.ui, self.context.config);
        if !config.wait() {
            let (program, flags) = (ui.program().to_owned(), config.flags_for_hint());
            ui.events().emit(Event::Hint(Hint::FollowStatus { program, flags })).await;
            return self.print_objects().await;
        }
        let names: BTreeSet<_> = plan.vms().map(|vm| vm.name()).collect();
        let rows: Vec<_> = found.rows.into_iter().filter(|row| row.ready && names.contains(&row.name)).collect();
        // After a prune the rows are old.
        let is_settled = found.diff.is_up_to_date() && found.diff.extraneous.is_empty() && restarted.is_empty();
        let is_settled = is_settled && rows.len() == plan.totals.vms as usize;
        if is_settled {
            self.print_objects().await?;
            return self.conclude(rows, Vec::new(), End::Reached).await;
        }
        drop((rows, found.diff));
        let wait = if config.settings.wait_settings.wait_for == WaitFor::Running { Wait::Running } else { Wait::Ready };
        let mut goal = FleetGoal::new(self.target, plan, wait, restarted);
        // Everything is written; it is only not known whether it became ready.
        let end = wait::until(self.target, wait, &mut goal, ui.events()).await.map_err(Error::NotWatched)?;
        let (rows, not_ready) = (goal.statuses(), goal.not_ready());
        drop(goal);
        self.print_objects().await?;
        self.conclude(rows, not_ready, end).await
    }

    async fn conclude(&self, mut rows: Vec<VmStatus>, not_ready: Vec<NotReady>, end: End) -> Result<()> {
        let (ui, config) = (self.context.ui, self.context.config);
        let reasons: BTreeMap<_, _> = not_ready.iter().map(|vm| (vm.name.as_str(), &vm.reason)).collect();
        status::sort(&mut rows);
        for row in &mut rows {
            if let Some(reason) = reasons.get(row.name.as_str()) {
                row.reason = Some((*reason).clone());
            }
        }
        if self.arguments.output.is_none() {
            ui.print(format!("\n{}", table(&rows, false, false, true).render())).await;
        }
        if end == End::Reached {
            if let Some(first) = rows.first() {
                let short = first.name.strip_prefix(&format!("{}-", self.plan.fleet)).unwrap_or(&first.name);
                let login = self.plan.login_enabled.then(|| short.to_owned());
                let (program, flags) = (ui.program().to_owned(), config.flags_for_hint());
                ui.events().emit(Event::Hint(Hint::UseFleet { program, flags, login })).await;
            }
            return Ok(());
        }
        let count = not_ready.len();
        for vm in not_ready {
            ui.notice(Notice::NotReady(vm)).await;
        }
        let goal = if config.settings.wait_settings.wait_for == WaitFor::Running { Goal::Running } else { Goal::Ready };
        let why = if end == End::TimedOut { GaveUp::TimedOut(self.target.elapsed()) } else { GaveUp::Hopeless };
        Err(Error::NotReady { count, total: self.plan.totals.vms, goal, why })
    }
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
