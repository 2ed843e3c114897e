//! `cobrowse inspect`: what a recording holds.

use crate::{failure::Failure, source};
use ::replay::{
    inspection::{self, Inspection},
    recording::block,
};
use clap::Args as ClapArgs;
use protocol::frame::Kind;
use serde_json::json;
use std::{fmt::Write as _, path::PathBuf};

/// Columns of the time line.
const COLUMNS: usize = 60;

/// The kinds of blocks, as they are listed.
const KINDS: [block::Kind; 6] = [
    block::Kind::About,
    block::Kind::Packed,
    block::Kind::Verbatim,
    block::Kind::Checkpoint,
    block::Kind::Difference,
    block::Kind::Index,
];

/// The bars of the time line, from nothing to the most.
const BARS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Tell what a recording holds: frames, sizes, what the bytes went to, a time line.
///
/// A file that is damaged is told of up to there, and the exit code is 1.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// The recording.
    file: PathBuf,

    /// Write JSON: every frame, and all that is told otherwise.
    #[arg(long)]
    json: bool,

    /// List every frame.
    #[arg(long)]
    frames: bool,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let name = args.file.display();
    let source = source::whole(&args.file).map_err(|error| source::failed(&args.file, &error))?;
    let bar = source::progress("reading");
    let found = inspection::inspect(source, |done, all| source::advance(&bar, done, all));
    bar.finish_and_clear();
    let found = found.map_err(|error| source::failed(&args.file, &error))?;
    if args.json {
        println!("{:#}", as_json(&found));
    } else {
        print!("{}", as_text(&found, args.frames));
    }
    match found.problem {
        None => Ok(()),
        Some(problem) => Err(Failure::Runtime(format!("{name}: {problem}"))),
    }
}

const fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Repair => "repair",
        Kind::Keyframe => "keyframe",
        Kind::Delta => "delta",
        Kind::Control => "control",
    }
}

fn seconds(millis: u32) -> f64 {
    f64::from(millis) / 1_000.0
}

fn as_json(found: &Inspection) -> serde_json::Value {
    let frames: Vec<_> = found
        .frames
        .iter()
        .map(|frame| {
            json!({
                "offset": frame.offset, "kind": kind_name(frame.kind), "seq": frame.seq, "at": frame.at, "time": frame.time,
                "bytes": frame.bytes, "rawBytes": frame.raw_bytes, "nodes": frame.nodes,
            })
        })
        .collect();
    let ops: serde_json::Map<_, _> = found
        .shares
        .iter()
        .map(|(name, share)| ((*name).to_owned(), json!({ "count": share.count, "bytes": share.bytes })))
        .collect();
    let blocks: Vec<_> = found
        .blocks
        .iter()
        .map(|place| {
            json!({
                "offset": place.offset, "kind": place.kind.name(), "bytes": place.len, "frames": place.frames,
                "first": place.first, "last": place.last, "seekable": place.seekable,
            })
        })
        .collect();
    json!({
        "bytes": found.file_bytes,
        "version": found.version,
        "about": {
            "created": found.about.created, "url": found.about.url, "userAgent": found.about.user_agent,
            "viewport": found.about.viewport, "rules": found.about.rules,
        },
        "blocks": blocks,
        "index": found.has_index,
        "activity": { "part": found.activity.part, "changes": found.activity.changes },
        "messages": found.messages,
        "url": found.url,
        "viewport": found.viewport,
        "duration": found.duration(),
        "keyframes": found.count(Kind::Keyframe),
        "deltas": found.count(Kind::Delta),
        "repairs": found.count(Kind::Repair),
        "frames": frames,
        "ops": ops,
        "oddities": found.oddities.iter().map(|(seq, what)| json!({ "seq": seq, "what": what })).collect::<Vec<_>>(),
        "problem": found.problem.as_ref().map(|problem| json!({
            "offset": problem.offset, "expected": problem.expected, "found": problem.found,
        })),
    })
}

fn as_text(found: &Inspection, list: bool) -> String {
    let mut out = String::new();
    let nodes = found.frames.last().map_or(0, |frame| frame.nodes);
    let raw: usize = found.frames.iter().map(|frame| frame.raw_bytes).sum();
    let (keyframes, deltas) = (found.count(Kind::Keyframe), found.count(Kind::Delta));
    let _ = writeln!(out, "{}", if found.url.is_empty() { "(no page)" } else { &found.url });
    let _ = writeln!(
        out,
        "{:.3} s, {keyframes} keyframe{}, {deltas} delta{}, {nodes} nodes at the end, viewport {}",
        seconds(found.duration()),
        if keyframes == 1 { "" } else { "s" },
        if deltas == 1 { "" } else { "s" },
        if found.viewport.is_empty() { "unknown" } else { &found.viewport },
    );
    let _ = writeln!(
        out,
        "version {}, {} bytes in the file, {raw} in bodies before deflate",
        found.version, found.file_bytes
    );
    let about = &found.about;
    for (what, text) in [("browser", &about.user_agent), ("rules", &about.rules)] {
        if let Some(text) = text {
            let _ = writeln!(out, "{what}: {text}");
        }
    }
    if found.version > 1 {
        let _ = writeln!(out, "\n{:<26} {:>10} {:>12}", "block", "count", "file bytes");
        for kind in KINDS {
            let (count, bytes) = found.blocks_of(kind);
            if count > 0 {
                let _ = writeln!(out, "{:<26} {count:>10} {bytes:>12}", kind.name());
            }
        }
        if !found.has_index {
            let _ = writeln!(out, "no index: its writer was cut short");
        }
    }
    if let Some(line) = time_line(found) {
        let _ = writeln!(out, "\nbytes over time, {COLUMNS} parts of {:.3} s each", seconds(found.duration()) / 60.0);
        let _ = writeln!(out, "│{line}│");
    }
    let _ = writeln!(out, "\n{:<26} {:>10} {:>12}", "operation or row", "count", "string bytes");
    let mut shares: Vec<_> = found.shares.iter().collect();
    shares.sort_by_key(|(name, share)| (std::cmp::Reverse(share.bytes), std::cmp::Reverse(share.count), **name));
    for (name, share) in shares {
        let _ = writeln!(out, "{name:<26} {:>10} {:>12}", share.count, share.bytes);
    }
    if !found.messages.is_empty() {
        let _ = writeln!(out, "\n{:<26} {:>10}", "message", "count");
        for (name, count) in &found.messages {
            let _ = writeln!(out, "{name:<26} {count:>10}");
        }
    }
    if list {
        let _ =
            writeln!(out, "\n{:>8} {:>9} {:>10} {:>10} {:>10} {:>8}", "frame", "time", "kind", "bytes", "raw", "nodes");
        for frame in &found.frames {
            let _ = writeln!(
                out,
                "{:>8} {:>9.3} {:>10} {:>10} {:>10} {:>8}",
                frame.seq,
                seconds(frame.at),
                kind_name(frame.kind),
                frame.bytes,
                frame.raw_bytes,
                frame.nodes
            );
        }
    }
    for (seq, what) in &found.oddities {
        let _ = writeln!(out, "\nframe {seq}: {what}");
    }
    out
}

/// How many bytes each part of the time took, as bars; `None` where there is no time.
fn time_line(found: &Inspection) -> Option<String> {
    let (first, duration) = (found.frames.first()?.at, found.duration());
    if duration == 0 {
        return None;
    }
    let mut parts = [0_usize; COLUMNS];
    for frame in &found.frames {
        let at = u64::from(frame.at.saturating_sub(first)) * COLUMNS as u64 / (u64::from(duration) + 1);
        if let Some(part) = usize::try_from(at).ok().and_then(|at| parts.get_mut(at)) {
            *part += frame.bytes;
        }
    }
    // By its digits: a keyframe is a hundred times a delta.
    let log = |bytes: usize| if bytes == 0 { 0.0 } else { (bytes as f64).ln() + 1.0 };
    let most = log(parts.iter().copied().max().unwrap_or(0));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 8")]
    let bar = |bytes: usize| BARS[((log(bytes) / most * 8.0).ceil() as usize).min(8)];
    Some(parts.into_iter().map(bar).collect())
}
