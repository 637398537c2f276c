//! What is there, compared with what is planned: one list of each kind, no write.

use std::collections::{BTreeMap, BTreeSet};

use kube::core::ObjectMeta;
use serde_json::Value;

use crate::{
    error::ClusterError,
    plan::{
        Object, Plan,
        compare::{self, Difference},
        metadata,
    },
};

use super::{Cluster, Kind, request::Failure};

/// What one object of the plan needs.
#[derive(Debug, Clone)]
pub struct Change {
    /// As planned.
    pub object: Object,
    /// As it is there.
    pub live: Option<Value>,
    /// What it takes; of an object that is not there, or is being deleted, everything.
    pub difference: Difference,
    /// Being deleted: to be waited for before it is made again.
    pub going: bool,
}

impl Change {
    /// Whether the object is to be made.
    pub fn is_create(&self) -> bool {
        self.live.is_none() || self.going
    }

    /// Whether nothing is to be done.
    pub fn is_unchanged(&self) -> bool {
        !self.is_create() && self.difference == Difference::None
    }
}

/// Everything a run of `up` has to know of the cluster's present state.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    /// One for each object of the plan, in its order.
    pub changes: Vec<Change>,
    /// Machines that run something other than what they would start with now.
    pub outdated: Vec<String>,
    /// Machines among the surplus that have a DataVolume.
    pub disks: Vec<String>,
    /// Objects of the fleet beyond the plan, of the workloads of this run.
    pub surplus: Vec<(Kind, ObjectMeta)>,
}

impl Survey {
    /// Whether there is nothing to write.
    pub fn is_settled(&self) -> bool {
        self.changes.iter().all(Change::is_unchanged)
    }
}

impl Cluster {
    /// Compares the namespace with the plan. `None`: the user may not look into it.
    ///
    /// # Errors
    /// A foreign object under one of our names, or a data disk that cannot become what is asked for.
    pub async fn survey(&self, plan: &Plan, namespace_is_there: bool) -> Result<Option<Survey>, ClusterError> {
        if !namespace_is_there {
            let fresh = |object: &Object| Change { object: object.clone(), live: None, difference: Difference::Apply, going: false };
            return Ok(Some(Survey { changes: plan.objects.iter().map(fresh).collect(), ..Survey::default() }));
        }
        let mut live = BTreeMap::new();
        for kind in [Kind::Machine, Kind::Secret, Kind::Service] {
            match self.try_list(kind, Some(&plan.namespace), "").await {
                Ok(objects) => live.extend(objects.into_iter().map(|object| ((kind.plural(), name_of(&object)), object))),
                Err(failure) if failure.is_code(403) && kind == Kind::Machine => return Ok(None),
                Err(failure) => return Err(failure.into_error(self)),
            }
        }
        let instances = self.list(Kind::Instance, Some(&plan.namespace), &metadata::selector(Some(&plan.fleet), &[])).await?;
        compare_all(plan, &live, &instances).map(Some).map_err(ClusterError::Preflight)
    }

    /// Machines whose running instance is not the plan's: looked at before the writes, and again where these changed some.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn outdated(&self, plan: &Plan, survey: &Survey) -> Result<Vec<String>, ClusterError> {
        if survey.is_settled() {
            return Ok(survey.outdated.clone());
        }
        let instances = self.list(Kind::Instance, Some(&plan.namespace), &metadata::selector(Some(&plan.fleet), &[])).await?;
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

/// The name of an object.
pub fn name_of(object: &Value) -> String {
    object["metadata"]["name"].as_str().unwrap_or_default().to_owned()
}

/// The metadata of an object.
pub fn metadata_of(object: &Value) -> ObjectMeta {
    serde_json::from_value(object["metadata"].clone()).unwrap_or_default()
}

type Live = BTreeMap<(&'static str, String), Value>;

fn compare_all(plan: &Plan, live: &Live, instances: &[Value]) -> Result<Survey, String> {
    let mut survey = Survey::default();
    let (mut foreign, mut disks) = (Vec::new(), Vec::new());
    for object in &plan.objects {
        let kind = Kind::of(object);
        let printed = format!("{}/{}", kind.printed(), object.name());
        let found = live.get(&(kind.plural(), object.name().to_owned()));
        let metadata = found.map(metadata_of);
        let going = metadata.as_ref().is_some_and(|metadata| metadata.deletion_timestamp.is_some());
        if metadata.is_some_and(|metadata| !metadata::is_ours(&metadata, &plan.fleet)) {
            foreign.push(printed);
            continue;
        }
        if let Some(change) = found.filter(|_| !going).and_then(|found| compare::disk_change(found, object)) {
            disks.push(format!("{} {change}", object.name()));
        }
        let difference = found.map_or(Difference::Apply, |found| compare::difference(found, object));
        survey.changes.push(Change { object: object.clone(), live: found.cloned(), difference, going });
    }
    if !foreign.is_empty() {
        return Err(format!(
            "in namespace {} there is already, not of this fleet: {}; choose another --name or namespace, or remove what is there",
            plan.namespace,
            foreign.join(", ")
        ));
    }
    if !disks.is_empty() {
        return Err(format!(
            "a data disk cannot change in place: {}; keep its size and class, or remove the machines first (kubectl virtwork down WORKLOAD)",
            disks.join("; ")
        ));
    }
    survey.outdated = outdated(plan, instances);
    survey.surplus = surplus(plan, live);
    let has_disk = |name: &String| {
        live.get(&(Kind::Machine.plural(), name.clone())).is_some_and(|machine| !machine["spec"]["dataVolumeTemplates"].is_null())
    };
    survey.disks = survey.surplus.iter().filter_map(|(_, found)| found.name.clone()).filter(has_disk).collect();
    Ok(survey)
}

/// Machines whose instance was started with something else than the plan's.
fn outdated(plan: &Plan, instances: &[Value]) -> Vec<String> {
    let running: BTreeMap<_, _> = instances.iter().map(|instance| (name_of(instance), instance)).collect();
    let differs = |machine: &&crate::kubevirt::VirtualMachine| {
        let planned = metadata::annotation(&machine.spec.template.metadata, metadata::BOOT_HASH);
        let instance = machine.metadata.name.as_ref().and_then(|name| running.get(name));
        instance.is_some_and(|instance| compare::boot_hash(&instance["metadata"]) != planned)
    };
    plan.machines().filter(differs).filter_map(|machine| machine.metadata.name.clone()).collect()
}

/// What of the plan's workloads is there beyond the plan.
fn surplus(plan: &Plan, live: &Live) -> Vec<(Kind, ObjectMeta)> {
    let planned: BTreeSet<_> = plan.objects.iter().map(|object| (Kind::of(object).plural(), object.name().to_owned())).collect();
    let workloads: BTreeSet<_> = plan.objects.iter().map(|object| metadata::label(object.metadata(), metadata::COMPONENT)).collect();
    let mut surplus = Vec::new();
    for kind in [Kind::Machine, Kind::Service, Kind::Secret] {
        for ((plural, name), object) in live {
            let metadata = metadata_of(object);
            let beyond = *plural == kind.plural() && !planned.contains(&(*plural, name.clone()));
            let ours = metadata::is_ours(&metadata, &plan.fleet) && workloads.contains(metadata::label(&metadata, metadata::COMPONENT));
            if beyond && ours && metadata.deletion_timestamp.is_none() {
                surplus.push((kind, metadata));
            }
        }
    }
    surplus
}
