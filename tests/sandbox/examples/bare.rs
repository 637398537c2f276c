//! What a bare loop with kube does, for the benchmark to be measured against; it converges nothing, checks nothing, prints its seconds.
//!   bare create NAMESPACE FILE     posts the objects of a list, 16 at once
//!   bare status NAMESPACE FILE     gives the VMs of a list their status, 16 at once
//!   bare delete NAMESPACE LABELS   deletes collections of VMs, Services and Secrets, and waits until all is gone

use std::{
    env, fs,
    time::{Duration, Instant},
};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use kube::{
    Api, Client,
    api::{ApiResource, DeleteParams, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams, PostParams},
};
use serde_json::{Value, json};

type Failure = Box<dyn std::error::Error + Send + Sync>;

const KINDS: [(&str, &str, &str); 5] = [
    ("kubevirt.io", "v1", "VirtualMachine"),
    ("", "v1", "Service"),
    ("", "v1", "Secret"),
    ("kubevirt.io", "v1", "VirtualMachineInstance"),
    ("cdi.kubevirt.io", "v1beta1", "DataVolume"),
];

fn api(client: &Client, namespace: &str, (group, version, kind): (&str, &str, &str)) -> Api<DynamicObject> {
    Api::namespaced_with(client.clone(), namespace, &ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind)))
}

fn objects(file: &str) -> Result<Vec<Value>, Failure> {
    let mut list: Value = serde_json::from_slice(&fs::read(file)?)?;
    let mut objects: Vec<Value> = serde_json::from_value(list["items"].take())?;
    objects.retain(|object| object["kind"] != "Namespace");
    Ok(objects)
}

async fn create(client: &Client, namespace: &str, file: &str) -> Result<(), Failure> {
    let objects = objects(file)?;
    let posts = stream::iter(&objects).map(|object| async move {
        let kind = KINDS.iter().find(|(_, _, kind)| object["kind"] == *kind).ok_or("a kind of its own")?;
        let object: DynamicObject = serde_json::from_value(object.clone())?;
        api(client, namespace, *kind).create(&PostParams::default(), &object).await?;
        Ok::<_, Failure>(())
    });
    posts.buffer_unordered(16).try_collect::<Vec<_>>().await?;
    Ok(())
}

async fn status(client: &Client, namespace: &str, file: &str) -> Result<(), Failure> {
    let machines = objects(file)?;
    let patches = stream::iter(&machines).map(|machine| async move {
        let (name, patch) = (machine["metadata"]["name"].as_str().ok_or("a VM without a name")?, json!({"status": machine["status"]}));
        api(client, namespace, KINDS[0]).patch_status(name, &PatchParams::default(), &Patch::Merge(patch)).await?;
        Ok::<_, Failure>(())
    });
    patches.buffer_unordered(16).try_collect::<Vec<_>>().await?;
    Ok(())
}

async fn delete(client: &Client, namespace: &str, labels: &str) -> Result<(), Failure> {
    let list = ListParams::default().labels(labels);
    for kind in &KINDS[..3] {
        api(client, namespace, *kind).delete_collection(&DeleteParams::background(), &list).await?;
    }
    for kind in KINDS {
        while !api(client, namespace, kind).list_metadata(&list.clone().limit(1)).await?.items.is_empty() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let words: Vec<_> = env::args().skip(1).collect();
    let client = Client::try_default().await?;
    let begin = Instant::now();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["create", namespace, file] => create(&client, namespace, file).await?,
        ["status", namespace, file] => status(&client, namespace, file).await?,
        ["delete", namespace, labels] => delete(&client, namespace, labels).await?,
        _ => return Err("usage: bare create|status NAMESPACE FILE | bare delete NAMESPACE LABELS".into()),
    }
    println!("{:.3}", begin.elapsed().as_secs_f64());
    Ok(())
}
