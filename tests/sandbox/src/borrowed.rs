//! A real cluster that tests borrow. They find it empty, with the test users and their permissions, and leave it as it was.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use k8s_openapi::api::{
    authorization::v1::{ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec},
    core::v1::{Namespace, Node},
    rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, RoleRef, Subject},
};
use kube::{
    Api, Client, Config,
    api::{ApiResource, DeleteParams, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams, PostParams},
    config::{KubeConfigOptions, Kubeconfig},
};
use serde_json::{Value, json};

use crate::{Settings, api::resource, nodes::NODES};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// If set, tests may empty a cluster with running VMs.
const CONSENT: &str = "EMPTY_CLUSTER_UNDER_TEST";
/// The time limit of cleaning, ten times what it takes.
const PATIENCE: Duration = Duration::from_secs(120);
/// The test users with roles of the cluster, and additional permissions.
const ROLES: [(&str, &str); 3] = [("admin", "cluster-admin"), ("owner", "admin"), ("member", "edit")];
const VERBS: [&str; 8] = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];
/// Everything that a fleet or a test leaves in namespaces, VMs first: group, version, kind, plural.
const KINDS: [(&str, &str, &str, &str); 11] = [
    ("kubevirt.io", "v1", "VirtualMachine", "virtualmachines"),
    ("kubevirt.io", "v1", "VirtualMachineInstance", "virtualmachineinstances"),
    ("cdi.kubevirt.io", "v1beta1", "DataVolume", "datavolumes"),
    ("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims"),
    ("", "v1", "Pod", "pods"),
    ("", "v1", "Secret", "secrets"),
    ("", "v1", "Service", "services"),
    ("", "v1", "ConfigMap", "configmaps"),
    ("", "v1", "ResourceQuota", "resourcequotas"),
    ("", "v1", "LimitRange", "limitranges"),
    ("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings"),
];

/// The cluster.
pub struct Borrowed {
    pub root: Client,
    pub kubeconfig: PathBuf,
    /// Whether the test plays its nodes: it is only a control plane.
    pub imitated: bool,
}

impl Borrowed {
    /// # Errors
    /// If the kubeconfig file of an administrator cannot be used, or the cluster has nodes.
    pub async fn new(kubeconfig: &Path) -> Result<Self, Failure> {
        let root = crate::client(kubeconfig).await?;
        let nodes = Api::<Node>::all(root.clone()).list(&ListParams::default()).await?;
        let imitated = nodes.items.iter().all(|node| NODES.contains(&node.metadata.name.as_deref().unwrap_or_default()));
        if !imitated && std::env::var_os(CONSENT).is_none() {
            return Err(
                format!("tests empty the cluster of {}, which has nodes of its own; {CONSENT}=1 allows it", kubeconfig.display()).into()
            );
        }
        Ok(Self { root, kubeconfig: kubeconfig.to_owned(), imitated })
    }

    /// A client without credentials: those of each request are used.
    ///
    /// # Errors
    /// The kubeconfig file cannot be used.
    pub async fn anonymous(&self) -> Result<Client, Failure> {
        let mut kubeconfig = Kubeconfig::read_from(&self.kubeconfig)?;
        kubeconfig.auth_infos.iter_mut().for_each(|user| user.auth_info = Some(Default::default()));
        self.configured(kubeconfig).await
    }

    /// A client for writes of KubeVirt's own account; its webhooks drop status writes of others.
    ///
    /// # Errors
    /// The kubeconfig file cannot be used.
    pub async fn kubevirt(&self) -> Result<Client, Failure> {
        let mut kubeconfig = Kubeconfig::read_from(&self.kubeconfig)?;
        for user in &mut kubeconfig.auth_infos {
            let user = user.auth_info.get_or_insert_default();
            user.impersonate = Some("system:serviceaccount:kubevirt:kubevirt-controller".to_owned());
            user.impersonate_groups = Some(vec!["system:masters".to_owned()]);
        }
        self.configured(kubeconfig).await
    }

    async fn configured(&self, kubeconfig: Kubeconfig) -> Result<Client, Failure> {
        let mut config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
        // A watch may be silent without a limit.
        config.read_timeout = None;
        Ok(Client::try_from(config)?)
    }

    /// Whether it accepts the tokens of the test users.
    pub async fn knows_tokens(&self, anonymous: &Client) -> bool {
        let request = http::Request::post("/apis/authentication.k8s.io/v1/selfsubjectreviews")
            .header("content-type", "application/json")
            .header("authorization", "Bearer nobody-token")
            .body(br#"{"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}"#.to_vec());
        match request {
            Ok(request) => anonymous.request::<Value>(request).await.is_ok(),
            Err(_) => false,
        }
    }

    /// Prepares the cluster for a test.
    ///
    /// # Errors
    /// The server's error, or objects that are not deleted in time.
    pub async fn prepare(&self, settings: &Settings) -> Result<(), Failure> {
        self.clean().await?;
        self.storage(settings.storage).await?;
        self.give_rights().await
    }

    /// Grants the test users all their permissions.
    ///
    /// # Errors
    /// The server's error.
    pub async fn give_rights(&self) -> Result<(), Failure> {
        for (user, role) in ROLES {
            let role = Api::<ClusterRole>::all(self.root.clone()).get(role).await?;
            let mut rules = role.rules.unwrap_or_default();
            if user == "owner" {
                rules.push(rule(&["storage.k8s.io"], &["storageclasses"], &["get", "list", "watch"]));
                rules.push(rule(&["project.openshift.io"], &["projectrequests"], &["create"]));
            }
            self.bind(user, rules).await?;
            for right in [("get", "", "secrets"), ("create", "kubevirt.io", "virtualmachines")] {
                self.until(user, right, true).await?;
            }
        }
        Ok(())
    }

    /// Restores the cluster.
    ///
    /// # Errors
    /// The server's error, or objects that are not deleted in time.
    pub async fn restore(&self) -> Result<(), Failure> {
        for (user, _) in ROLES {
            let name = role_name(user);
            let parameters = DeleteParams::default();
            drop(Api::<ClusterRoleBinding>::all(self.root.clone()).delete(&name, &parameters).await);
            drop(Api::<ClusterRole>::all(self.root.clone()).delete(&name, &parameters).await);
        }
        self.storage(true).await?;
        self.clean().await
    }

    async fn bind(&self, user: &str, rules: Vec<PolicyRule>) -> Result<(), Failure> {
        let name = role_name(user);
        let parameters = PatchParams::apply("sandbox").force();
        let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": name}, "rules": rules});
        Api::<ClusterRole>::all(self.root.clone()).patch(&name, &parameters, &Patch::Apply(&role)).await?;
        let api: Api<ClusterRoleBinding> = Api::all(self.root.clone());
        let mut binding = ClusterRoleBinding {
            role_ref: RoleRef { api_group: "rbac.authorization.k8s.io".to_owned(), kind: "ClusterRole".to_owned(), name: name.clone() },
            subjects: Some(vec![Subject {
                api_group: Some("rbac.authorization.k8s.io".to_owned()),
                kind: "User".to_owned(),
                name: user.to_owned(),
                namespace: None,
            }]),
            ..ClusterRoleBinding::default()
        };
        binding.metadata.name = Some(name);
        match api.create(&PostParams::default(), &binding).await {
            Err(kube::Error::Api(status)) if status.code == 409 => Ok(()),
            result => Ok(result.map(|_| ())?),
        }
    }

    /// Takes a verb (`*`: all) on `RESOURCE[/SUBRESOURCE]` from all test users.
    ///
    /// # Errors
    /// The server's error.
    pub async fn deny(&self, verb: &str, resource: &str) -> Result<(), Failure> {
        let group = group_of(resource);
        let groups = self.root.list_api_groups().await?.groups.into_iter().map(|group| group.name);
        let groups: Vec<String> = groups.chain([String::new()]).collect();
        let resources = self.resources(&group).await?;
        for (user, _) in ROLES {
            let role = Api::<ClusterRole>::all(self.root.clone()).get(&role_name(user)).await?;
            let mut rules = Vec::new();
            for rule in role.rules.unwrap_or_default() {
                without(&rule, verb, (&group, resource), (&groups, &resources), &mut rules);
            }
            self.bind(user, rules).await?;
            let verb = if verb == "*" { "get" } else { verb };
            self.until(user, (verb, &group, resource), false).await?;
        }
        Ok(())
    }

    async fn resources(&self, group: &str) -> Result<Vec<String>, Failure> {
        let list = if group.is_empty() {
            self.root.list_core_api_resources("v1").await?
        } else {
            let version = KINDS.iter().find(|(of, ..)| *of == group).map_or("v1", |(_, version, ..)| version);
            self.root.list_api_group_resources(&format!("{group}/{version}")).await?
        };
        Ok(list.resources.into_iter().map(|resource| resource.name).collect())
    }

    /// Waits until the authorizer has seen a change of permissions.
    async fn until(&self, user: &str, (verb, group, resource): (&str, &str, &str), allowed: bool) -> Result<(), Failure> {
        let (resource, subresource) = resource.split_once('/').map_or((resource, None), |(resource, sub)| (resource, Some(sub.to_owned())));
        let review = SubjectAccessReview {
            spec: SubjectAccessReviewSpec {
                user: Some(user.to_owned()),
                resource_attributes: Some(ResourceAttributes {
                    namespace: Some("default".to_owned()),
                    verb: Some(verb.to_owned()),
                    group: Some(group.to_owned()),
                    resource: Some(resource.to_owned()),
                    subresource,
                    ..ResourceAttributes::default()
                }),
                ..SubjectAccessReviewSpec::default()
            },
            ..SubjectAccessReview::default()
        };
        let api: Api<SubjectAccessReview> = Api::all(self.root.clone());
        let begin = Instant::now();
        loop {
            let answer = api.create(&PostParams::default(), &review).await?;
            if answer.status.is_some_and(|status| status.allowed == allowed) {
                return Ok(());
            }
            if begin.elapsed() > PATIENCE {
                return Err(format!("{user}: the right to {verb} {resource} does not become {allowed}").into());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn storage(&self, there: bool) -> Result<(), Failure> {
        if !self.imitated {
            // Keeps the cluster's own StorageClasses.
            return if there { Ok(()) } else { Err("this test needs a cluster without storage classes".into()) };
        }
        let marks =
            json!({"storageclass.kubernetes.io/is-default-class": "true", "storageclass.kubevirt.io/is-default-virt-class": "true"});
        let class = json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "provisioner": "sandbox",
            "metadata": {"name": "standard", "annotations": marks}});
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("storage.k8s.io", "v1", "StorageClass"));
        let api: Api<DynamicObject> = Api::all_with(self.root.clone(), &resource);
        let found = api.get_opt("standard").await?;
        match (found.is_some(), there) {
            (false, true) => drop(api.create(&PostParams::default(), &serde_json::from_value(class)?).await?),
            (true, false) => drop(api.delete("standard", &DeleteParams::default()).await?),
            _ => {}
        }
        Ok(())
    }

    /// Deletes everything that tests create, including objects that finalizers hold.
    async fn clean(&self) -> Result<(), Failure> {
        let begin = Instant::now();
        self.remove_webhooks().await;
        loop {
            let mut left = Vec::new();
            for kind in KINDS {
                left.extend(self.remove(kind).await?);
            }
            let namespaces: Api<Namespace> = Api::all(self.root.clone());
            for namespace in namespaces.list(&ListParams::default()).await?.items {
                let name = namespace.metadata.name.unwrap_or_default();
                if is_own(&name) {
                    continue;
                }
                if !self.imitated || left.iter().all(|what: &String| what.starts_with("namespaces/")) {
                    if self.imitated && namespace.metadata.deletion_timestamp.is_none() {
                        self.release(&name).await;
                    }
                    drop(namespaces.delete(&name, &DeleteParams::default()).await);
                }
                left.push(format!("namespaces/{name}"));
            }
            if left.is_empty() {
                return Ok(());
            }
            if begin.elapsed() > PATIENCE {
                return Err(format!("still there: {}", left.join(", ")).into());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Finalizes an empty namespace. The namespace controller would wait five seconds for other API servers. If it were finalized
    /// while that controller empties it, a new namespace of the same name would be emptied too, so a terminating one is left to the
    /// controller.
    async fn release(&self, name: &str) {
        let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}, "spec": {"finalizers": []}});
        let request = http::Request::put(format!("/api/v1/namespaces/{name}/finalize")).header("content-type", "application/json");
        if let Ok(request) = request.body(body.to_string().into_bytes()) {
            drop(self.root.request_text(request).await);
        }
    }

    async fn remove_webhooks(&self) {
        for kind in ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"] {
            let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("admissionregistration.k8s.io", "v1", kind));
            let api: Api<DynamicObject> = Api::all_with(self.root.clone(), &resource);
            drop(api.delete("sandbox", &DeleteParams::default()).await);
        }
    }

    async fn remove(&self, (group, version, kind, plural): (&str, &str, &str, &str)) -> Result<Vec<String>, Failure> {
        let resource = ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, kind), plural);
        let all: Api<DynamicObject> = Api::all_with(self.root.clone(), &resource);
        let mut left = Vec::new();
        for object in all.list_metadata(&ListParams::default()).await?.items {
            let (name, namespace) = (object.metadata.name.unwrap_or_default(), object.metadata.namespace.unwrap_or_default());
            let automatic = [("services", "kubernetes"), ("configmaps", "kube-root-ca.crt"), ("configmaps", "openshift-service-ca.crt")];
            if (is_own(&namespace) && namespace != "default") || automatic.contains(&(plural, name.as_str())) {
                continue;
            }
            let api: Api<DynamicObject> = Api::namespaced_with(self.root.clone(), &namespace, &resource);
            let alien = |finalizer: &String| finalizer.starts_with("example.com/");
            if object.metadata.finalizers.as_ref().is_some_and(|finalizers| finalizers.iter().any(alien)) {
                let kept: Vec<_> = object.metadata.finalizers.into_iter().flatten().filter(|finalizer| !alien(finalizer)).collect();
                drop(api.patch(&name, &PatchParams::default(), &Patch::Merge(json!({"metadata": {"finalizers": kept}}))).await);
            }
            if object.metadata.deletion_timestamp.is_none() {
                drop(api.delete(&name, &DeleteParams::background()).await);
            }
            left.push(format!("{plural}/{name}"));
        }
        Ok(left)
    }
}

fn role_name(user: &str) -> String {
    format!("sandbox:{user}")
}

/// Whether a namespace belongs to the cluster itself.
pub fn is_own(namespace: &str) -> bool {
    ["default", "kubevirt", "cdi"].contains(&namespace) || namespace.starts_with("kube-") || namespace.starts_with("openshift")
}

fn group_of(resource: &str) -> String {
    let (plural, subresource) = resource.split_once('/').map_or((resource, None), |(plural, sub)| (plural, Some(sub)));
    if plural == "virtualmachines" && subresource.is_some() {
        return "subresources.kubevirt.io".to_owned();
    }
    let all = resource::resources(&[]);
    all.into_iter().find(|resource| resource.plural == plural).map(|resource| resource.group).unwrap_or_default()
}

fn rule(groups: &[&str], resources: &[&str], verbs: &[&str]) -> PolicyRule {
    let texts = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    PolicyRule { api_groups: Some(texts(groups)), resources: Some(texts(resources)), verbs: texts(verbs), ..PolicyRule::default() }
}

/// A rule without a verb on a resource. `groups` and `resources` (of the group) are what `*` stands for.
fn without(
    rule: &PolicyRule,
    verb: &str,
    (group, resource): (&str, &str),
    (groups, resources): (&[String], &[String]),
    left: &mut Vec<PolicyRule>,
) {
    let all = |list: &[String], everything: &[String]| if list.contains(&"*".to_owned()) { everything.to_vec() } else { list.to_vec() };
    let rule_groups = all(rule.api_groups.as_deref().unwrap_or_default(), groups);
    let rule_resources = rule.resources.as_deref().unwrap_or_default();
    let touched = rule_groups.iter().any(|of| of == group) && rule_resources.iter().any(|name| name == resource || name == "*");
    if !touched || rule.resource_names.is_some() {
        left.push(rule.clone());
        return;
    }
    let other_groups: Vec<_> = rule_groups.into_iter().filter(|of| of != group).collect();
    let other_resources: Vec<_> = all(rule_resources, resources).into_iter().filter(|name| name != resource).collect();
    let verbs = all(&rule.verbs, &VERBS.map(str::to_owned));
    let other_verbs: Vec<_> = verbs.into_iter().filter(|other| verb != "*" && other != verb).collect();
    if !other_groups.is_empty() {
        left.push(PolicyRule { api_groups: Some(other_groups), ..rule.clone() });
    }
    let of_group = PolicyRule { api_groups: Some(vec![group.to_owned()]), ..rule.clone() };
    if !other_resources.is_empty() {
        left.push(PolicyRule { resources: Some(other_resources), ..of_group.clone() });
    }
    if !other_verbs.is_empty() {
        left.push(PolicyRule { resources: Some(vec![resource.to_owned()]), verbs: other_verbs, ..of_group });
    }
}
