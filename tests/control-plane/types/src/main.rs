fn main() {
    println!("{}", serde_json::to_string(&<k8s_crds_kube_virt::virtualmachines::VirtualMachine as kube::CustomResourceExt>::crd()).unwrap());
}
