//! `diff`: the changes that `up` would make, as `kubectl diff` shows them.

use serde_json::{Value, json};
use similar::TextDiff;

use crate::{
    cluster::apply::planned,
    error::{ClusterError, Error, Result},
    object::{Kind, ObjectName},
};

use super::{
    Context,
    up::{connect_and_plan, find},
};

/// Lines around a change, as in `diff -u`.
const CONTEXT_LINES: usize = 3;
/// Fields that the server sets, and that differ without a change. `kubectl diff` leaves out the first.
const SERVER_FIELDS: [&str; 5] = ["managedFields", "resourceVersion", "uid", "creationTimestamp", "generation"];

/// Runs `diff`. Its errors end with another exit code than a difference.
pub(super) async fn run(context: &Context<'_>) -> Result<()> {
    match compare(context).await {
        Ok(true) => Err(Error::Different),
        Ok(false) => Ok(()),
        Err(error) => Err(Error::Diff(Box::new(error))),
    }
}

/// Prints the differences; whether there are any.
async fn compare(context: &Context<'_>) -> Result<bool> {
    let (fleet, _) = context.config.fleet(None)?;
    let (target, plan) = connect_and_plan(fleet, context).await?;
    let found = find(&target, &plan).await?;
    let mut is_different = false;
    if !found.exists {
        let namespace = ObjectName::new(Kind::Namespace, &plan.namespace);
        is_different |= print(&namespace, None, json!(plan.namespace_object()), context).await?;
    }
    for (object, change) in found.diff.writes(&plan) {
        let (name, object) = (object.object_name(), object.make());
        let live = if change.is_create() { None } else { target.get(object.kind, &object.name).await.map_err(ClusterError::from)? };
        // The server cannot validate objects of a namespace that does not exist.
        let planned = if found.exists { planned(&target, &object).await? } else { object.to_value() };
        is_different |= print(&name, live, planned, context).await?;
    }
    Ok(is_different)
}

/// Prints one object's difference; whether there is one.
async fn print(name: &ObjectName, live: Option<Value>, planned: Value, context: &Context<'_>) -> Result<bool> {
    let (mut live, mut planned) = (live.map(without_server_fields), without_server_fields(planned));
    if name.kind == Kind::Secret {
        mask(live.as_mut(), &mut planned);
    }
    let text = |value: &Value| super::yaml(value);
    let (before, after) = (live.as_ref().map(text).transpose()?.unwrap_or_default(), text(&planned)?);
    if before == after {
        return Ok(false);
    }
    let diff = TextDiff::from_lines(&before, &after);
    let mut unified = diff.unified_diff();
    let (old, new) = (format!("live/{name}"), format!("planned/{name}"));
    context.ui.print(unified.context_radius(CONTEXT_LINES).header(&old, &new).to_string()).await;
    Ok(true)
}

fn without_server_fields(mut object: Value) -> Value {
    if let Some(metadata) = object["metadata"].as_object_mut() {
        SERVER_FIELDS.iter().for_each(|field| drop(metadata.remove(*field)));
    }
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
    }
    object
}

/// Replaces the values of a Secret, as `kubectl diff` does: values that differ can be distinguished, but not read.
fn mask(live: Option<&mut Value>, planned: &mut Value) {
    let after = planned["data"].clone();
    let before = live.as_ref().map(|live| live["data"].clone()).unwrap_or_default();
    hide(planned, &before, "*** (after)");
    if let Some(live) = live {
        hide(live, &after, "*** (before)");
    }
}

/// Replaces each value by `text`, or by another one if it is the same in `other`.
fn hide(secret: &mut Value, other: &Value, text: &str) {
    for (key, value) in secret["data"].as_object_mut().into_iter().flatten() {
        *value = json!(if other[key.as_str()] == *value { "***" } else { text });
    }
}
