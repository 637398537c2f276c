//! What is there, compared with what is planned: one list of each kind, no write.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize as _;
use serde_json::Value;

use crate::{
    error::ClusterError,
    kubevirt::observed::{About, Observed},
    plan::{
        Object, Plan,
        compare::{self, Difference},
        metadata,
    },
    status::{self, VmStatus},
};

use super::{
    Cluster, Item, Kind,
    inventory::{self, Living},
    list::{Alone, Form, Scope},
    ownership,
    request::Failure,
};

/// What one object of the plan needs.
#[derive(Debug, Clone)]
pub struct Change {
    /// What it takes; of an object that is not there, or is being deleted, everything.
    pub difference: Difference,
    /// Whether it is there.
    pub there: bool,
    /// Being deleted: to be waited for before it is made again.
    pub going: bool,
    /// Makes its fields ours before an apply, where they are not.
    pub ownership: Option<json_patch::Patch>,
}

impl Change {
    /// Of an object that is not there.
    const NEW: Self = Self { difference: Difference::Apply, there: false, going: false, ownership: None };

    /// Whether the object is to be made.
    pub fn is_create(&self) -> bool {
        !self.there || self.going
    }

    /// Whether nothing is to be done.
    pub fn is_unchanged(&self) -> bool {
        !self.is_create() && self.difference == Difference::None
    }
}

/// An object of the fleet beyond the plan.
#[derive(Debug, Clone)]
pub struct Surplus {
    /// The object.
    pub item: Item,
    /// Whether a DataVolume goes with it.
    pub has_disk: bool,
}

/// Everything a run of `up` has to know of the cluster's present state.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    /// One for each object of the plan, in its order.
    pub changes: Vec<Change>,
    /// Machines that run something other than what they would start with now.
    pub outdated: Vec<String>,
    /// Objects of the fleet beyond the plan, of the workloads of this run.
    pub surplus: Vec<Surplus>,
    /// The machines of the plan, as they are.
    pub rows: Vec<VmStatus>,
}

impl Survey {
    /// Whether there is nothing to write.
    pub fn is_settled(&self) -> bool {
        self.changes.iter().all(Change::is_unchanged)
    }
}

/// What a list says of one object.
enum Found {
    /// It is in the plan, at this place.
    Planned {
        index: usize,
        change: Box<Change>,
        disk: Option<String>,
        observed: Option<Box<Observed>>,
    },
    /// It bears a name of the plan and is somebody else's.
    Foreign(String),
    Surplus(Surplus),
}

impl Cluster {
    /// Compares the namespace with the plan. `None`: the user may not look into it.
    ///
    /// # Errors
    /// A foreign object under one of our names, or a data disk that cannot become what is asked for.
    pub async fn survey(&self, plan: &Plan, namespace_is_there: bool) -> Result<Option<Survey>, ClusterError> {
        let changes = vec![Change::NEW; plan.objects.len()];
        if !namespace_is_there {
            return Ok(Some(Survey { changes, ..Survey::default() }));
        }
        let workloads: BTreeSet<_> = plan.objects.iter().map(|object| object.workload.as_str()).collect();
        let mut all = Vec::new();
        for kind in [Kind::Machine, Kind::Service, Kind::Secret] {
            let planned = by_name(plan, kind);
            let read = |text: &str| Ok(look_at(serde_json::from_str(text)?, text, kind, plan, &planned, &workloads));
            let form = if kind == Kind::Machine { Form::Whole } else { Form::Metadata };
            match self.read_list(&Scope::new(kind, Some(&plan.namespace), ""), form, &read).await {
                Ok(found) => all.extend(found),
                Err(failure) if failure.is_code(403) && kind == Kind::Machine => return Ok(None),
                Err(failure) => return Err(failure.into_error(self)),
            }
        }
        let instances = self.observe(Kind::Instance, Some(&plan.namespace), &metadata::selector(Some(&plan.fleet), &[])).await?;
        let survey = gather(plan, Survey { changes, ..Survey::default() }, all, &instances)?;
        self.require_free_disks(plan, &survey).await?;
        Ok(Some(survey))
    }

    /// KubeVirt adopts a DataVolume, and CDI a claim, that it finds under the name it is to make (kubevirt/kubevirt
    /// `pkg/controller/controller_ref_manager.go`; `cdi.kubevirt.io/allowClaimAdoption`). That of somebody else would become a data disk
    /// of ours, and go with it.
    async fn require_free_disks(&self, plan: &Plan, survey: &Survey) -> Result<(), ClusterError> {
        let new = plan.objects.iter().zip(&survey.changes).filter(|(object, change)| change.is_create() && object.has_data_volume);
        let names: BTreeSet<_> = new.map(|(object, _)| metadata::data_volume(&object.name)).collect();
        if names.is_empty() {
            return Ok(());
        }
        let mut living = Living::default();
        let mut objects = Vec::new();
        for kind in [Kind::Machine, Kind::DataVolume, Kind::Claim] {
            match self.try_list::<Alone>(&Scope::new(kind, Some(&plan.namespace), "")).await {
                Ok(all) => objects.extend(all.into_iter().map(|object| inventory::Found { kind, about: object.metadata })),
                Err(failure) if failure.is_code(403) => living.unlisted.push(kind),
                Err(failure) if failure.is_code(404) => {}
                Err(failure) => return Err(failure.into_error(self)),
            }
        }
        living.uids.extend(objects.iter().map(|object| object.about.uid.clone()));
        let foreign = inventory::foreign(&objects, &plan.fleet, living);
        // KubeVirt waits for what is being deleted.
        let foreign =
            foreign.into_iter().filter(|found| names.contains(&found.about.name) && !found.about.going && found.kind != Kind::Machine);
        let foreign: Vec<_> = foreign.map(|found| format!("{}/{}", found.kind.printed(), found.about.name)).collect();
        if foreign.is_empty() { Ok(()) } else { Err(name_taken(plan, foreign)) }
    }

    /// Machines whose running instance is not the plan's: looked at before the writes, and again where these changed some.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn outdated(&self, plan: &Plan, survey: &Survey) -> Result<Vec<String>, ClusterError> {
        if survey.is_settled() {
            return Ok(survey.outdated.clone());
        }
        let instances = self.observe(Kind::Instance, Some(&plan.namespace), &metadata::selector(Some(&plan.fleet), &[])).await?;
        Ok(outdated(plan, &instances))
    }

    pub(super) async fn get(&self, kind: Kind, namespace: &str, name: &str) -> Result<Option<Value>, Failure> {
        let object = self
            .retrying(name, || {
                let api = self.api(kind, Some(namespace));
                async move { api.get_opt(name).await }
            })
            .await?;
        Ok(object.and_then(|object| serde_json::to_value(object).ok()))
    }
}

/// The planned objects of a kind by their names, each with its place in the plan.
fn by_name(plan: &Plan, kind: Kind) -> BTreeMap<&str, (usize, &Object)> {
    let of_kind = plan.objects.iter().enumerate().filter(|(_, object)| Kind::of(object) == kind);
    of_kind.map(|(index, object)| (object.name.as_str(), (index, object))).collect()
}

/// The name of an object.
pub fn name_of(object: &Value) -> String {
    object["metadata"]["name"].as_str().unwrap_or_default().to_owned()
}

/// The metadata of an object.
pub fn about(object: &Value) -> About {
    About::deserialize(&object["metadata"]).unwrap_or_default()
}

fn look_at(
    mut live: Value,
    text: &str,
    kind: Kind,
    plan: &Plan,
    planned: &BTreeMap<&str, (usize, &Object)>,
    workloads: &BTreeSet<&str>,
) -> Option<Found> {
    // Items of a list do not say what they are.
    (live["apiVersion"], live["kind"]) = kind.type_meta();
    let about = about(&live);
    let (ours, going) = (about.is_of(&plan.fleet), about.going);
    let Some((index, object)) = planned.get(about.name.as_str()).copied() else {
        let beyond = ours && !going && about.mark(metadata::COMPONENT).is_some_and(|workload| workloads.contains(workload));
        let has_disk = !live["spec"]["dataVolumeTemplates"].is_null();
        return beyond.then_some(Found::Surplus(Surplus { item: Item { kind, name: about.name, uid: about.uid }, has_disk }));
    };
    if !ours {
        return Some(Found::Foreign(format!("{}/{}", kind.printed(), about.name)));
    }
    let difference = compare::difference(&live, object);
    let disk = if going { None } else { compare::disk_change(&live, object) };
    let ownership = if difference == Difference::None { None } else { ownership::patch(&live) };
    let observed = (kind == Kind::Machine).then(|| Box::new(serde_json::from_str(text).unwrap_or_default()));
    let change = Box::new(Change { difference, there: true, going, ownership });
    Some(Found::Planned { index, change, disk: disk.map(|change| format!("{} {change}", about.name)), observed })
}

fn gather(plan: &Plan, mut survey: Survey, all: Vec<Found>, instances: &[Observed]) -> Result<Survey, ClusterError> {
    let (mut foreign, mut disks, mut machines) = (Vec::new(), Vec::new(), Vec::new());
    for found in all {
        match found {
            Found::Planned { index, change, disk, observed } => {
                survey.changes[index] = *change;
                disks.extend(disk);
                machines.extend(observed.map(|observed| *observed));
            }
            Found::Foreign(what) => foreign.push(what),
            Found::Surplus(surplus) => survey.surplus.push(surplus),
        }
    }
    if !foreign.is_empty() {
        return Err(name_taken(plan, foreign));
    }
    if !disks.is_empty() {
        return Err(ClusterError::DiskChange { changes: disks, namespace: plan.namespace.clone(), fleet: plan.fleet.clone() });
    }
    survey.outdated = outdated(plan, instances);
    survey.rows = status::statuses(&machines, instances);
    Ok(survey)
}

fn name_taken(plan: &Plan, objects: Vec<String>) -> ClusterError {
    ClusterError::NameTaken { namespace: plan.namespace.clone(), objects }
}

/// Machines whose instance was started with something else than the plan's.
fn outdated(plan: &Plan, instances: &[Observed]) -> Vec<String> {
    let running: BTreeMap<_, _> = instances.iter().map(|instance| (instance.metadata.name.as_str(), instance)).collect();
    let differs = |machine: &&Object| {
        let instance = running.get(machine.name.as_str());
        instance.is_some_and(|instance| instance.metadata.mark(metadata::BOOT_HASH) != Some(&machine.boot_hash))
    };
    plan.machines().filter(differs).map(|machine| machine.name.clone()).collect()
}
