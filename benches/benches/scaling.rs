//! How the cost of a frame grows: with the change, never with the page. Prints a table with the bound each row has to
//! keep, and writes `target/bench/native.json`. Each figure is the smallest of several runs: what the code costs, not
//! what else the machine does. Allocations are counted over the same frames.

#![allow(missing_docs, reason = "a program")]
#![allow(unsafe_code, reason = "an allocator that counts")]

use benches::list::{List, shuffled};
use protocol::{Limits, decoder::Decoder, error::Result};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

struct Row {
    name: &'static str,
    value: f64,
    bound: f64,
}

fn least(rounds: usize, mut run: impl FnMut() -> Duration) -> Duration {
    (0..rounds).map(|_| run()).min().unwrap_or_default()
}

fn timed<T>(run: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    std::hint::black_box(run());
    start.elapsed()
}

/// One row appended and removed again, many times: time for one append, and allocations per frame.
fn append_one(rows: u32) -> Result<(Duration, f64)> {
    const FRAMES: u32 = 2_000;
    let mut list = List::new(rows)?;
    for _ in 0..100 {
        list.append(1)?;
        list.remove_last(1)?;
    }
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    let mut failed = Ok(0);
    let time = least(7, || {
        let mut total = Duration::ZERO;
        for _ in 0..FRAMES {
            total += timed(|| failed = list.append(1));
            let _ = list.remove_last(1);
        }
        total / FRAMES
    });
    failed?;
    let frames = f64::from(7 * 2 * FRAMES);
    #[expect(clippy::cast_precision_loss, reason = "a count of a few thousand")]
    let allocations = (ALLOCATIONS.load(Ordering::Relaxed) - before) as f64 / frames;
    Ok((time, allocations))
}

/// A hundred texts changed, spread over the whole list: time for a frame. The least of many: the first touch of what has
/// left the caches since is the machine's.
fn update_hundred(rows: u32) -> Result<Duration> {
    let mut list = List::new(rows)?;
    let step = rows as usize / 100;
    let mut failed = Ok(0);
    let mut round = 0_u32;
    let time = least(300, || {
        round += 1;
        let text = format!("text {:06}", round * 7919 % 1_000_003);
        timed(|| failed = list.update(step, text.as_bytes()))
    });
    failed?;
    Ok(time)
}

/// What is done to a whole list: the smallest time of each so far.
struct Whole {
    rows: u32,
    list: List,
    order: Vec<u32>,
    frame: Vec<u8>,
    times: [Duration; 5],
}

impl Whole {
    fn new(rows: u32) -> Result<Self> {
        let mut list = List::new(rows)?;
        let frame = list.encoder.keyframe(0)?.to_vec();
        Ok(Self { rows, order: list.rows.clone(), list, frame, times: [Duration::MAX; 5] })
    }

    /// Once each. The list is in order before the shuffle, as a page's is, and put back afterwards.
    fn run(&mut self, seed: u64) -> Result<()> {
        let Self { rows, list, order, frame, times } = self;
        let mut failed = false;
        let mut take = |index: usize, time: Duration| times[index] = times[index].min(time);
        take(0, timed(|| list.encoder.keyframe(0).map(<[u8]>::len)));
        take(1, timed(|| failed |= list.append(*rows).is_err()));
        take(2, timed(|| failed |= list.remove_last(*rows as usize).is_err()));
        let shuffled = shuffled(order, seed);
        take(3, timed(|| failed |= list.reorder(&shuffled).is_err()));
        list.reorder(order)?;
        let mut decoder = Decoder::new(Limits::DEFAULT);
        take(4, timed(|| failed |= decoder.push(frame).is_err()));
        assert!(!failed, "a list of {rows} rows fits");
        Ok(())
    }
}

/// The same of lists of several lengths, in turns: what else the machine does meets them alike.
fn whole<const N: usize>(rows: [u32; N]) -> Result<[[Duration; 5]; N]> {
    const ROUNDS: u64 = 15;
    let mut lists = Vec::new();
    for rows in rows {
        lists.push(Whole::new(rows)?);
    }
    for seed in 0..ROUNDS {
        for list in &mut lists {
            list.run(seed)?;
        }
    }
    let mut times = [[Duration::MAX; 5]; N];
    for (list, times) in lists.iter().zip(&mut times) {
        *times = list.times;
    }
    Ok(times)
}

fn ratio(a: Duration, b: Duration) -> f64 {
    a.as_secs_f64() / b.as_secs_f64().max(f64::MIN_POSITIVE)
}

fn measure() -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let ((small, small_allocations), (large, large_allocations)) = (append_one(1_000)?, append_one(100_000)?);
    rows.push(Row { name: "append 1 to 100,000 / to 1,000, time", value: ratio(large, small), bound: 1.3 });
    // Two nodes a row.
    let (million, _) = append_one(500_000)?;
    rows.push(Row { name: "append 1 to 1,000,000 nodes / to 2,000, time", value: ratio(million, small), bound: 1.2 });
    let (few, many) = (update_hundred(1_000)?, update_hundred(500_000)?);
    rows.push(Row { name: "100 texts in 1,000,000 nodes / in 2,000, time", value: ratio(many, few), bound: 1.2 });
    rows.push(Row {
        name: "allocations per steady-state frame",
        value: small_allocations.max(large_allocations),
        bound: 0.0,
    });
    let [thousand, ten, hundred] = whole([1_000, 10_000, 100_000])?;
    rows.push(Row { name: "shuffle 1,000 / append 1,000, time", value: ratio(thousand[3], thousand[1]), bound: 3.0 });
    let names = [
        ("keyframe of 10,000 rows / of 1,000, time", "keyframe of 100,000 rows / of 10,000, time"),
        ("append 10,000 / 1,000, time", "append 100,000 / 10,000, time"),
        ("remove 10,000 / 1,000, time", "remove 100,000 / 10,000, time"),
        ("shuffle 10,000 / 1,000, time", "shuffle 100,000 / 10,000, time"),
        ("decode and apply 10,000 / 1,000, time", "decode and apply 100,000 / 10,000, time"),
    ];
    for (index, (small, large)) in names.into_iter().enumerate() {
        rows.push(Row { name: small, value: ratio(ten[index], thousand[index]), bound: 12.0 });
        rows.push(Row { name: large, value: ratio(hundred[index], ten[index]), bound: 12.0 });
    }
    rows.push(Row {
        name: "decode and apply / encode, 10,000 rows, time",
        value: ratio(ten[4], ten[0] + ten[1]),
        bound: 1.0,
    });
    let mut list = List::new(10_000)?;
    #[expect(clippy::cast_precision_loss, reason = "a few bytes")]
    let mut bytes = |name, bound, len: usize| rows.push(Row { name, value: len as f64, bound });
    bytes("remove one of 10,000 rows, bytes", 24.0, list.remove_last(1)?);
    let mut list = List::new(1_000)?;
    let order = shuffled(&list.rows, 3);
    bytes("shuffle 1,000 rows, bytes", 3_000.0, list.reorder(&order)?);
    Ok(rows)
}

fn main() {
    // `cargo test --benches` asks for no measurement.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let rows = match measure() {
        Ok(rows) => rows,
        Err(error) => {
            eprintln!("{error}");
            std::process::exit(1);
        }
    };
    println!("{:<46} {:>10} {:>8}", "native", "measured", "at most");
    for row in &rows {
        let mark = if row.value <= row.bound { "" } else { "  over" };
        println!("{:<46} {:>10.3} {:>8}{mark}", row.name, row.value, row.bound);
    }
    let json: Vec<_> = rows
        .iter()
        .map(|row| serde_json::json!({ "name": row.name, "measured": row.value, "at_most": row.bound }))
        .collect();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/bench");
    let written = std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(format!("{folder}/native.json"), format!("{:#}\n", serde_json::json!(json))));
    if let Err(error) = written {
        eprintln!("{folder}/native.json: {error}");
    }
}
