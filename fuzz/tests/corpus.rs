//! Every seed, every file of the corpora, and all that a fuzzer once found, without a fuzzer.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

use fuzz::{TARGETS, Target, seeds};
use std::{fs, panic, path::PathBuf, thread};

/// As much as a program's first thread has.
const STACK_BYTES: usize = 8 << 20;

/// What lies in a target's folder, by name.
fn files(folder: &str, target: &Target) -> Vec<(String, Vec<u8>)> {
    let folder = seeds::folder("fuzz").join(folder).join(target.name);
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    paths.iter().map(|path| (name(path), fs::read(path).unwrap())).collect()
}

/// Runs a target on each; a panic says on which.
fn all_pass(target: &'static Target, inputs: Vec<(String, Vec<u8>)>) {
    for (name, bytes) in inputs {
        let run = thread::Builder::new().stack_size(STACK_BYTES).spawn(move || (target.run)(&bytes)).unwrap();
        if let Err(fault) = run.join() {
            eprintln!("target {}, {name}", target.name);
            panic::resume_unwind(fault);
        }
    }
}

#[test]
fn every_seed_passes() {
    for target in TARGETS {
        let seeds = (target.seeds)();
        assert!(seeds.len() >= 3, "{} has {} seeds", target.name, seeds.len());
        assert!(seeds.iter().all(|seed| seed.len() <= target.most_bytes), "a seed of {} is too long", target.name);
        all_pass(target, seeds.into_iter().enumerate().map(|(index, seed)| (format!("seed {index}"), seed)).collect());
    }
}

#[test]
fn every_file_of_the_corpora_passes() {
    for target in TARGETS {
        all_pass(target, files("corpora", target));
    }
}

#[test]
fn nothing_that_was_found_is_found_again() {
    for target in TARGETS {
        all_pass(target, files("findings", target));
    }
}

#[test]
fn every_folder_is_a_targets() {
    for folder in ["corpora", "findings"] {
        for entry in fs::read_dir(seeds::folder("fuzz").join(folder)).unwrap() {
            let name = entry.unwrap().file_name().to_string_lossy().into_owned();
            assert!(name == "README.md" || fuzz::target(&name).is_some(), "{folder}/{name} is no target's");
        }
    }
}
