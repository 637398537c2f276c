//! `kubectl virtwork`: runs a fleet of KubeVirt VMs under realistic load.
//!
//! The modules in the order of a command: [`cli`] and [`config`] turn arguments into settings, [`plan`] turns settings and the
//! [`catalog`] into [`kubevirt`] objects, [`cluster`] applies and deletes them, [`status`] describes them, [`ui`] prints.

#![deny(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)]

pub mod catalog;
pub mod cli;
pub mod cluster;
pub mod command;
pub mod config;
pub mod error;
pub mod event;
pub mod kubeconfig;
pub mod kubevirt;
pub mod object;
pub mod plan;
pub mod status;
pub mod ui;
