//! The only module that talks to an API server: a reconciler over values. It takes plans and selectors, returns values, and never
//! prints.
//!
//! A step gets a [`Target`]. `up` loads a [`snapshot`], compares it with the plan, runs the [`preflight`], then [`apply`]s and
//! [`wait`]s; `down` lists what is there, [`delete`]s and waits. [`diagnose`] finds out why a VM is not ready.

pub(crate) mod apply;
pub(crate) mod delete;
pub(crate) mod diagnose;
mod guest;
mod inventory;
pub(crate) mod leftovers;
mod list;
pub(crate) mod namespace;
pub(crate) mod observe;
pub(crate) mod permissions;
pub(crate) mod preflight;
mod reflector;
pub(crate) mod restart;
pub(crate) mod snapshot;
mod target;
mod timing;
mod transport;
pub(crate) mod wait;
mod watched;

use kube::api::{ApiResource, GroupVersionKind};

use crate::object::Kind;

pub(crate) use inventory::Inventory;
pub(crate) use list::list_live;
pub(crate) use namespace::NamespaceState;
pub(crate) use target::Target;

/// The API resource of a kind.
fn api_resource(kind: Kind) -> ApiResource {
    let (group, version, name, plural) = kind.names();
    ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, name), plural)
}
