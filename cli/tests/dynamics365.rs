//! `cobrowse dynamics365 package`: what it writes, byte by byte, and what it says of packages that others wrote.

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a panic is how a test fails")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn cobrowse(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cobrowse"))
        .arg("dynamics365")
        .arg("package")
        .args(arguments)
        .env_remove("COBROWSE_INVITE_SECRET")
        .output()
        .unwrap()
}

/// A folder of a test's own.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("dynamics365-{name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

/// A file as it was when somebody looked at it; with `COBROWSE_BLESS=1` it is written anew.
fn golden(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dynamics365").join(name);
    if std::env::var_os("COBROWSE_BLESS").is_some() {
        fs::write(&path, found).unwrap();
    }
    assert_eq!(found, text(&path), "{name} differs; COBROWSE_BLESS=1 writes it anew");
}

const ALL: [&str; 14] = [
    "--relay",
    "https://relay.example",
    "--site",
    "https://shop.example/help",
    "--key",
    "a secret for invitations",
    "--screen-sharing",
    "--provider",
    "Alder & Finch",
    "--label",
    "de-DE=Mitsehen",
    "--tooltip",
    "de-DE=Die Seite der Kundschaft ansehen",
    "--force",
];

#[test]
fn a_package_is_written_with_all_that_belongs_to_it() {
    let folder = folder("whole");
    let (out, resources) = (folder.join("cobrowse.zip"), folder.join("resources"));
    let (out, resources) = (out.to_str().unwrap(), resources.to_str().unwrap());
    let write = || cobrowse(&[&ALL[..], &["--out", out, "--web-resources", resources]].concat());
    let output = write();
    assert!(output.status.success(), "{}", said(&output));
    let first = fs::read(out).unwrap();
    // Once more it is the same, to the byte.
    assert!(write().status.success());
    assert_eq!(first, fs::read(out).unwrap());

    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&first)).unwrap();
    let mut names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    names.sort();
    assert_eq!(names, ["[Content_Types].xml", "data.xml", "data_schema.xml"]);
    for name in ["data.xml", "data_schema.xml"] {
        golden(name, &std::io::read_to_string(archive.by_name(name).unwrap()).unwrap());
    }
    golden("remove.md", &text(&folder.join("cobrowse.remove.md")));
    let resources = folder.join("resources");
    golden("cobrowse.html", &text(&resources.join("cobrowse.html")));
    golden("cobrowse-screen.html", &text(&resources.join("cobrowse-screen.html")));
    for name in ["dynamics365.js", "cobrowse.svg", "screen-sharing.svg"] {
        assert!(resources.join(name).is_file(), "{name}");
    }

    let output = cobrowse(&["--check", out]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(said(&output), format!("{out}: sound, 10 records\n"));
}

#[test]
fn what_cannot_be_is_refused_and_nothing_is_written() {
    let folder = folder("refused");
    let out = folder.join("cobrowse.zip");
    let out = out.to_str().unwrap();
    let refused = |more: &[&str], expected: &str| {
        let output = cobrowse(&[&["--out", out, "--relay", "https://relay.example"], more].concat());
        assert_eq!(output.status.code(), Some(2), "{more:?}: {}", said(&output));
        assert!(said(&output).contains(expected), "{more:?}: {}", said(&output));
        assert!(!Path::new(out).exists(), "{more:?}");
    };
    refused(
        &["--screen-sharing", "--screen-slash-command", "/cb"],
        "slash command: expected one that no other action has, found /cb",
    );
    refused(&["--screen-sharing", "--screen-name", "CobrowseAction"], "id: expected one record with");
    refused(&["--no-cobrowse"], "--screen-sharing");
    refused(&["--label", "klingon=x"], "expected LOCALE=TEXT");
    refused(&["--order", "-1"], "-1");
    refused(&["--site", "shop"], "--site: expected an address, as https://relay.example, found \"shop\"");
    let output = cobrowse(&["--out", out, "--relay", "relay"]);
    assert!(said(&output).contains("--relay: expected an address"), "{}", said(&output));
    // What is there stays there.
    fs::write(out, "mine").unwrap();
    let output = cobrowse(&["--out", out, "--relay", "https://relay.example"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(text(Path::new(out)), "mine");
}

#[test]
fn packages_of_others_are_checked() {
    let folder = folder("check");
    let write = |name: &str, more: &[&str]| {
        let out = folder.join(name);
        let output = cobrowse(&[&["--relay", "https://relay.example", "--out", out.to_str().unwrap()], more].concat());
        assert!(output.status.success(), "{}", said(&output));
        out.to_str().unwrap().to_owned()
    };
    let (one, two) = (write("one.zip", &[]), write("two.zip", &["--provider", "Other", "--prefix", "other"]));
    let output = cobrowse(&["--check", &one, &two]);
    assert_eq!(output.status.code(), Some(1));
    let found = said(&output);
    assert!(found.contains("expected one that no other action has, found /cb"), "{found}");
    assert!(found.contains("1 problem in 2 packages"), "{found}");

    let broken = folder.join("broken.zip");
    fs::write(&broken, &fs::read(&one).unwrap()[..200]).unwrap();
    let output = cobrowse(&["--check", broken.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("broken.zip: expected a ZIP archive"), "{}", said(&output));
    let output = cobrowse(&["--check", folder.join("none.zip").to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("none.zip: No such file"), "{}", said(&output));
}
