# The front door for contributors. `just` lists every recipe; docs/dev/testing.md says which to run for which change.
# just comes from crates.io, or as a ready binary from PyPI: pip install rust-just

set shell := ["bash", "-euo", "pipefail", "-c"]
set quiet
set positional-arguments
set no-exit-message

[private]
default:
    just --justfile {{ justfile() }} --list --unsorted

# create and delete a fleet in the sandbox, a simulated cluster
[group("try")]
demo:
    cargo demo

# start the sandbox and print its KUBECONFIG, or run one command in it
[group("try")]
sandbox *COMMAND:
    if [ $# -gt 0 ]; then cargo sandbox -- "$@"; else cargo sandbox; fi

# all tests that need no cluster; `just test --test up` runs one file
[group("check")]
test *ARGUMENTS:
    cargo test --workspace "$@"

# formatting, clippy, the rules of the architecture, the language
[group("check")]
lint: format rules language clippy

# clippy, without a single warning
[group("check")]
clippy:
    cargo clippy --quiet --workspace --all-targets -- -D warnings

# whether everything is formatted; `cargo fmt --all` does it
[group("check")]
format:
    cargo fmt --all --check

# which module may use which, sizes of files and functions
[group("check")]
rules:
    .ci/rules

# banned phrases and misspellings
[group("check")]
language:
    .ci/language

# licenses and sources of all crates, and banned ones (needs cargo-deny: cargo install cargo-deny)
[group("check")]
deny:
    cargo deny check licenses bans sources

# known vulnerabilities of all crates (needs cargo-deny, and access to their database)
[group("check")]
advisories:
    cargo deny check advisories

# accept changed help, completions, manifests and messages; then read `git diff`
[group("check")]
accept:
    UPDATE_GOLDEN=1 INSTA_UPDATE=always cargo test --quiet --workspace

# files of guests: shellcheck, systemd, cloud-init
[group("guests")]
guest-files:
    .ci/guest-files

# rounds and health checks of workloads, with stand-ins for their tools
[group("guests")]
guest-rounds:
    .ci/guest-rounds

# how guests install packages, with stand-ins for the package managers
[group("guests")]
guest-packages:
    .ci/guest-packages

# boot VMs under QEMU and use them as a user would: cpu, database, together, … (needs root)
[group("guests")]
e2e +NAMES:
    tests/guest/run "$@"

# build etcd, kube-apiserver and kubectl from their Go modules, once
[group("real API server")]
build-kubernetes:
    tests/control-plane/cluster build
    echo "etcd, kube-apiserver, kube-controller-manager and kubectl are built"

# start or stop a real API server on loopback: up, down, stop SERVER, …
[group("real API server")]
control-plane *ARGUMENTS:
    tests/control-plane/cluster "$@"

# the user's main path on a real API server
[group("real API server")]
main-path:
    tests/control-plane/run

# the command tests on a real API server, compared with the sandbox; FILES limits them
[group("real API server")]
conformance *FILES:
    tests/control-plane/conformance "$@"

# 80 faults on a real API server; WORDS limits them, SHARDS=2 uses two servers
[group("real API server")]
reliability *WORDS:
    tests/control-plane/reliability "$@"

# kubectl, oc and virtctl against the sandbox
[group("real API server")]
kubectl:
    tests/sandbox/kubectl

# speed, compared with kubectl on a real API server (an hour and three quarters)
[group("bench")]
bench *ARGUMENTS:
    tests/control-plane/bench "$@"

# how the cost of commands grows with fleet, namespace and time (half an hour)
[group("bench")]
bench-growth *PARTS:
    tests/sandbox/bench "$@"

# the archive of a binary for krew, in DIRECTORY
[group("release")]
package BINARY OS ARCH DIRECTORY:
    krew/package "$@"

# pack a debug binary, validate the manifest, install it with krew
[group("release")]
krew:
    krew/check

# everything that CI runs, on a clean checkout; STEPS limits it
[group("ci")]
ci *STEPS:
    .ci/run "$@"
