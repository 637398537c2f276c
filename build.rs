//! The catalog is embedded. Cargo must rebuild when a file is added to it, which the compiler does not notice.

fn main() {
    println!("cargo::rerun-if-changed=catalog");
}
