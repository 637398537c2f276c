//! The served resources as data, and the parsing of paths.

use serde::Deserialize;
use serde_yaml::Mapping;

/// A resource that the API server serves.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    pub group: String,
    pub version: String,
    pub plural: String,
    pub kind: String,
    #[serde(default)]
    pub short: Vec<String>,
    #[serde(default)]
    pub categories: Vec<String>,
    #[serde(default = "yes")]
    pub namespaced: bool,
    /// Whether its status is a subresource; a VirtualMachineInstance has none.
    #[serde(default)]
    pub status: bool,
    /// Columns of a table besides the name, in order: heading, path.
    pub columns: Mapping,
    /// Additional columns of `-o wide`.
    #[serde(default)]
    pub wide: Mapping,
}

fn yes() -> bool {
    true
}

impl Resource {
    /// `v1`, `kubevirt.io/v1`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// `pods`, `virtualmachines.kubevirt.io`, as in messages.
    pub fn qualified(&self) -> String {
        if self.group.is_empty() { self.plural.clone() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// Whether it is a custom resource, for which the server has no Go type with patch strategies.
    pub fn is_custom(&self) -> bool {
        self.group.ends_with("kubevirt.io")
    }
}

/// All resources without the groups in `without`.
pub fn resources(without: &[&str]) -> Vec<Resource> {
    let all: Vec<Resource> = serde_yaml::from_str(include_str!("resources.yaml")).expect("our own file");
    all.into_iter().filter(|resource| !without.contains(&resource.group.as_str())).collect()
}

/// The target of a path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Address {
    pub group: String,
    pub version: String,
    pub plural: String,
    pub namespace: Option<String>,
    pub name: Option<String>,
    /// `status`, `log`, `proxy/metrics`.
    pub subresource: Option<String>,
}

impl Address {
    /// Parses `/api/v1/...` or `/apis/GROUP/VERSION/...`; `None` if the path ends before a resource.
    pub fn parse(path: &str) -> Option<Self> {
        let mut parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let (group, version, rest) = match *parts.first()? {
            "api" if parts.len() > 2 => (String::new(), parts[1].to_owned(), parts.split_off(2)),
            "apis" if parts.len() > 3 => (parts[1].to_owned(), parts[2].to_owned(), parts.split_off(3)),
            _ => return None,
        };
        // `namespaces/NAME/status` is the namespace itself, `namespaces/NAME/pods` its pods.
        let inside = rest[0] == "namespaces" && rest.len() > 2 && !(group.is_empty() && ["status", "finalize"].contains(&rest[2]));
        let (namespace, rest) = if inside { (Some(rest[1].to_owned()), &rest[2..]) } else { (None, &rest[..]) };
        let subresource = (rest.len() > 2).then(|| rest[2..].join("/"));
        Some(Self { group, version, plural: rest[0].to_owned(), namespace, name: rest.get(1).map(ToString::to_string), subresource })
    }
}
