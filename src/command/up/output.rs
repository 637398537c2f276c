//! The objects of the plan, as `-o` prints them.

use serde_json::Value;

use crate::{
    cli::UpOutput,
    error::{Error, Result},
    plan::Plan,
};

use super::super::{Context, status::json_text};

/// Prints the objects as they are sent. Each is made, written and dropped.
pub(super) async fn print(plan: &Plan, format: UpOutput, context: &Context<'_>) -> Result<()> {
    let ui = context.ui;
    if format == UpOutput::Name {
        ui.print(format!("namespace/{}\n", plan.namespace)).await;
        for object in plan.objects() {
            ui.print(format!("{}\n", object.object_name())).await;
        }
        return Ok(());
    }
    let namespace = serde_json::to_value(plan.namespace_object()).map_err(|error| Error::Format(error.into()))?;
    let objects = std::iter::once(namespace).chain(plan.objects().map(|object| object.make().to_value()));
    if format == UpOutput::Yaml {
        for object in objects {
            let text = crate::command::yaml(&object)?;
            ui.print(format!("---\n{text}")).await;
        }
        return Ok(());
    }
    ui.print("{\n    \"apiVersion\": \"v1\",\n    \"items\": [\n").await;
    let mut objects = objects.peekable();
    while let Some(object) = objects.next() {
        let comma = if objects.peek().is_some() { "," } else { "" };
        ui.print(format!("{}{comma}\n", item(&object))).await;
    }
    ui.print("    ],\n    \"kind\": \"List\",\n    \"metadata\": {\n        \"resourceVersion\": \"\"\n    }\n}\n").await;
    Ok(())
}

/// An item of a list, indented like the whole list.
fn item(object: &Value) -> String {
    let text = json_text(object);
    let lines: Vec<_> = text.trim_end().lines().map(|line| format!("        {line}")).collect();
    lines.join("\n")
}
