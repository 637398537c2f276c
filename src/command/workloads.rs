//! `workloads`: shows the catalog.

use crate::{
    catalog::{Catalog, Workload},
    cli::Workloads,
    config::suggest,
    error::{Error, Result},
    plan::UserData,
    ui::Table,
};

use super::Context;

pub(super) async fn run(arguments: &Workloads, context: &Context<'_>) -> Result<()> {
    let catalog = &context.config.catalog;
    let Some(name) = &arguments.workload else {
        context.ui.print(overview(catalog).render()).await;
        return Ok(());
    };
    let workload = catalog.workloads.get(name).ok_or_else(|| unknown(name, catalog))?;
    match &arguments.user_data {
        Some(role) => user_data(workload, role.as_deref(), context).await,
        None => {
            context.ui.print(details(workload)).await;
            Ok(())
        }
    }
}

fn unknown(name: &str, catalog: &Catalog) -> Error {
    let names = catalog.names();
    let near = suggest(name, &names).map(str::to_owned);
    Error::UnknownWorkload { name: name.to_owned(), near, known: names.into_iter().map(str::to_owned).collect() }
}

fn vms(workload: &Workload) -> String {
    let roles: Vec<_> = workload.vms.iter().filter_map(|(role, _)| role.as_deref()).collect();
    if roles.is_empty() { "1".to_owned() } else { format!("{} ({})", roles.len(), roles.join(", ")) }
}

fn overview(catalog: &Catalog) -> Table {
    let mut table = Table::new(&["NAME", "VMS", "DATA DISK", "DEFAULT", "DESCRIPTION"]);
    for workload in catalog.workloads.values() {
        let disk = workload.disk.as_ref().map_or_else(String::new, |disk| disk.size.clone());
        let default = if workload.default { "yes" } else { "no" };
        table.push(vec![workload.name.clone(), vms(workload), disk, default.to_owned(), workload.description.clone()]);
    }
    table
}

fn details(workload: &Workload) -> String {
    let mut text = format!("{}: {}\n\nVMs: {}\n", workload.name, workload.description, vms(workload));
    if let Some(disk) = &workload.disk {
        text.push_str(&format!("Data disk: {} ({} at least)\n", disk.size, disk.minimum));
    }
    let tools: Vec<_> = workload.packages.iter().map(|package| package.dnf.as_str()).collect();
    text.push_str(&format!("Packages: {}\n\n", tools.join(", ")));
    let mut table = Table::new(&["PARAMETER", "DEFAULT", "VALUE", "DESCRIPTION"]);
    for (name, parameter) in &workload.parameters {
        table.push(vec![name.clone(), parameter.default(), parameter.expected(), parameter.description.clone()]);
    }
    text + &table.render()
}

/// Prints the user data that guests get with these settings.
async fn user_data(workload: &Workload, role: Option<&str>, context: &Context<'_>) -> Result<()> {
    let roles: Vec<_> = workload.vms.iter().filter_map(|(role, _)| role.as_deref()).collect();
    let vm = match (role, roles.as_slice()) {
        (None, []) => workload.vms.first(),
        (Some(role), roles) if roles.contains(&role) => workload.vms.iter().find(|(name, _)| name.as_deref() == Some(role)),
        (Some(role), []) => return Err(Error::NoRoles { workload: workload.name.clone(), role: role.to_owned() }),
        (_, roles) => {
            let roles = roles.iter().map(|role| (*role).to_owned()).collect();
            return Err(Error::RoleRequired { workload: workload.name.clone(), roles });
        }
    };
    let Some((_, vm)) = vm else { return Ok(()) };
    let (fleet, selected) = context.config.fleet_of(workload)?;
    let namespace = context.namespace_offline()?;
    let catalog = &context.config.catalog;
    context.ui.print(UserData { fleet: &fleet, namespace: &namespace, catalog, workload, selected: &selected, vm }.text()).await;
    Ok(())
}
