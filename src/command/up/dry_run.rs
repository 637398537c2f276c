//! `up --dry-run`, and the objects as `-o` prints them.

use serde_json::{Value, json};

use crate::{
    cli::{Up, UpOutput},
    error::{Error, Result},
    event::{Event, Mode, Notice, Outcome},
    object::{Kind, ObjectName},
    plan::{Fleet, Object, Plan},
};

use super::{
    super::{Context, status::json_text},
    connect_and_plan, find, make_plan,
};

/// Prints the objects, and contacts no cluster.
pub async fn on_client(fleet: &Fleet, login: Option<Notice>, arguments: &Up, context: &Context<'_>) -> Result<()> {
    let plan = make_plan(fleet, &context.namespace_offline()?, context)?;
    context.ui.notices(login).await;
    print(&plan, arguments.output.unwrap_or(UpOutput::Yaml), context).await
}

/// Lets the server validate every object.
pub async fn on_server(fleet: Fleet, login: Option<Notice>, arguments: &Up, context: &Context<'_>) -> Result<()> {
    let ui = context.ui;
    let (cluster, fleet, plan) = connect_and_plan(fleet, context).await?;
    ui.notices(login).await;
    cluster.require_storage(&fleet.template, plan.totals.storage, ui.events()).await?;
    let found = find(&cluster, &plan).await?;
    let report = async |object, outcome| {
        ui.events().emit(Event::Applied { object, outcome, mode: Mode::ServerDryRun }).await;
    };
    if !found.exists {
        let as_namespace = cluster.require_namespace_permission(&plan.namespace, &found.namespace).await?;
        cluster.check_namespace_on_server(&plan, as_namespace).await?;
        report(ObjectName::new(Kind::Namespace, &plan.namespace), Outcome::Created).await;
        ui.notice(Notice::NotValidated).await;
        return Ok(());
    }
    let diff = &found.diff;
    cluster.check_on_server(&plan, diff).await?;
    if let Some(format) = arguments.output {
        return print(&plan, format, context).await;
    }
    for (object, change) in plan.objects.iter().zip(&diff.changes) {
        let outcome = if change.is_create() {
            Outcome::Created
        } else if change.is_unchanged() {
            Outcome::Unchanged
        } else {
            Outcome::Configured
        };
        report(ObjectName::new(object.kind, &object.name), outcome).await;
    }
    if arguments.restart {
        for vm in cluster.needs_restart(&plan, diff).await? {
            report(ObjectName::new(Kind::Vm, vm), Outcome::Restarted).await;
        }
    }
    if arguments.prune {
        for found in &diff.extraneous {
            report(found.object.object_name(), Outcome::Pruned).await;
        }
    }
    Ok(())
}

/// Prints the objects if `-o` was given.
pub async fn print_if_asked(plan: &Plan, arguments: &Up, context: &Context<'_>) -> Result<()> {
    match arguments.output {
        Some(format) => print(plan, format, context).await,
        None => Ok(()),
    }
}

/// Prints the objects as they are sent.
async fn print(plan: &Plan, format: UpOutput, context: &Context<'_>) -> Result<()> {
    let ui = context.ui;
    let namespace = serde_json::to_value(plan.namespace_object()).map_err(|error| Error::Format(error.into()))?;
    let objects = std::iter::once(namespace).chain(plan.objects.iter().map(Object::to_value));
    match format {
        UpOutput::Yaml => {
            for object in objects {
                let text = serde_yaml::to_string(&object).map_err(|error| Error::Format(error.into()))?;
                ui.print(format!("---\n{text}")).await;
            }
        }
        UpOutput::Json => {
            let items: Vec<Value> = objects.collect();
            let list = json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": items});
            ui.print(json_text(&list)).await;
        }
        UpOutput::Name => {
            ui.print(format!("namespace/{}\n", plan.namespace)).await;
            for object in &plan.objects {
                ui.print(format!("{}\n", ObjectName::new(object.kind, &object.name))).await;
            }
        }
    }
    Ok(())
}
