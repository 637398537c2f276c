//! What the API server does and the commands depend on. The sandbox must behave like the real one.

mod common;

use common::{VMS, World, eventually};
use serde_json::{Value, json};

const SECRETS: &str = "/api/v1/namespaces/virtwork/secrets";

/// A cluster with the namespace.
fn world() -> World {
    let world = World::new();
    world.api("POST", "/api/v1/namespaces", &json!({"metadata": {"name": "virtwork"}}));
    world
}

fn make(world: &World, name: &str, rest: &Value) -> Value {
    let mut secret = json!({"metadata": {"name": name}});
    secret["metadata"].as_object_mut().unwrap().extend(rest.as_object().cloned().unwrap_or_default());
    world.api("POST", SECRETS, &secret)
}

/// Server-side apply by a manager; `more` is appended to the query.
fn apply(world: &World, collection: &str, manager: &str, more: &str, object: &Value) -> Result<Value, String> {
    let path = format!("{collection}/{}?fieldManager={manager}{more}", object["metadata"]["name"].as_str().unwrap());
    let answer = world.request("PATCH", &path, "application/apply-patch+yaml", object.to_string())?;
    serde_json::from_str(&answer).map_err(|error| error.to_string())
}

fn names(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["metadata"]["name"].as_str().unwrap()).collect()
}

fn get(world: &World, name: &str) -> Option<Value> {
    world.try_api("GET", &format!("{SECRETS}/{name}"), &Value::Null).ok()
}

/// The events of a watch of one second: type, and name or reason.
fn watch(world: &World, collection: &str, version: &str) -> Vec<(String, String)> {
    let path = format!("{collection}?watch=true&timeoutSeconds=1&resourceVersion={version}");
    let text = world.request("GET", &path, "application/json", String::new()).unwrap();
    let events = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    events.map(|event| (word(&event["type"]), word(&event["object"]["metadata"]["name"]) + &word(&event["object"]["reason"]))).collect()
}

#[test]
fn lists_come_in_pages() {
    let world = world();
    let made = ["a", "b", "c", "d", "e"].map(|name| make(&world, name, &json!({}))["metadata"]["resourceVersion"].clone());
    let (mut seen, mut token, mut versions) = (Vec::new(), String::new(), Vec::new());
    for (page, left) in [(vec!["a", "b"], Some(3)), (vec!["c", "d"], Some(1)), (vec!["e"], None)] {
        let list = world.api("GET", &format!("{SECRETS}?limit=2&continue={token}"), &Value::Null);
        assert_eq!(names(&list), page);
        assert_eq!(list["metadata"]["remainingItemCount"].as_u64(), left);
        versions.push(list["metadata"]["resourceVersion"].clone());
        token = list["metadata"]["continue"].as_str().unwrap_or_default().to_owned();
        seen.extend(page);
        // Changes after the first page do not show in the others.
        drop(world.try_api("POST", SECRETS, &json!({"metadata": {"name": "f"}})));
        world.api("PATCH", &format!("{SECRETS}/d"), &json!({"metadata": {"labels": {"page": versions.len().to_string()}}}));
        drop(world.try_api("DELETE", &format!("{SECRETS}/e"), &Value::Null));
        assert!(list["items"].as_array().unwrap().iter().all(|item| made.contains(&item["metadata"]["resourceVersion"])), "{list:#}");
    }
    assert_eq!((seen.len(), token.as_str()), (5, ""));
    assert!(versions.iter().all(|version| *version == versions[0]), "one moment, in pages: {versions:?}");
    let refusal = world.try_api("GET", &format!("{SECRETS}?limit=2&continue=nonsense"), &Value::Null).unwrap_err();
    assert!(refusal.contains("continue key is not valid"), "{refusal}");
}

#[test]
fn a_watch_continues_from_a_list_and_expires() {
    let world = world();
    make(&world, "old", &json!({}));
    let list = world.api("GET", SECRETS, &Value::Null);
    make(&world, "new", &json!({}));
    world.api("PATCH", &format!("{SECRETS}/new"), &json!({"data": {"a": "Yg=="}}));
    world.api("DELETE", &format!("{SECRETS}/new"), &Value::Null);
    let events = watch(&world, SECRETS, list["metadata"]["resourceVersion"].as_str().unwrap());
    let event = |what: &str, name: &str| (what.to_owned(), name.to_owned());
    assert_eq!(events, [event("ADDED", "new"), event("MODIFIED", "new"), event("DELETED", "new")]);
    assert_eq!(watch(&world, SECRETS, "0"), [event("ADDED", "old")]);
    // A version that is too old is refused within the stream. VMs did not exist at version 1.
    assert_eq!(watch(&world, VMS, "1"), [event("ERROR", "Expired")]);
}

#[test]
fn dependents_follow_their_owner() {
    let world = world();
    let owned_by = |owner: &Value| {
        let (name, uid) = (&owner["metadata"]["name"], &owner["metadata"]["uid"]);
        json!({"ownerReferences": [{"apiVersion": "v1", "kind": "Secret", "name": name, "uid": uid, "blockOwnerDeletion": true}]})
    };
    for (policy, stays) in [("Background", false), ("Orphan", true)] {
        let owner = make(&world, "owner", &json!({}));
        make(&world, "dependent", &owned_by(&owner));
        world.api("DELETE", &format!("{SECRETS}/owner"), &json!({"propagationPolicy": policy}));
        eventually("the owner is gone", || get(&world, "owner").is_none());
        if stays {
            let dependent = get(&world, "dependent").unwrap();
            assert!(dependent["metadata"]["ownerReferences"].is_null(), "{dependent:#}");
            world.api("DELETE", &format!("{SECRETS}/dependent"), &Value::Null);
        } else {
            eventually("the dependent is gone", || get(&world, "dependent").is_none());
        }
    }
    // An owner that never existed.
    make(&world, "dependent", &owned_by(&json!({"metadata": {"name": "nobody", "uid": "0d4e0a3e-1b0c-4a57-9d0c-000000000000"}})));
    eventually("the dependent is gone", || get(&world, "dependent").is_none());
}

#[test]
fn managers_own_the_fields_that_they_apply() {
    let world = world();
    let apply = |manager: &str, more: &str, data: Value| {
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "applied"}, "data": data});
        apply(&world, SECRETS, manager, more, &secret)
    };
    let managers = |secret: &Value| {
        let entries = secret["metadata"]["managedFields"].as_array().unwrap().clone();
        let mut list: Vec<_> =
            entries.iter().map(|entry| format!("{} {}", entry["manager"], entry["operation"]).replace('"', "")).collect();
        list.sort();
        list
    };
    let made = apply("one", "", json!({"a": "YQ==", "b": "Yg=="})).unwrap();
    assert_eq!(managers(&made), ["one Apply"]);
    let version = made["metadata"]["resourceVersion"].clone();
    assert_eq!(apply("one", "", json!({"a": "YQ==", "b": "Yg=="})).unwrap()["metadata"]["resourceVersion"], version, "no change, no write");

    let conflict = apply("two", "", json!({"a": "eg=="})).unwrap_err();
    assert!(conflict.contains("Apply failed with 1 conflict: conflict with \"one\": .data.a"), "{conflict}");
    let conflict = apply("two", "", json!({"a": "eg==", "b": "eg=="})).unwrap_err();
    assert!(conflict.contains("Apply failed with 2 conflicts: conflicts with \"one\":\n- .data.a\n- .data.b"), "{conflict}");
    let shared = apply("two", "&force=true", json!({"a": "eg=="})).unwrap();
    assert_eq!(
        (managers(&shared), &shared["data"]),
        (vec!["one Apply".to_owned(), "two Apply".to_owned()], &json!({"a": "eg==", "b": "Yg=="}))
    );

    // A field that only its manager applied is removed; one that another manager applies too is kept.
    assert_eq!(apply("one", "", json!({})).unwrap()["data"], json!({"a": "eg=="}));
    let edited = world.api("PATCH", &format!("{SECRETS}/applied?fieldManager=three"), &json!({"data": {"c": "Yw=="}}));
    assert_eq!(managers(&edited).last().unwrap(), "two Apply");
    assert!(managers(&edited).contains(&"three Update".to_owned()));
    let conflict = apply("one", "", json!({"c": "eg=="})).unwrap_err();
    assert!(conflict.contains("Apply failed with 1 conflict: conflict with \"three\" using v1: .data.c"), "{conflict}");
}

/// For a custom resource.
#[test]
fn managers_own_the_fields_of_vms() {
    let world = world();
    let apply = |manager: &str, spec: Value| {
        let vm = json!({"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "metadata": {"name": "applied"}, "spec": spec});
        apply(&world, VMS, manager, "", &vm)
    };
    let template = json!({"spec": {"nodeSelector": {"a": "b"}, "domain": {"devices": {}, "memory": {"guest": "1Gi"}}}});
    apply("one", json!({"runStrategy": "Halted", "template": template})).unwrap();
    let conflict = apply("two", json!({"runStrategy": "Manual"})).unwrap_err();
    assert!(conflict.contains("Apply failed with 1 conflict: conflict with \"one\": .spec.runStrategy"), "{conflict}");
    let other = json!({"template": {"spec": {"nodeSelector": {"c": "d"}}}});
    let selector = |vm: &Value| vm["spec"]["template"]["spec"]["nodeSelector"].clone();
    assert_eq!(selector(&apply("two", other).unwrap()), json!({"a": "b", "c": "d"}));
    let bare = json!({"spec": {"domain": {"devices": {}, "memory": {"guest": "1Gi"}}}});
    let left = apply("one", json!({"runStrategy": "Halted", "template": bare})).unwrap();
    assert_eq!(selector(&left), json!({"c": "d"}), "what nobody else applies goes");
}

#[test]
fn a_dry_run_stores_nothing() {
    let world = world();
    let secret = json!({"metadata": {"name": "dry"}, "stringData": {"a": "b"}});
    let answer = world.api("POST", &format!("{SECRETS}?dryRun=All"), &secret);
    assert_eq!(answer["data"], json!({"a": "Yg=="}));
    assert!(answer["metadata"]["uid"].is_string());
    assert!(get(&world, "dry").is_none());
    make(&world, "kept", &json!({}));
    world.api("PATCH", &format!("{SECRETS}/kept?dryRun=All"), &json!({"data": {"a": "Yg=="}}));
    world.api("DELETE", &format!("{SECRETS}/kept?dryRun=All"), &Value::Null);
    assert!(get(&world, "kept").unwrap()["data"].is_null());
}

#[test]
fn deletecollection_selects_by_label_and_keeps_held_objects() {
    let world = world();
    let labeled = json!({"labels": {"fleet": "one"}});
    make(&world, "a", &labeled);
    make(&world, "held", &json!({"labels": {"fleet": "one"}, "finalizers": ["example.com/held"]}));
    make(&world, "other", &json!({"labels": {"fleet": "two"}}));
    world.api("DELETE", &format!("{SECRETS}?labelSelector=fleet=one"), &Value::Null);
    assert_eq!(names(&world.api("GET", SECRETS, &Value::Null)), ["held", "other"]);
    assert!(get(&world, "held").unwrap()["metadata"]["deletionTimestamp"].is_string());
    world.api("PATCH", &format!("{SECRETS}/held"), &json!({"metadata": {"finalizers": null}}));
    assert!(get(&world, "held").is_none());
}

#[test]
fn a_terminating_namespace_rejects_objects_and_ends_when_empty() {
    let world = world();
    make(&world, "held", &json!({"finalizers": ["example.com/held"]}));
    make(&world, "other", &json!({}));
    let namespace = world.api("DELETE", "/api/v1/namespaces/virtwork", &Value::Null);
    assert_eq!(namespace["status"]["phase"], "Terminating");
    let refusal = world.try_api("POST", SECRETS, &json!({"metadata": {"name": "late"}})).unwrap_err();
    assert!(refusal.contains("because it is being terminated"), "{refusal}");
    eventually("the rest is gone", || get(&world, "other").is_none());
    assert!(get(&world, "held").is_some());
    world.api("PATCH", &format!("{SECRETS}/held"), &json!({"metadata": {"finalizers": null}}));
    eventually("the namespace is gone", || world.try_api("GET", "/api/v1/namespaces/virtwork", &Value::Null).is_err());
}
