//! The workspace's crates and what they declare to depend on, as `cargo metadata` tells it.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

/// The workspace as declared in its `Cargo.toml` files; nothing is resolved or downloaded for it.
#[derive(Debug)]
pub(crate) struct Manifest {
    /// Cargo's target folder.
    pub(crate) target: PathBuf,
    /// The member crates.
    pub(crate) packages: Vec<Package>,
}

/// One crate of the workspace.
#[derive(Debug)]
pub(crate) struct Package {
    /// Its package name, for instance `cobrowse-protocol`.
    pub(crate) name: String,
    /// The folder of its `Cargo.toml`.
    pub(crate) dir: PathBuf,
    /// Everything it declares to depend on.
    pub(crate) dependencies: Vec<Dependency>,
    /// The names of its integration tests.
    pub(crate) tests: Vec<String>,
}

/// One declared dependency.
#[derive(Debug)]
pub(crate) struct Dependency {
    /// The package depended on.
    pub(crate) name: String,
    /// The version requirement, for instance `^1`.
    pub(crate) requirement: String,
    /// Whether it is for tests and benches only.
    pub(crate) dev: bool,
    /// The `cfg(…)` or target triple that it is limited to.
    pub(crate) only_for: Option<String>,
}

impl Manifest {
    /// Reads the output of `cargo metadata --no-deps --format-version=1`.
    pub(crate) fn parse(json: &str) -> Result<Self> {
        let value: Value = serde_json::from_str(json)?;
        let target = value["target_directory"].as_str().context("no target_directory")?.into();
        let packages = list(&value["packages"]).map(Package::parse).collect::<Result<_>>()?;
        Ok(Self { target, packages })
    }

    /// The member crate of this name.
    pub(crate) fn package(&self, name: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.name == name)
    }
}

impl Package {
    /// Reads one entry of `packages`.
    fn parse(value: &Value) -> Result<Self> {
        let manifest: PathBuf = text(value, "manifest_path")?.into();
        let tests = list(&value["targets"]).filter(|target| list(&target["kind"]).any(|kind| kind == "test"));
        Ok(Self {
            name: text(value, "name")?,
            dir: manifest.parent().context("manifest_path has no folder")?.into(),
            dependencies: list(&value["dependencies"]).map(Dependency::parse).collect::<Result<_>>()?,
            tests: tests.map(|target| text(target, "name")).collect::<Result<_>>()?,
        })
    }
}

impl Dependency {
    /// Reads one entry of `dependencies`.
    fn parse(value: &Value) -> Result<Self> {
        Ok(Self {
            name: text(value, "name")?,
            requirement: text(value, "req")?,
            dev: value["kind"] == "dev",
            only_for: value["target"].as_str().map(str::to_owned),
        })
    }
}

/// The elements of an array; of anything else none.
fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The string under `key`.
fn text(value: &Value, key: &str) -> Result<String> {
    Ok(value[key].as_str().with_context(|| format!("no {key}"))?.to_owned())
}

/// The version of `package` that `Cargo.lock` (given as text) holds.
pub(crate) fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| **line != *name);
    lines.nth(1)?.strip_prefix("version = \"")?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locked_version_is_the_one_under_the_exact_name() {
        let lock = "[[package]]\nname = \"wasm-bindgen-shared\"\nversion = \"9.9.9\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen"), Some("0.2.130"));
        assert_eq!(locked_version(lock, "bindgen"), None);
    }

    #[test]
    fn packages_are_read_with_their_dependencies_and_tests() {
        let json = r#"{"target_directory": "/t", "packages": [{
            "name": "a", "manifest_path": "/r/a/Cargo.toml",
            "targets": [{"name": "web", "kind": ["test"]}, {"name": "a", "kind": ["lib"]}],
            "dependencies": [
                {"name": "b", "req": "^1", "kind": null, "target": null},
                {"name": "c", "req": "=2.0.1", "kind": "dev", "target": "cfg(unix)"}]}]}"#;
        let manifest = Manifest::parse(json).unwrap();
        let package = manifest.package("a").unwrap();
        assert_eq!(package.tests, ["web"]);
        assert!(!package.dependencies[0].dev);
        assert!(package.dependencies[1].dev);
        assert_eq!(package.dependencies[1].only_for.as_deref(), Some("cfg(unix)"));
    }
}
