//! `kubectl virtwork`: a fleet of KubeVirt VMs that really work.
//!
//! The modules in the order of the story: arguments become a [`config::Config`], with the [`catalog`] it becomes a
//! [`plan::Plan`] of [`kubevirt`] objects; the cluster gets and removes them; [`status`] reads them; ui prints.

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
