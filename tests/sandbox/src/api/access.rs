//! Authentication and authorization.

use std::sync::Mutex;

use serde_json::{Value, json};

use super::{resource::Address, status::Failure};

/// The users by token; the sandbox has a kubeconfig for each.
pub const USERS: [&str; 5] = ["admin", "owner", "member", "nobody", "kubevirt"];

/// Tokens, and permissions that tests take away.
#[derive(Debug, Default)]
pub struct Access {
    denied: Mutex<Vec<(String, String)>>,
}

impl Access {
    /// The user of a bearer token.
    pub fn user(&self, token: &str) -> Option<&'static str> {
        USERS.into_iter().find(|user| token.strip_suffix("-token") == Some(user))
    }

    /// Takes a permission from everyone but KubeVirt: a verb on `RESOURCE` or `RESOURCE/SUBRESOURCE`; `*` is any verb.
    pub fn deny(&self, verb: &str, resource: &str) {
        lock(&self.denied).push((verb.to_owned(), resource.to_owned()));
    }

    /// Restores all permissions.
    pub fn restore_permissions(&self) {
        lock(&self.denied).clear();
    }

    /// Whether a user has a permission.
    ///
    /// `admin` has all; `owner` has all in namespaces and can request projects; `member` has the roles edit and kubevirt.io:edit
    /// everywhere, which lack deletecollection of VMs; `nobody` has none.
    pub fn may(&self, user: &str, verb: &str, address: &Address) -> bool {
        let resource = match &address.subresource {
            Some(subresource) => format!("{}/{}", address.plural, subresource.split('/').next().unwrap_or_default()),
            None => address.plural.clone(),
        };
        let denied = |(denied, what): &(String, String)| (denied == "*" || denied == verb) && *what == resource;
        if user != "kubevirt" && lock(&self.denied).iter().any(denied) {
            return false;
        }
        if address.group == "authorization.k8s.io" {
            return true;
        }
        let reads = ["get", "list", "watch"].contains(&verb);
        let own = address.namespace.is_some() || (address.plural == "namespaces" && address.name.is_some() && verb == "get");
        let project = address.group == "project.openshift.io" && (reads || verb == "create");
        let classes = reads && address.group == "storage.k8s.io";
        // KubeVirt's role kubevirt.io:default, which every user has.
        if address.plural == "kubevirts" && reads && user != "nobody" {
            return true;
        }
        match user {
            "admin" | "kubevirt" => true,
            "owner" => own || project || classes,
            "member" => own && !(verb == "deletecollection" && address.group.ends_with("kubevirt.io")),
            _ => false,
        }
    }

    /// The Forbidden error.
    pub fn refusal(user: &str, verb: &str, address: &Address) -> Failure {
        let resource = match &address.subresource {
            Some(subresource) => format!("{}/{subresource}", address.plural),
            None => address.plural.clone(),
        };
        let qualified = if address.group.is_empty() { address.plural.clone() } else { format!("{}.{}", address.plural, address.group) };
        let name = address.name.as_ref().map(|name| format!(" {name:?}")).unwrap_or_default();
        let place = address
            .namespace
            .as_ref()
            .map_or_else(|| "at the cluster scope".to_owned(), |namespace| format!("in the namespace {namespace:?}"));
        let message = format!(
            "{qualified}{name} is forbidden: User {user:?} cannot {verb} resource {resource:?} in API group {:?} {place}",
            address.group
        );
        let details = json!({"name": address.name.clone().unwrap_or_default(), "group": address.group, "kind": address.plural});
        Failure { details, ..Failure::new(403, "Forbidden", message) }
    }

    /// Responds to a SelfSubjectAccessReview.
    pub fn review(&self, user: &str, review: &Value) -> Value {
        let asked = &review["spec"]["resourceAttributes"];
        let text = |name: &str| asked[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let address = Address {
            group: text("group").unwrap_or_default(),
            version: String::new(),
            plural: text("resource").unwrap_or_default(),
            namespace: text("namespace"),
            name: text("name"),
            subresource: text("subresource"),
        };
        let mut answer = review.clone();
        answer["status"] = json!({"allowed": self.may(user, asked["verb"].as_str().unwrap_or_default(), &address)});
        answer
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
