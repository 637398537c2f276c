//! `status`: shows the fleet, and why any VM is not ready.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    cli::{Status, StatusOutput},
    cluster::{
        Target,
        observe::{self, Observer},
        preflight,
    },
    error::Result,
    event::Notice,
    metadata,
    object::{Kind, ObjectName},
    status::{Cause, PrintableStatus, Reason, VmStatus, age},
    ui::Table,
};

use super::Context;

pub(super) async fn run(arguments: &Status, context: &Context<'_>) -> Result<()> {
    let target = if arguments.all_namespaces { context.connect(false).await? } else { context.target(false).await? };
    let namespace = (!arguments.all_namespaces).then_some(target.namespace.as_str());
    let config = context.config;
    // All fleets, unless one is named.
    let fleet = if arguments.all_namespaces { config.fleet_from_cli() } else { Some(config.settings.common.name.as_str()) };
    let mut selector = metadata::selector(fleet, &[]);
    if let Some(more) = arguments.selector.as_ref().filter(|more| !more.is_empty()) {
        selector = format!("{selector},{more}");
    }
    preflight::require_kubevirt(&target).await?;
    if arguments.watch {
        return watch(&target, &selector, arguments, context).await;
    }
    let rows = observe::once(&target, namespace, &selector).await?;
    print(&rows, namespace, arguments, context).await
}

async fn print(rows: &[VmStatus], namespace: Option<&str>, arguments: &Status, context: &Context<'_>) -> Result<()> {
    let ui = context.ui;
    match arguments.output {
        Some(StatusOutput::Json) => ui.print(json_text(&document(rows)?)).await,
        Some(StatusOutput::Yaml) => ui.print(yaml_text(rows)?).await,
        Some(StatusOutput::Name) => ui.print(names(rows)).await,
        None | Some(StatusOutput::Wide) if rows.is_empty() => {
            ui.notice(Notice::NoResources { namespace: namespace.map(str::to_owned) }).await;
        }
        format => {
            let wide = format == Some(StatusOutput::Wide);
            ui.print(table(rows, namespace.is_none(), wide, !arguments.no_headers).render()).await;
        }
    }
    Ok(())
}

/// Prints each VM, and again each one that changes.
async fn watch(target: &Target, selector: &str, arguments: &Status, context: &Context<'_>) -> Result<()> {
    let namespace = (!arguments.all_namespaces).then_some(target.namespace.as_str());
    let ui = context.ui;
    let mut shown: BTreeMap<(String, String), VmStatus> = BTreeMap::new();
    let mut headers = !arguments.no_headers;
    let key = |row: &VmStatus| (row.namespace.clone(), row.name.clone());
    let mut observer = Observer::new(target, namespace, selector);
    while ui.is_writable() {
        let now = observer.next().await?;
        let changed: Vec<_> = now.iter().filter(|row| shown.get(&key(row)) != Some(row)).cloned().collect();
        let present: BTreeSet<_> = now.iter().map(key).collect();
        let gone = shown.values().filter(|old| !present.contains(&key(old)));
        let gone = gone.map(|old| VmStatus {
            printable: PrintableStatus::Deleted,
            ready: false,
            reason: Some(Reason::new(Cause::Deleted, "")),
            ..old.clone()
        });
        let rows: Vec<_> = changed.into_iter().chain(gone).collect();
        shown = now.into_iter().map(|row| (key(&row), row)).collect();
        if rows.is_empty() {
            continue;
        }
        match arguments.output {
            Some(StatusOutput::Json) => {
                for row in &rows {
                    ui.print(json_text(&document(std::slice::from_ref(row))?)).await;
                }
            }
            Some(StatusOutput::Yaml) => {
                for row in &rows {
                    ui.print(format!("---\n{}", yaml_text(std::slice::from_ref(row))?)).await;
                }
            }
            Some(StatusOutput::Name) => ui.print(names(&rows)).await,
            format => {
                ui.print(table(&rows, namespace.is_none(), format == Some(StatusOutput::Wide), headers).render()).await;
                headers = false;
            }
        }
    }
    Ok(())
}

fn names(rows: &[VmStatus]) -> String {
    rows.iter().map(|row| format!("{}\n", ObjectName::new(Kind::Vm, &row.name))).collect()
}

/// The table of VMs.
pub(super) fn table(rows: &[VmStatus], with_namespace: bool, wide: bool, headers: bool) -> Table {
    let columns = |namespace: &'static str, wide_columns: [&'static str; 3]| {
        let mut names = vec!["NAME", "WORKLOAD", "STATUS", "READY", "AGE"];
        if with_namespace {
            names.insert(0, namespace);
        }
        if wide {
            names.extend(wide_columns);
        }
        names.push("REASON");
        names
    };
    let mut table = if headers { Table::new(&columns("NAMESPACE", ["IP", "NODE", "FLEET"])) } else { Table::new(&[]) };
    let now = Timestamp::now();
    for row in rows {
        let ready = if row.ready { "True" } else { "False" };
        let workload = if row.role.is_empty() { row.workload.clone() } else { format!("{}/{}", row.workload, row.role) };
        let mut cells = vec![row.name.clone(), workload, row.printable.to_string(), ready.to_owned(), age(row.created, now)];
        if with_namespace {
            cells.insert(0, row.namespace.clone());
        }
        if wide {
            cells.extend([row.ip.clone(), row.node.clone(), row.fleet.clone()]);
        }
        cells.push(row.words());
        table.push(cells);
    }
    table
}

/// A VM in `-o json` and `-o yaml`. This format is public, and independent of the internal one.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PrintedVm<'a> {
    namespace: &'a str,
    name: &'a str,
    fleet: &'a str,
    workload: &'a str,
    role: &'a str,
    status: String,
    ready: bool,
    reason: String,
    /// A [`crate::status::Cause`]; empty if there is none.
    cause: &'static str,
    /// Since when, if that is known.
    since: String,
    /// Whether it does not heal without help.
    r#final: bool,
    ip: &'a str,
    node: &'a str,
    created: String,
    ssh_user: &'a str,
}

impl<'a> From<&'a VmStatus> for PrintedVm<'a> {
    fn from(vm: &'a VmStatus) -> Self {
        Self {
            namespace: &vm.namespace,
            name: &vm.name,
            fleet: &vm.fleet,
            workload: &vm.workload,
            role: &vm.role,
            status: vm.printable.to_string(),
            ready: vm.ready,
            reason: vm.words(),
            cause: vm.reason.as_ref().map(|reason| reason.cause.name()).unwrap_or_default(),
            since: vm.reason.as_ref().and_then(|reason| reason.since).map(|since| since.to_string()).unwrap_or_default(),
            r#final: vm.reason.as_ref().is_some_and(|reason| reason.cause.final_after().is_some()),
            ip: &vm.ip,
            node: &vm.node,
            created: vm.created.as_ref().map(ToString::to_string).unwrap_or_default(),
            ssh_user: &vm.ssh_user,
        }
    }
}

fn document(rows: &[VmStatus]) -> Result<Value> {
    let items: Vec<_> = rows.iter().map(PrintedVm::from).collect();
    Ok(json!({"apiVersion": "virtwork/v1", "kind": "FleetStatus", "items": items}))
}

fn yaml_text(rows: &[VmStatus]) -> Result<String> {
    super::yaml(&document(rows)?)
}

/// JSON indented by four, like kubectl's.
pub(super) fn json_text(value: &Value) -> String {
    let mut text = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut text, formatter);
    let _ = serde::Serialize::serialize(value, &mut serializer);
    text.push(b'\n');
    String::from_utf8_lossy(&text).into_owned()
}
