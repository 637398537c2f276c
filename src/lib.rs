//! `kubectl virtwork`: runs a fleet of KubeVirt VMs under realistic load.
//!
//! The modules in the order of a command: [`cli`] and [`config`] turn arguments into settings, [`plan`] turns settings and the
//! [`catalog`] into [`kubevirt`] objects, [`cluster`] applies and deletes them, [`status`] describes them, [`ui`] prints.

#![deny(unreachable_pub)]
#![deny(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)]

mod catalog;
mod cli;
mod cluster;
mod command;
mod config;
mod error;
mod event;
mod invalid;
mod kubeconfig;
mod kubevirt;
mod live;
mod metadata;
mod object;
mod plan;
mod signals;
mod start;
mod status;
mod ui;
mod yaml;

pub use start::main;

#[cfg(test)]
mod messages;
