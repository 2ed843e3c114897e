//! What a fuzzer begins with: `corpus list` prints the targets, `corpus seeds FOLDER` writes their seeds and words, and
//! `corpus run TARGET FILE…` runs a target on files, without a fuzzer.

#![allow(clippy::unwrap_used, reason = "a tool of ours: it ends with what is wrong")]

use fuzz::TARGETS;
use std::{env, fs, path::Path, process::ExitCode};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["list"] => {
            for target in TARGETS {
                println!("{}\t{}\t{}", target.name, target.most_bytes, target.about);
            }
        }
        ["seeds", folder] => {
            for target in TARGETS {
                let folder = Path::new(folder).join(target.name);
                fs::create_dir_all(&folder).unwrap();
                for (index, seed) in (target.seeds)().iter().enumerate() {
                    fs::write(folder.join(format!("seed-{index:03}")), seed).unwrap();
                }
                if !target.words.is_empty() {
                    fs::write(folder.with_extension("dict"), fuzz::seeds::dictionary(target.words)).unwrap();
                }
            }
        }
        ["run", name, files @ ..] => {
            let Some(target) = fuzz::target(name) else {
                eprintln!("there is no target `{name}`; `corpus list` prints them");
                return ExitCode::FAILURE;
            };
            for file in files {
                eprintln!("{file}");
                (target.run)(&fs::read(file).unwrap());
            }
        }
        _ => {
            eprintln!("usage: corpus list | seeds FOLDER | run TARGET FILE…");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
