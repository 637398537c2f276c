//! The kinds of objects that this program deals with, and references to single objects.

use std::fmt;

/// A kind of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// `namespaces`
    Namespace,
    /// `virtualmachines.kubevirt.io`
    Vm,
    /// `virtualmachineinstances.kubevirt.io`
    Vmi,
    /// `datavolumes.cdi.kubevirt.io`
    DataVolume,
    /// `secrets`
    Secret,
    /// `services`
    Service,
    /// `persistentvolumeclaims`
    Pvc,
    /// `pods`
    Pod,
    /// `events`
    Event,
}

impl Kind {
    /// Group, version, kind, plural.
    pub(crate) fn names(self) -> (&'static str, &'static str, &'static str, &'static str) {
        match self {
            Self::Namespace => ("", "v1", "Namespace", "namespaces"),
            Self::Vm => ("kubevirt.io", "v1", "VirtualMachine", "virtualmachines"),
            Self::Vmi => ("kubevirt.io", "v1", "VirtualMachineInstance", "virtualmachineinstances"),
            Self::DataVolume => ("cdi.kubevirt.io", "v1beta1", "DataVolume", "datavolumes"),
            Self::Secret => ("", "v1", "Secret", "secrets"),
            Self::Service => ("", "v1", "Service", "services"),
            Self::Pvc => ("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims"),
            Self::Pod => ("", "v1", "Pod", "pods"),
            Self::Event => ("", "v1", "Event", "events"),
        }
    }

    /// `VirtualMachine`, as in owner references.
    pub(crate) fn name(self) -> &'static str {
        self.names().2
    }

    /// The API group, empty for the core group.
    pub(crate) fn group(self) -> &'static str {
        self.names().0
    }

    /// The plural name of the resource: `virtualmachines`.
    pub(crate) fn plural(self) -> &'static str {
        self.names().3
    }

    /// `virtualmachine.kubevirt.io`, as kubectl prints it.
    pub(crate) fn qualified_name(self) -> String {
        match self.names() {
            ("", _, kind, _) => kind.to_lowercase(),
            (group, _, kind, _) => format!("{}.{group}", kind.to_lowercase()),
        }
    }

    /// `virtualmachines.kubevirt.io`, as in permissions.
    pub(crate) fn qualified_plural(self) -> String {
        match self.names() {
            ("", _, _, plural) => plural.to_owned(),
            (group, _, _, plural) => format!("{plural}.{group}"),
        }
    }
}

/// An object by kind and name, within a namespace that the context gives.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ObjectName {
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
}

impl ObjectName {
    /// The object `name` of a kind.
    pub(crate) fn new(kind: Kind, name: impl Into<String>) -> Self {
        Self { kind, name: name.into() }
    }
}

impl fmt::Display for ObjectName {
    /// `virtualmachine.kubevirt.io/virtwork-cpu-0`, as kubectl prints it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.kind.qualified_name(), self.name)
    }
}

/// One particular object. A later object with the same name has another UID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ObjectRef {
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Its UID.
    pub uid: String,
}

impl ObjectRef {
    /// Kind and name.
    pub(crate) fn object_name(&self) -> ObjectName {
        ObjectName::new(self.kind, self.name.clone())
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.kind.qualified_name(), self.name)
    }
}

/// Items as they are printed, with a separator.
pub(crate) fn joined(items: &[impl fmt::Display], separator: &str) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(separator)
}
