//! Discovery: groups, resources, schemas and version.

use serde_json::{Value, json};

use super::resource::Resource;

const VERBS: [&str; 8] = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

/// Responds to a discovery path.
pub fn discover(path: &str, resources: &[Resource]) -> Option<Value> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    match parts[..] {
        ["version"] => Some(json!({"major": "1", "minor": "33", "gitVersion": "v1.33.0-sandbox", "gitCommit": "", "gitTreeState": "clean",
            "buildDate": "2026-01-01T00:00:00Z", "goVersion": "go1.24", "compiler": "gc", "platform": "linux/amd64"})),
        ["api"] => Some(json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []})),
        ["apis"] => Some(groups(resources)),
        ["apis", group] => groups(resources)["groups"].as_array()?.iter().find(|found| found["name"] == group).cloned(),
        ["api", "v1"] => list("", "v1", resources),
        ["apis", group, version] => list(group, version, resources),
        ["openapi", "v3"] => Some(schemas(resources)),
        ["openapi", "v3", "api", "v1"] => Some(schema("", "v1", resources)),
        ["openapi", "v3", "apis", group, version] => Some(schema(group, version, resources)),
        _ => None,
    }
}

fn group_versions(resources: &[Resource]) -> Vec<(String, String)> {
    let mut found: Vec<_> = resources.iter().map(|resource| (resource.group.clone(), resource.version.clone())).collect();
    if resources.iter().any(|resource| resource.group == "kubevirt.io") {
        found.push(("subresources.kubevirt.io".to_owned(), "v1".to_owned()));
    }
    found.sort();
    found.dedup();
    found
}

fn groups(resources: &[Resource]) -> Value {
    let groups = group_versions(resources).into_iter().filter(|(group, _)| !group.is_empty()).map(|(group, version)| {
        let version = json!({"groupVersion": format!("{group}/{version}"), "version": version});
        json!({"name": group, "versions": [version], "preferredVersion": version})
    });
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups.collect::<Vec<_>>()})
}

fn list(group: &str, version: &str, resources: &[Resource]) -> Option<Value> {
    group_versions(resources).into_iter().find(|(g, v)| g == group && v == version)?;
    let mut entries = Vec::new();
    for resource in resources.iter().filter(|resource| resource.group == group && resource.version == version) {
        let verbs: Vec<_> = if resource.plural.starts_with("selfsubject") { vec!["create"] } else { VERBS.to_vec() };
        entries.push(json!({"name": resource.plural, "singularName": resource.kind.to_lowercase(), "namespaced": resource.namespaced,
            "kind": resource.kind, "verbs": verbs, "shortNames": resource.short, "categories": resource.categories}));
        let mut subresources = if resource.status { vec![("status", "get patch update")] } else { vec![] };
        if resource.plural == "pods" {
            subresources.extend([("binding", "create"), ("log", "get"), ("proxy", "get")]);
        }
        for (name, verbs) in subresources {
            entries.push(json!({"name": format!("{}/{name}", resource.plural), "singularName": "", "namespaced": resource.namespaced,
                "kind": resource.kind, "verbs": verbs.split(' ').collect::<Vec<_>>()}));
        }
    }
    if group == "subresources.kubevirt.io" {
        for verb in ["restart", "start", "stop"] {
            entries.push(json!({"name": format!("virtualmachines/{verb}"), "singularName": "", "namespaced": true, "kind": "VirtualMachine", "verbs": ["update"]}));
        }
    }
    let group_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    Some(json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": entries}))
}

fn schemas(resources: &[Resource]) -> Value {
    let paths = group_versions(resources).into_iter().map(|(group, version)| {
        let path = if group.is_empty() { format!("api/{version}") } else { format!("apis/{group}/{version}") };
        let url = format!("/openapi/v3/{path}");
        (path, json!({"serverRelativeURL": url}))
    });
    json!({"paths": paths.collect::<serde_json::Map<_, _>>()})
}

/// As much of a schema as kubectl needs to know that the server validates fields and supports dry runs.
fn schema(group: &str, version: &str, resources: &[Resource]) -> Value {
    let parameter = |name: &str| json!({"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": true}});
    let parameters: Vec<_> = ["dryRun", "fieldManager", "fieldValidation", "force"].map(parameter).into();
    let (mut paths, mut types) = (serde_json::Map::new(), serde_json::Map::new());
    for resource in resources.iter().filter(|resource| resource.group == group && resource.version == version) {
        let root = if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") };
        let scope = if resource.namespaced { "/namespaces/{namespace}" } else { "" };
        let kind = json!([{"group": group, "version": version, "kind": resource.kind}]);
        let operation = |action: &str| json!({"parameters": parameters, "responses": {}, "x-kubernetes-action": action, "x-kubernetes-group-version-kind": kind[0]});
        paths.insert(format!("{root}{scope}/{}", resource.plural), json!({"post": operation("post")}));
        paths.insert(format!("{root}{scope}/{}/{{name}}", resource.plural), json!({"patch": operation("patch"), "put": operation("put")}));
        let name = format!("sandbox.{version}.{}", resource.kind);
        types
            .insert(name, json!({"type": "object", "x-kubernetes-group-version-kind": kind, "x-kubernetes-preserve-unknown-fields": true}));
    }
    json!({"openapi": "3.0.0", "info": {"title": "sandbox", "version": version}, "paths": paths, "components": {"schemas": types}})
}
