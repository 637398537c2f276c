//! Every name, label, annotation and selector, defined once for all commands.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

/// Value of the labels `app.kubernetes.io/name` and `/managed-by`, and our field manager.
pub(crate) const VIRTWORK: &str = "virtwork";
/// The workload.
pub(crate) const COMPONENT: &str = "app.kubernetes.io/component";
/// The fleet.
pub(crate) const INSTANCE: &str = "app.kubernetes.io/instance";
/// Label: the application.
pub(crate) const NAME: &str = "app.kubernetes.io/name";
/// Label: the tool that manages an object.
pub(crate) const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// The role, for workloads with roles.
pub(crate) const ROLE: &str = "virtwork/role";
/// The index of the VM within its workload and role, from 0.
pub(crate) const INDEX: &str = "virtwork/index";
/// Annotation: hash of the planned object.
pub(crate) const PLAN_HASH: &str = "virtwork/plan";
/// Annotation of the template, and so of the VMI: hash of everything that a VM gets at its start.
pub(crate) const BOOT_HASH: &str = "virtwork/boot";
/// Annotation: the account that `ssh` uses.
pub(crate) const SSH_USER: &str = "virtwork/ssh-user";
/// Annotation of a Namespace that `up` created. In a ProjectRequest the description contains it.
pub(crate) const OWNED: &str = "virtwork/created-by";
/// Label of a pod: the name of its VM (kubevirt/kubevirt `pkg/virt-controller/services/template.go`).
pub(crate) const VM_NAME: &str = "vm.kubevirt.io/name";
/// Label of the pod to which a migration moves a VM (kubevirt/kubevirt `staging/src/kubevirt.io/api/core/v1/types.go`).
pub(crate) const MIGRATION: &str = "kubevirt.io/migrationJobUID";
/// Labels that are read from live objects.
pub(crate) const LABELS: [&str; 7] = [NAME, MANAGED_BY, INSTANCE, COMPONENT, ROLE, VM_NAME, MIGRATION];
/// Annotations that are read from live objects.
pub(crate) const ANNOTATIONS: [&str; 3] = [PLAN_HASH, BOOT_HASH, SSH_USER];
/// The longest VM name: names that KubeVirt and CDI derive from it still fit a label.
pub(crate) const MAX_VM_NAME: usize = 50;

/// Labels of an object.
pub(crate) type Labels = BTreeMap<String, String>;

/// The VMs of one role, or of a workload without roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RoleKey<'a> {
    /// The fleet's name.
    pub fleet: &'a str,
    /// The workload's name.
    pub workload: &'a str,
    /// The role, for workloads with roles.
    pub role: Option<&'a str>,
}

impl RoleKey<'_> {
    /// `virtwork-cpu`, `virtwork-network-server`.
    fn name_prefix(&self) -> String {
        match self.role {
            Some(role) => format!("{}-{}-{role}", self.fleet, self.workload),
            None => format!("{}-{}", self.fleet, self.workload),
        }
    }

    /// `virtwork-cpu-0`, `virtwork-network-server-0`.
    pub(crate) fn vm(&self, index: u32) -> String {
        format!("{}-{index}", self.name_prefix())
    }

    /// `virtwork-cpu-userdata`: one Secret for all VMs of the role.
    pub(crate) fn secret(&self) -> String {
        format!("{}-userdata", self.name_prefix())
    }

    /// Labels of an object of the whole role.
    pub(crate) fn labels(&self) -> Labels {
        let mut labels = fleet_labels(self.fleet);
        labels.insert(COMPONENT.to_owned(), self.workload.to_owned());
        if let Some(role) = self.role {
            labels.insert(ROLE.to_owned(), role.to_owned());
        }
        labels
    }

    /// Labels of one VM and of its own objects.
    pub(crate) fn vm_labels(&self, index: u32) -> Labels {
        let mut labels = self.labels();
        labels.insert(INDEX.to_owned(), index.to_string());
        labels
    }

    /// The Service selector of one VM's pod.
    pub(crate) fn pod_selector(&self, index: u32) -> Labels {
        let mut selector = self.vm_labels(index);
        selector.retain(|key, _| [INSTANCE, COMPONENT, ROLE, INDEX].contains(&key.as_str()));
        selector
    }

    /// `virtwork-iperf3-server`, then `virtwork-iperf3-server-1` and so on.
    pub(crate) fn service(&self, service: &str, index: u32) -> String {
        match index {
            0 => format!("{}-{service}", self.fleet),
            _ => format!("{}-{service}-{index}", self.fleet),
        }
    }
}

/// The DataVolume, and its PVC, of a VM: `virtwork-database-0-data`.
pub(crate) fn data_volume(vm: &str) -> String {
    format!("{vm}-data")
}

/// The labels of every object of a fleet.
pub(crate) fn fleet_labels(fleet: &str) -> Labels {
    [(NAME, VIRTWORK), (INSTANCE, fleet), (MANAGED_BY, VIRTWORK)].map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

/// The label selector of a fleet, or of all fleets if `fleet` is `None`; of some workloads if any are given.
pub(crate) fn selector(fleet: Option<&str>, workloads: &[String]) -> String {
    let mut terms = vec![format!("{NAME}={VIRTWORK}"), format!("{MANAGED_BY}={VIRTWORK}")];
    terms.extend(fleet.map(|fleet| format!("{INSTANCE}={fleet}")));
    if !workloads.is_empty() {
        terms.push(format!("{COMPONENT} in ({})", workloads.join(",")));
    }
    terms.join(",")
}

/// An annotation of an object.
pub(crate) fn annotation<'a>(metadata: &'a ObjectMeta, key: &str) -> Option<&'a str> {
    metadata.annotations.as_ref()?.get(key).map(String::as_str)
}

/// Whether a name is valid wherever it is used: a DNS label that begins with a letter, as Services require, without dots.
pub(crate) fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// Whether an entry of managedFields is ours: that of this program, or of `kubectl apply` with the output of a dry run.
pub(crate) fn is_own_manager(entry: &serde_json::Value) -> bool {
    entry["manager"] == VIRTWORK || !entry["fieldsV1"]["f:metadata"]["f:annotations"][format!("f:{PLAN_HASH}")].is_null()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: RoleKey<'_> = RoleKey { fleet: "virtwork", workload: "network", role: Some("server") };

    #[test]
    fn names() {
        assert_eq!(SERVER.vm(0), "virtwork-network-server-0");
        assert_eq!(SERVER.secret(), "virtwork-network-server-userdata");
        assert_eq!(SERVER.service("iperf3-server", 0), "virtwork-iperf3-server");
        assert_eq!(SERVER.service("iperf3-server", 2), "virtwork-iperf3-server-2");
    }

    #[test]
    fn a_service_selects_exactly_one_machine() {
        let selector = SERVER.pod_selector(1);
        assert_eq!(selector.len(), 4);
        assert!(!SERVER.vm_labels(0).iter().any(|(k, v)| k == INDEX && selector[INDEX] == *v));
    }

    #[test]
    fn selectors() {
        let all = "app.kubernetes.io/name=virtwork,app.kubernetes.io/managed-by=virtwork";
        assert_eq!(selector(None, &[]), all);
        assert_eq!(
            selector(Some("a"), &["cpu".to_owned(), "disk".to_owned()]),
            format!("{all},app.kubernetes.io/instance=a,app.kubernetes.io/component in (cpu,disk)")
        );
    }
}
