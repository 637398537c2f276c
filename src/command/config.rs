//! `config`: the effective settings with their sources, and a config file to start with.

use serde_yaml::Value;

use crate::{
    config::{
        Effective, WorkloadValue,
        setting::Spec,
        settings::{ALL, WORKLOAD_SIZES},
    },
    error::Result,
};

use super::Context;

/// Flags that make no sense in a file.
const NOT_IN_FILES: [&str; 3] = ["config", "set", "workloads"];

/// Prints every setting as YAML, with its source as a comment. The output is a valid config file.
pub(super) async fn view(context: &Context<'_>) -> Result<()> {
    let (settings, workloads) = context.config.effective();
    let mut text: String = settings.iter().filter(|setting| !NOT_IN_FILES.contains(&setting.spec.key)).map(line).collect();
    let named = &context.config.named;
    if !workloads.is_empty() || !named.is_empty() {
        text.push_str("workloads:\n");
    }
    let mut names: Vec<&str> = workloads.iter().map(|value| value.workload.as_str()).chain(named.iter().map(String::as_str)).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        text.push_str(&workload(name, workloads.iter().filter(|value| value.workload == name)));
    }
    context.ui.print(text).await;
    Ok(())
}

fn line(setting: &Effective) -> String {
    let Effective { spec, values, source } = setting;
    if spec.secret {
        return format!("# {} is set  # {source}\n", spec.key);
    }
    let value = match (spec.is_list(), values.as_slice()) {
        (false, [value]) => scalar(value),
        (_, values) => format!("[{}]", values.iter().map(|value| scalar(value)).collect::<Vec<_>>().join(", ")),
    };
    format!("{}: {value}  # {source}\n", spec.key)
}

fn workload<'a>(name: &str, values: impl Iterator<Item = &'a WorkloadValue>) -> String {
    let (mut own, mut parameters) = (String::new(), String::new());
    for WorkloadValue { key, value, source, .. } in values {
        let (text, indent) = if is_own(key) { (&mut own, "    ") } else { (&mut parameters, "      ") };
        text.push_str(&format!("{indent}{key}: {}  # {source}\n", scalar(value)));
    }
    match (own.is_empty(), parameters.is_empty()) {
        (true, true) => format!("  {}: {{}}\n", scalar(name)),
        (_, true) => format!("  {}:\n{own}", scalar(name)),
        (_, false) => format!("  {}:\n{own}    params:\n{parameters}", scalar(name)),
    }
}

/// Whether a key stands beside `params`.
fn is_own(key: &str) -> bool {
    key == "enabled" || WORKLOAD_SIZES.contains(&key)
}

/// A scalar in YAML: numbers and booleans as they are, other text quoted if needed.
fn scalar(text: &str) -> String {
    match serde_yaml::from_str(text) {
        Ok(Value::Number(_) | Value::Bool(_)) => text.to_owned(),
        // JSON's strings are YAML.
        Ok(Value::String(same)) if same == text && !text.contains([',', '[', ']', '{', '}', '#', ':']) => text.to_owned(),
        _ => serde_json::json!(text).to_string(),
    }
}

/// A config file with every setting, commented out.
pub(super) fn template() -> String {
    let mut text = String::from(
        "# Settings of kubectl virtwork. Precedence: flag, VIRTWORK_* variable, this file, default.\n\
         # Remove the # in front of a key to set it.\n",
    );
    let settings = ALL.iter().map(|setting| setting.spec()).filter(|spec| !NOT_IN_FILES.contains(&spec.key) && !spec.secret);
    settings.for_each(|spec| text.push_str(&entry(spec)));
    text.push_str(
        "\n# Workloads to run, with values of their own. Without any, the built-in workloads run.\n\
         # workloads:\n#   database: {vm_count: 2, disk_size: 20Gi, params: {scale: 100}}\n#   cpu: {enabled: false}\n",
    );
    text
}

fn entry(spec: &Spec) -> String {
    let value = match spec.default {
        Some(default) => format!(" {}", scalar(default)),
        None if spec.is_list() => " []".to_owned(),
        None => String::new(),
    };
    format!("\n# {}\n# {}:{value}\n", spec.help, spec.key)
}
