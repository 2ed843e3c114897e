//! An hour of a page as a recording: how large it is, and how long it takes to seek in it.

use anyhow::{Context, Result, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use protocol::{Limits, frame};
use replay::recording::{About, File, Settings, Writer, block::Kind};
use std::{fmt, fs, path::Path, time::Instant};

/// The time between two changes, in milliseconds.
const STEP_MS: usize = 200;

/// Frames, each with the time that it would have.
#[derive(Debug)]
pub struct Hour {
    frames: Vec<Vec<u8>>,
}

/// How large it is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Bytes of the file.
    pub bytes: usize,
    /// Bytes of the frames as they were sent.
    pub sent: usize,
}

impl Hour {
    /// The frames that a browser gave, in base 64. They came as fast as they could; now they have the time of an hour.
    ///
    /// # Errors
    /// When they are no frames.
    pub fn of(texts: &[&str]) -> Result<Self> {
        ensure!(texts.len() > 100, "{} frames", texts.len());
        let mut frames = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            let bytes = BASE64_STANDARD.decode(text)?;
            let read = frame::read(&bytes, &Limits::DEFAULT)?;
            let header = read.header;
            let (body, apart) = read.body.split_at(read.body.len() - header.apart as usize);
            let time = u32::try_from(index * STEP_MS)?;
            let mut out = Vec::new();
            frame::write_parts(&mut out, header.kind, header.seq, time, header.raw_len, [body, apart])?;
            frames.push(out);
        }
        Ok(Self { frames })
    }

    fn recorded(&self, settings: Settings) -> Result<Vec<u8>> {
        let mut writer = Writer::new(&About::default(), settings);
        for frame in &self.frames {
            writer.push(frame, None)?;
        }
        Ok(writer.finish())
    }

    /// Writes the recording as it is written by default.
    ///
    /// # Errors
    /// When a frame is refused or the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<Size> {
        let bytes = self.recorded(Settings::default())?;
        fs::write(path, &bytes)?;
        Ok(Size { bytes: bytes.len(), sent: self.frames.iter().map(Vec::len).sum() })
    }

    /// What levels, blocks and states of other sizes make of it, a line each.
    ///
    /// # Errors
    /// As for [`Hour::write`].
    pub fn settings(&self, peer: f64) -> Result<Vec<String>> {
        let default = Settings::default();
        let mut all: Vec<Settings> = [1, 4, 6, 9].map(|level| Settings { level, ..default }).to_vec();
        all.extend([4, 16, 256].map(|kib| Settings { block_bytes: kib << 10, ..default }));
        all.extend([(64, 4_096), (1_024, 65_536)].map(|(kib, checkpoint_ops)| Settings {
            checkpoint_bytes: kib << 10,
            checkpoint_ops,
            ..default
        }));
        let mut lines = Vec::new();
        for settings in all {
            let start = Instant::now();
            let bytes = self.recorded(settings)?;
            let took = start.elapsed();
            let file = File::open(std::io::Cursor::new(bytes.clone()))?;
            let of = |kind| -> u64 {
                file.map().places.iter().filter(|place| place.kind == kind).map(|place| place.len).sum()
            };
            #[expect(clippy::cast_precision_loss, reason = "a few megabytes")]
            let ratio = bytes.len() as f64 / peer;
            lines.push(format!(
                "level {}, blocks of {:>3} KiB, a state behind {:>4} KiB or {:>5} operations: {:>7} B ({ratio:.3}), {:>6} of them states, {:>4} ms to write",
                settings.level,
                settings.block_bytes >> 10,
                settings.checkpoint_bytes >> 10,
                settings.checkpoint_ops,
                bytes.len(),
                of(Kind::Difference) + of(Kind::Checkpoint),
                took.as_millis()
            ));
        }
        Ok(lines)
    }
}

/// How long it takes to open a file and seek in it.
#[derive(Debug, Clone, Copy)]
pub struct Seek {
    /// Half took less, in milliseconds.
    pub median_ms: f64,
    /// The most that one took.
    pub most_ms: f64,
    /// The most bytes that were read for one, those for opening included.
    pub most_read: u64,
    /// Bytes of the file.
    pub file: u64,
}

impl fmt::Display for Seek {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { median_ms, most_ms, most_read, file } = self;
        write!(
            f,
            "natively, opened and sought to a moment: median {median_ms:.1} ms, most {most_ms:.1} ms; at most {most_read} of {file} bytes read"
        )
    }
}

/// Opens a file anew for each of so many moments.
///
/// # Errors
/// When it cannot be read.
pub fn seek(path: &Path, count: u32) -> Result<Seek> {
    let (mut times, mut most_read, mut file) = (Vec::new(), 0, 0);
    let mut state = 1_u64;
    for _ in 0..count {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let start = Instant::now();
        let mut opened = File::open(fs::File::open(path)?)?;
        let at = u32::try_from(state >> 33)? % (opened.map().end() + 1);
        opened.seek(at)?;
        times.push(start.elapsed().as_secs_f64() * 1_000.0);
        most_read = opened.bytes_read().max(most_read);
        file = opened.len();
        ensure!(opened.player().tree().hash() == opened.player().tree().recomputed_hash(), "the page at {at} ms");
    }
    times.sort_by(f64::total_cmp);
    let most_ms = *times.last().context("moments")?;
    Ok(Seek { median_ms: times[times.len() / 2], most_ms, most_read, file })
}
