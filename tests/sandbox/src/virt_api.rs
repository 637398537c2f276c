//! What KubeVirt's virt-api does: defaulting and validation of VMs, and the subresources that start, stop and restart them.
//!
//! Sources: kubevirt/kubevirt `pkg/virt-api/webhooks` and `pkg/virt-api/rest/subresource.go`.

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::{
    Aggregated,
    objects::{Admission, Objects, Options, now},
    resource::{Address, Resource},
    status::{Answer, Failure},
};

/// The most bytes of inline user data.
const MAX_USER_DATA: usize = 2048;

/// virt-api.
pub struct VirtApi;

impl Admission for VirtApi {
    fn admit(&self, resource: &Resource, old: Option<&Value>, new: &mut Value) -> Answer<()> {
        match resource.plural.as_str() {
            "virtualmachines" => {
                if old.is_none() {
                    default_machine(new);
                }
                canonicalise(new);
                check(new).map_err(|(field, why)| denied(resource, new, &field, &why))
            }
            "virtualmachineinstances" if old.is_some_and(|old| old["spec"] != new["spec"]) => {
                Err(Failure::new(403, "Forbidden", "update of VMI object is restricted"))
            }
            _ => Ok(()),
        }
    }
}

fn default_machine(machine: &mut Value) {
    let domain = &mut machine["spec"]["template"]["spec"]["domain"];
    for (path, value) in [("uuid", Uuid::new_v4().to_string()), ("serial", Uuid::new_v4().to_string())] {
        if domain["firmware"][path].is_null() {
            domain["firmware"][path] = json!(value);
        }
    }
    if domain["machine"]["type"].is_null() {
        domain["machine"]["type"] = json!("q35");
    }
    let spec = &mut machine["spec"]["template"]["spec"];
    if spec["architecture"].is_null() {
        spec["architecture"] = json!("amd64");
    }
}

/// Normalizes quantities as Go does: 2048Mi becomes 2Gi.
fn canonicalise(machine: &mut Value) {
    let shorter = |value: &mut Value| {
        while let Some((digits, unit)) = value.as_str().and_then(|text| text.split_at_checked(text.len().saturating_sub(2))) {
            let next = match unit {
                "Ki" => "Mi",
                "Mi" => "Gi",
                "Gi" => "Ti",
                _ => break,
            };
            let Some(number) = digits.parse::<u64>().ok().filter(|number| *number > 0 && number % 1024 == 0) else { break };
            *value = json!(format!("{}{next}", number / 1024));
        }
    };
    for path in ["/spec/template/spec/domain/memory/guest", "/spec/template/spec/domain/memory/maxGuest"] {
        machine.pointer_mut(path).map(shorter);
    }
    for template in machine["spec"]["dataVolumeTemplates"].as_array_mut().into_iter().flatten() {
        template.pointer_mut("/spec/storage/resources/requests/storage").map(shorter);
    }
}

/// What KubeVirt rejects and a plan could get wrong: field and reason.
fn check(machine: &Value) -> Result<(), (String, String)> {
    let wrong = |field: &str, why: &str| Err((format!("spec.{field}"), why.to_owned()));
    let spec = &machine["spec"];
    match (spec["runStrategy"].as_str(), spec["running"].is_null()) {
        (None, true) => return wrong("runStrategy", "RunStrategy must be specified"),
        (Some(_), false) => return wrong("running", "Running and RunStrategy are mutually exclusive"),
        _ => {}
    }
    let instance = &spec["template"]["spec"];
    let names = |list: &Value| -> Vec<String> {
        list.as_array().into_iter().flatten().filter_map(|item| item["name"].as_str().map(str::to_owned)).collect()
    };
    let devices = &instance["domain"]["devices"];
    for (items, parts, field) in [
        (&devices["disks"], &instance["volumes"], "template.spec.domain.devices.disks"),
        (&devices["interfaces"], &instance["networks"], "template.spec.domain.devices.interfaces"),
    ] {
        let (items, parts) = (names(items), names(parts));
        let unique: BTreeSet<_> = items.iter().collect();
        if unique.len() != items.len() || unique != parts.iter().collect() {
            return wrong(field, "each must match one volume or network by its name");
        }
    }
    for volume in instance["volumes"].as_array().into_iter().flatten() {
        let cloud_init = &volume["cloudInitNoCloud"];
        if cloud_init["userData"].as_str().is_some_and(|data| data.len() > MAX_USER_DATA) {
            return wrong("template.spec.volumes", "userdata exceeds 2048 byte limit. Should use UserDataSecretRef for larger data.");
        }
    }
    let templates: Vec<_> =
        spec["dataVolumeTemplates"].as_array().into_iter().flatten().map(|template| &template["metadata"]["name"]).collect();
    let used: Vec<_> = instance["volumes"].as_array().into_iter().flatten().map(|volume| &volume["dataVolume"]["name"]).collect();
    if templates.iter().any(|name| !used.contains(name)) {
        return wrong("dataVolumeTemplates", "DataVolumeTemplate entry must be referenced in the VMI template's 'volumes' list");
    }
    Ok(())
}

fn denied(resource: &Resource, machine: &Value, field: &str, why: &str) -> Failure {
    let name = machine["metadata"]["name"].as_str().unwrap_or_default();
    let message = format!("admission webhook \"virtualmachine-validator.kubevirt.io\" denied the request: {field}: {why}");
    Failure { message, ..Failure::invalid(resource, name, field, why) }
}

impl Aggregated for VirtApi {
    fn serve(&self, objects: &Objects, method: &Method, address: &Address, _: &Value) -> Answer<Value> {
        if address.plural == "version" {
            return Ok(json!({"gitVersion": "v1.9.0-sandbox", "gitCommit": "", "gitTreeState": "clean", "major": "1", "minor": "9"}));
        }
        let machines = objects.find("kubevirt.io", "v1", "virtualmachines").expect("asked only where it is served");
        let instances = objects.find("kubevirt.io", "v1", "virtualmachineinstances").expect("served together");
        let (namespace, name) = (address.namespace.as_deref().unwrap_or_default(), address.name.as_deref().unwrap_or_default());
        let machine = objects.get(machines, namespace, name)?;
        let strategy = machine["spec"]["runStrategy"].as_str().unwrap_or_default();
        let instance = objects.get(instances, namespace, name).ok();
        let options = |subresource: Option<&str>| Options {
            manager: "virt-api".to_owned(),
            subresource: subresource.map(str::to_owned),
            ..Options::default()
        };
        match (method, address.subresource.as_deref()) {
            (&Method::PUT, Some("restart")) => {
                let running = instance.filter(|instance| instance["metadata"]["deletionTimestamp"].is_null());
                let running = running.ok_or_else(|| Failure::conflict(machines, name, "VM is not running"))?;
                let uid = running["metadata"]["uid"].clone();
                objects.update(machines, namespace, name, &options(Some("status")), |machine| {
                    let mut machine = machine.clone();
                    machine["status"]["stateChangeRequests"] = json!([{"action": "Stop", "uid": uid}, {"action": "Start"}]);
                    Ok(machine)
                })?;
            }
            (&Method::PUT, Some("stop")) => set_strategy(objects, machines, address, "Halted", &options(None))?,
            (&Method::PUT, Some("start")) if strategy == "Halted" => set_strategy(objects, machines, address, "Always", &options(None))?,
            (&Method::PUT, Some("start")) => {
                return Err(Failure::conflict(machines, name, &format!("{strategy} does not support manual start requests")));
            }
            (_, subresource) => return Err(Failure::unsupported(subresource.unwrap_or("this"))),
        }
        Ok(json!({"kind": "Status", "apiVersion": "v1", "metadata": {"creationTimestamp": now()}, "status": "Success", "code": 202}))
    }
}

fn set_strategy(objects: &Objects, machines: &Resource, address: &Address, strategy: &str, options: &Options) -> Answer<()> {
    let (namespace, name) = (address.namespace.as_deref().unwrap_or_default(), address.name.as_deref().unwrap_or_default());
    objects
        .update(machines, namespace, name, options, |machine| {
            let mut machine = machine.clone();
            machine["spec"]["runStrategy"] = json!(strategy);
            Ok(machine)
        })
        .map(|_| ())
}
