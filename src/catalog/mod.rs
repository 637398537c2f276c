//! The catalog: every workload is a directory of data, both the built-in ones and those of `--catalog DIR`.

mod error;
mod parameter;
mod workload;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use include_dir::{Dir, include_dir};

pub(crate) use error::{CatalogError, CatalogProblem};
pub(crate) use parameter::Parameter;
pub(crate) use workload::{DataDisk, Health, Package, Port, VmRole, Workload};

static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/catalog");
const COMMON: &str = "common";
const MANIFEST: &str = "workload.yaml";

/// A file for guests. Its path in the catalog is its path in the guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GuestFile {
    /// Absolute path in the guest.
    pub path: String,
    /// The content, never templated.
    pub content: String,
}

impl GuestFile {
    /// Permissions in cloud-init's notation. Programs are recognized by their first line, because embedded files have no mode.
    pub(crate) fn permissions(&self) -> &'static str {
        if self.content.starts_with("#!") { "0755" } else { "0644" }
    }
}

/// All workloads, and the files that every guest gets.
#[derive(Debug, Clone)]
pub(crate) struct Catalog {
    /// By name.
    pub workloads: BTreeMap<String, Workload>,
    /// Setup, data disk and health: for every guest.
    pub common: Vec<GuestFile>,
}

/// The files of one workload by their path, and the directory for error messages.
struct Directory {
    place: String,
    files: BTreeMap<String, String>,
}

impl Directory {
    fn guest(&self) -> Vec<GuestFile> {
        let files = self.files.iter().filter_map(|(path, content)| Some((path.strip_prefix("guest")?, content)));
        files.map(|(path, content)| GuestFile { path: path.to_owned(), content: content.clone() }).collect()
    }
}

impl Catalog {
    /// The built-in catalog and the directories in `extra`.
    ///
    /// # Errors
    /// When a directory cannot be read, a `workload.yaml` is invalid, or a name in `extra` is taken.
    pub(crate) fn load(extra: Option<&Path>) -> Result<Self, CatalogError> {
        let mut catalog = Self { workloads: BTreeMap::new(), common: Vec::new() };
        for directory in BUILT_IN.dirs() {
            let name = directory.path().to_string_lossy().into_owned();
            let mut files = BTreeMap::new();
            embedded_files(directory, directory.path(), &mut files);
            catalog.add(&name, &Directory { place: format!("built-in catalog, {name}"), files })?;
        }
        if let Some(root) = extra {
            for (name, path) in subdirectories(root).map_err(|e| CatalogError::unreadable(root, e))? {
                let mut files = BTreeMap::new();
                disk_files(&path, &path, &mut files).map_err(|e| CatalogError::unreadable(&path, e))?;
                catalog.add(&name, &Directory { place: path.display().to_string(), files })?;
            }
        }
        Ok(catalog)
    }

    fn add(&mut self, name: &str, directory: &Directory) -> Result<(), CatalogError> {
        if name == COMMON && self.common.is_empty() {
            self.common = directory.guest();
            return Ok(());
        }
        let file = format!("{}/{MANIFEST}", directory.place);
        let Some(text) = directory.files.get(MANIFEST) else {
            return Err(CatalogError { file, line: None, problem: Box::new(CatalogProblem::Missing) });
        };
        let invalid = |line, problem| CatalogError { file: file.clone(), line, problem: Box::new(problem) };
        if self.workloads.contains_key(name) || name == COMMON {
            return Err(invalid(None, CatalogProblem::NameTaken(name.to_owned())));
        }
        if !is_word(name) {
            return Err(invalid(None, CatalogProblem::Name(name.to_owned())));
        }
        let workload = workload::parse(name, text, directory.guest()).map_err(|(line, problem)| invalid(Some(line), problem))?;
        self.workloads.insert(name.to_owned(), workload);
        Ok(())
    }

    /// The names of all workloads.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.workloads.keys().map(String::as_str).collect()
    }
}

/// Lower-case letters, digits and inner hyphens, beginning with a letter: valid in a Kubernetes name.
fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

fn embedded_files(directory: &Dir<'_>, root: &Path, files: &mut BTreeMap<String, String>) {
    for file in directory.files() {
        if let (Ok(path), Some(text)) = (file.path().strip_prefix(root), file.contents_utf8()) {
            files.insert(path.to_string_lossy().into_owned(), text.to_owned());
        }
    }
    for inner in directory.dirs() {
        embedded_files(inner, root, files);
    }
}

fn subdirectories(root: &Path) -> io::Result<BTreeMap<String, PathBuf>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() && !name.starts_with('.') {
            found.insert(name, entry.path());
        }
    }
    Ok(found)
}

fn disk_files(directory: &Path, root: &Path, files: &mut BTreeMap<String, String>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            disk_files(&path, root, files)?;
        } else if let Ok(inner) = path.strip_prefix(root) {
            files.insert(inner.to_string_lossy().into_owned(), fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_workloads_load() {
        let catalog = Catalog::load(None).unwrap();
        assert!(catalog.workloads.len() >= 5, "{:?}", catalog.names());
        assert!(catalog.common.iter().all(|file| file.path.starts_with('/')));
        for workload in catalog.workloads.values() {
            for file in &workload.guest {
                assert!(file.path.starts_with('/'), "{}", file.path);
                assert!(catalog.common.iter().all(|common| common.path != file.path), "{} is also in common", file.path);
            }
        }
    }

    #[test]
    fn user_directory_is_loaded() {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("sleepy");
        fs::create_dir_all(directory.join("guest/etc/systemd/system")).unwrap();
        fs::write(directory.join("guest/etc/systemd/system/sleepy.service"), "[Service]\n").unwrap();
        fs::write(directory.join(MANIFEST), "description: sleep\nmachine:\n  units: [sleepy.service]\n  health: cpu\n").unwrap();
        let catalog = Catalog::load(Some(root.path())).unwrap();
        assert!(!catalog.workloads["sleepy"].default, "a user's workload runs only when it is named");

        fs::write(directory.join(MANIFEST), "description: sleep\nmachine:\n  units: [awake.service]\n  health: cpu\n").unwrap();
        let error = Catalog::load(Some(root.path())).unwrap_err().to_string();
        assert!(error.contains("sleepy/workload.yaml:3: unit awake.service"), "{error}");
    }
}
