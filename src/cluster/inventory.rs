//! Decides which objects belong to a fleet. Labels alone prove nothing: a VM that was copied from one of the fleet passes the
//! labels of its template on to its VMI, and controllers copy labels too.

use std::collections::BTreeSet;

use crate::{
    live::{Meta, Owner},
    metadata,
    object::{Kind, ObjectRef},
};

/// The objects of a fleet in a namespace, when they were listed.
#[derive(Debug, Clone)]
pub(crate) struct Inventory {
    /// The objects, VMs first.
    pub items: Vec<ObjectRef>,
    /// UIDs of VMIs, data volumes and PVCs without an owner in this list.
    pub(super) orphans: BTreeSet<String>,
    /// The label selector that matches them.
    pub(super) selector: String,
}

/// An object with the fleet's labels, or a PVC of its data volume.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub kind: Kind,
    pub meta: Meta,
}

/// Owners that are not in the list, as far as they are known.
#[derive(Debug, Default)]
pub(super) struct KnownOwners {
    /// UIDs of the VMs and data volumes that exist.
    pub uids: BTreeSet<String>,
    /// Kinds that cannot be listed.
    pub unlisted: Vec<Kind>,
}

/// Which of the objects belong to the fleet.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    pub items: Vec<ObjectRef>,
    pub orphans: BTreeSet<String>,
    /// VMs with another owner, and the objects that they need.
    pub kept: Vec<ObjectRef>,
}

/// The state of an owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OwnerState {
    /// It belongs to the fleet.
    Ours,
    /// It exists, or is of a kind that is not looked up.
    Alive,
    /// It does not exist any more.
    Dead,
    /// Its kind cannot be listed.
    Unknown,
}

/// The kinds of owners that are looked up.
pub(super) const OWNERS: [Kind; 2] = [Kind::Vm, Kind::DataVolume];

impl Found {
    fn item(&self) -> ObjectRef {
        ObjectRef { kind: self.kind, name: self.meta.name.clone(), uid: self.meta.uid.clone() }
    }

    /// Workload and role.
    fn role(&self) -> (Option<&str>, Option<&str>) {
        (self.meta.label_or_annotation(metadata::COMPONENT), self.meta.label_or_annotation(metadata::ROLE))
    }
}

/// Whether objects of this kind are garbage-collected with an owner.
fn has_owner(kind: Kind) -> bool {
    matches!(kind, Kind::Vmi | Kind::DataVolume | Kind::Pvc)
}

fn state(owner: &Owner, ours: &BTreeSet<&str>, known: &KnownOwners) -> OwnerState {
    if ours.contains(owner.uid.as_str()) {
        return OwnerState::Ours;
    }
    match OWNERS.into_iter().find(|kind| owner.is(kind.group(), kind.name())) {
        Some(kind) if known.unlisted.contains(&kind) => OwnerState::Unknown,
        Some(_) if !known.uids.contains(&owner.uid) => OwnerState::Dead,
        _ => OwnerState::Alive,
    }
}

/// Leaves out objects with a living owner outside the fleet, and repeats that for the objects they own.
pub(super) fn sort(found: &[Found], mut known: KnownOwners) -> Sorted {
    let mut ours: BTreeSet<&str> = found.iter().map(|found| found.meta.uid.as_str()).collect();
    let vms = found.iter().filter(|found| found.kind == Kind::Vm);
    let disks: BTreeSet<_> = vms.map(|vm| metadata::data_volume(&vm.meta.name)).collect();
    loop {
        let foreign = |found: &&Found| {
            let states: Vec<_> = found.meta.owners.iter().map(|owner| state(owner, &ours, &known)).collect();
            if states.contains(&OwnerState::Ours) || !ours.contains(found.meta.uid.as_str()) {
                return false;
            }
            // A PVC belongs to the data volume of a VM of the fleet, even if data volumes cannot be listed.
            let unknown = states.contains(&OwnerState::Unknown) && !(found.kind == Kind::Pvc && disks.contains(&found.meta.name));
            unknown || states.contains(&OwnerState::Alive)
        };
        let left: Vec<&str> = found.iter().filter(foreign).map(|found| found.meta.uid.as_str()).collect();
        if left.is_empty() {
            break;
        }
        for uid in left {
            ours.remove(uid);
            known.uids.insert(uid.to_owned());
        }
    }
    let mut sorted = Sorted::default();
    let foreign: Vec<_> = found.iter().filter(|found| found.kind == Kind::Vm && !ours.contains(found.meta.uid.as_str())).collect();
    let serves_foreign =
        |found: &Found| matches!(found.kind, Kind::Secret | Kind::Service) && foreign.iter().any(|vm| vm.role() == found.role());
    for object in found {
        if serves_foreign(object) || foreign.iter().any(|vm| vm.meta.uid == object.meta.uid) {
            sorted.kept.push(object.item());
        } else if ours.contains(object.meta.uid.as_str()) {
            let owned =
                object.meta.owners.iter().any(|owner| matches!(state(owner, &ours, &known), OwnerState::Ours | OwnerState::Unknown));
            if has_owner(object.kind) && !owned {
                sorted.orphans.insert(object.meta.uid.clone());
            }
            sorted.items.push(object.item());
        }
    }
    sorted
}

/// Data volumes and PVCs that are not the fleet's and are not about to be garbage-collected. `living` contains every object that
/// could be listed.
pub(super) fn foreign<'a>(objects: &'a [Found], fleet: &str, known: KnownOwners) -> Vec<&'a Found> {
    let with_labels = objects.iter().filter(|found| found.meta.belongs_to(fleet));
    let mut ours: BTreeSet<String> =
        sort(&with_labels.cloned().collect::<Vec<_>>(), KnownOwners { uids: known.uids.clone(), unlisted: known.unlisted.clone() })
            .items
            .into_iter()
            .map(|item| item.uid)
            .collect();
    // CDI does not copy the labels to every PVC.
    let owned = |found: &&Found| found.meta.owners.iter().any(|owner| ours.contains(&owner.uid));
    let pvcs: Vec<_> = objects.iter().filter(owned).map(|pvc| pvc.meta.uid.clone()).collect();
    ours.extend(pvcs);
    let none = BTreeSet::new();
    let garbage = |found: &Found| {
        let owners = &found.meta.owners;
        !owners.is_empty() && owners.iter().all(|owner| state(owner, &none, &known) == OwnerState::Dead)
    };
    objects.iter().filter(|found| !ours.contains(&found.meta.uid) && !garbage(found)).collect()
}

impl Inventory {
    /// The label selector that matches its objects.
    pub(crate) fn selector(&self) -> &str {
        &self.selector
    }

    /// Whether there are no objects.
    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub(super) fn of(&self, kind: Kind) -> impl Iterator<Item = &ObjectRef> {
        self.items.iter().filter(move |item| item.kind == kind)
    }

    /// The objects to delete. The others are garbage-collected with their owners.
    pub(super) fn roots(&self) -> impl Iterator<Item = &ObjectRef> {
        self.items.iter().filter(|item| !has_owner(item.kind) || self.orphans.contains(&item.uid))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn found(kind: Kind, name: &str, owners: &Value) -> Found {
        let labels = json!({"app.kubernetes.io/component": "cpu"});
        let meta = json!({"name": name, "uid": format!("{}-{name}", kind.name()), "labels": labels, "ownerReferences": owners});
        Found { kind, meta: serde_json::from_value(meta).unwrap() }
    }

    fn owner(group: &str, kind: &str, uid: &str) -> Value {
        json!({"apiVersion": format!("{group}/v1"), "kind": kind, "name": "any", "uid": uid})
    }

    fn names(items: &[ObjectRef]) -> Vec<&str> {
        items.iter().map(|item| item.name.as_str()).collect()
    }

    #[test]
    fn a_vm_with_another_owner_is_kept_with_its_objects() {
        let pool = owner("pool.kubevirt.io", "VirtualMachinePool", "uid-pool");
        let all = [
            found(Kind::Vm, "vm", &json!([pool])),
            found(Kind::Secret, "vm-userdata", &json!([])),
            found(Kind::Vmi, "vm", &json!([owner("kubevirt.io", "VirtualMachine", "VirtualMachine-vm")])),
        ];
        let sorted = sort(&all, KnownOwners::default());
        assert_eq!((names(&sorted.kept), sorted.items.len()), (vec!["vm", "vm-userdata"], 0));
    }

    #[test]
    fn an_object_is_an_orphan_only_if_every_owner_is_gone() {
        let vm = |uid: &str| owner("kubevirt.io", "VirtualMachine", uid);
        let known = || KnownOwners { uids: ["alive".to_owned()].into(), unlisted: Vec::new() };
        let decide = |owners: Value| {
            let sorted = sort(&[found(Kind::Vmi, "vm", &owners)], known());
            (sorted.items.len(), sorted.orphans.len())
        };
        assert_eq!(decide(json!([])), (1, 1));
        assert_eq!(decide(json!([vm("dead")])), (1, 1));
        assert_eq!(decide(json!([vm("alive")])), (0, 0));
        assert_eq!(decide(json!([vm("dead"), vm("alive")])), (0, 0));
        assert_eq!(decide(json!([owner("example.com", "VirtualMachine", "dead")])), (0, 0), "of a group that is not looked up");
    }

    #[test]
    fn a_pvc_of_an_unlisted_data_volume_belongs_to_its_vm() {
        let volume = json!([owner("cdi.kubevirt.io", "DataVolume", "uid-volume")]);
        let all = [found(Kind::Vm, "vm", &json!([])), found(Kind::Pvc, "vm-data", &volume), found(Kind::Pvc, "other", &volume)];
        let sorted = sort(&all, KnownOwners { unlisted: vec![Kind::DataVolume], ..KnownOwners::default() });
        assert_eq!((names(&sorted.items), sorted.orphans.len()), (vec!["vm", "vm-data"], 0));
    }
}
