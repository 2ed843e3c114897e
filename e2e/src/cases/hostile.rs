//! Bytes that are no frame, or not the one that is due: each is refused with an error that says where and why, changes
//! nothing, and the player goes on with the next keyframe.

use crate::{
    comparison::{self, Side},
    pair::{Pair, PlayerStats, REPLAYED, Transport},
    wire,
    workbench::Workbench,
};
use anyhow::{Context, Result, bail, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::json;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// What is wrong with the frames.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Attack {
    /// Cut off at several places.
    Truncated,
    /// Longer than they say, or than anything may be.
    Oversized,
    /// The one after the next, or one that came already.
    Reordered,
    /// One bit is another.
    BitFlipped,
    /// Not of this protocol at all.
    Foreign,
    /// Well formed on the outside, checksum included, and wrong inside.
    Forged,
    /// Keyframes with the same faults.
    Keyframes,
    /// A long run of rubbish.
    Flood,
    /// A bad frame in a session over the relay: the player asks for a keyframe by itself.
    OverRelay,
}

impl Attack {
    /// All of them.
    pub(crate) const ALL: [Self; 9] = [
        Self::Truncated,
        Self::Oversized,
        Self::Reordered,
        Self::BitFlipped,
        Self::Foreign,
        Self::Forged,
        Self::Keyframes,
        Self::Flood,
        Self::OverRelay,
    ];

    /// For the case's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Truncated => "truncated",
            Self::Oversized => "oversized",
            Self::Reordered => "reordered",
            Self::BitFlipped => "bit-flipped",
            Self::Foreign => "foreign",
            Self::Forged => "forged",
            Self::Keyframes => "keyframes",
            Self::Flood => "flood",
            Self::OverRelay => "over-relay",
        }
    }
}

const PAGE: &str = "/fixtures/tree.html";

/// Runs one attack.
pub(crate) async fn run(bench: &Workbench, attack: Attack) -> Result<()> {
    if let Attack::OverRelay = attack {
        return over_relay(bench).await;
    }
    let mut target = Target { pair: Pair::open(bench, PAGE, Transport::Direct).await?, edits: 0 };
    match attack {
        Attack::Truncated => truncated(&mut target).await?,
        Attack::Oversized => oversized(&mut target).await?,
        Attack::Reordered => reordered(&mut target).await?,
        Attack::BitFlipped => bit_flipped(&mut target).await?,
        Attack::Foreign => foreign(&mut target).await?,
        Attack::Forged => forged(&mut target).await?,
        Attack::Keyframes => keyframes(&mut target).await?,
        Attack::Flood => flood(&mut target).await?,
        Attack::OverRelay => {}
    }
    target.pair.check("the last keyframe").await?;
    target.pair.mutate(99, 100).await?;
    target.pair.check("edits after it").await
}

async fn truncated(target: &mut Target<'_>) -> Result<()> {
    let whole = target.next_frame().await?.len();
    target.recover().await?;
    for len in [0, 1, 5, 9, 12, 13, 14, 15, 16, whole / 2, whole - 1] {
        let mut frame = target.next_frame().await?;
        frame.truncate(len);
        target.refuses(&format!("{len} bytes of a delta"), &[frame]).await?;
        target.recover().await?;
    }
    Ok(())
}

async fn oversized(target: &mut Target<'_>) -> Result<()> {
    for more in [1, 100, 100_000] {
        let mut frame = target.next_frame().await?;
        frame.resize(frame.len() + more, 0);
        target.refuses(&format!("a delta and {more} bytes more"), &[frame]).await?;
        target.recover().await?;
    }
    // More than any frame may have, made in the page.
    let frame = target.next_frame().await?;
    let before = target.state().await?;
    target.pair.forget_errors().await?;
    let arguments = vec![json!(BASE64_STANDARD.encode(&frame)), json!(80 << 20)];
    target.pair.agent().run("return window.__e2e.pushPadded(...arguments)", arguments).await?;
    target.refused("80 MiB", before, 1).await?;
    target.recover().await?;
    // A small body that claims to be as large as can be said.
    for raw_len in [u32::MAX, 1 << 31, 300 << 20, 200 << 20] {
        let seq = target.due().await?;
        let frame = wire::forge(wire::DELTA, seq, raw_len, &[0x62, 0x60, 0, 0]);
        target.refuses(&format!("{raw_len} bytes claimed"), &[frame]).await?;
        target.recover().await?;
    }
    Ok(())
}

async fn reordered(target: &mut Target<'_>) -> Result<()> {
    let first = target.next_frame().await?;
    let second = target.next_frame().await?;
    target.refuses("the second of two deltas", &[second]).await?;
    target.recover().await?;
    target.refuses("a delta of before the keyframe", &[first]).await?;
    target.recover().await?;

    let frame = target.next_frame().await?;
    target.pair.push(std::slice::from_ref(&frame)).await?;
    target.refuses("the same delta again", &[frame]).await?;
    target.recover().await?;

    let (first, second, third) = (target.next_frame().await?, target.next_frame().await?, target.next_frame().await?);
    target.pair.push(&[first]).await?;
    target.refuses("the third delta instead of the second", &[third]).await?;
    drop(second);
    target.recover().await
}

async fn bit_flipped(target: &mut Target<'_>) -> Result<()> {
    for round in 0..40_usize {
        let mut frame = target.next_frame().await?;
        // Every byte of the header, then places all over the body.
        let at = if round < 16 { round } else { round.wrapping_mul(7919) % frame.len() };
        frame[at] ^= 1 << (round % 8);
        target.refuses(&format!("bit {} of byte {at} flipped", round % 8), &[frame]).await?;
        target.recover().await?;
    }
    Ok(())
}

async fn foreign(target: &mut Target<'_>) -> Result<()> {
    let samples: [(&str, Vec<u8>); 9] = [
        ("nothing", vec![]),
        ("text", b"hello, agent".to_vec()),
        ("JSON", br#"{"type":"snapshot","data":{"nodes":[]}}"#.to_vec()),
        ("a picture", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06".to_vec()),
        ("wasm", b"\0asm\x01\0\0\0".to_vec()),
        ("zeros", vec![0; 1000]),
        ("ones", vec![0xff; 1000]),
        ("noise", noise(1, 1000)),
        ("another version", vec![0x21; 100]),
    ];
    for (what, bytes) in samples {
        target.refuses(what, &[bytes]).await?;
        target.recover().await?;
    }
    Ok(())
}

async fn forged(target: &mut Target<'_>) -> Result<()> {
    for round in 0..12_u32 {
        let seq = target.due().await?;
        let noise = noise(u64::from(round) + 10, 20 << (round % 6));
        let raw_len = if round % 2 == 0 { 0 } else { 5000 };
        let frame = wire::forge(wire::DELTA, seq, raw_len, &noise);
        target.refuses(&format!("a delta of noise {round}"), &[frame]).await?;
        target.recover().await?;
    }
    // What is inside of a real frame, altered; the checksum made right again. Some bits of deflate say nothing (those
    // that fill up its last byte, the code of a symbol that is not used): a frame that says the same is taken.
    let mut refused = 0;
    for round in 0..20_usize {
        let mut frame = target.next_frame().await?;
        let at = 15 + round.wrapping_mul(7919) % (frame.len() - 16);
        frame[at] ^= 1 << (round % 8);
        wire::seal(&mut frame);
        if target.says_the_same(&frame)? {
            target.pair.forget_errors().await?;
            target.pair.push(&[frame]).await?;
            let errors = target.pair.player_errors().await?;
            ensure!(errors.is_empty(), "byte {at} altered, which says the same: {errors:?}");
        } else {
            target.refuses(&format!("byte {at} altered under a right checksum"), &[frame]).await?;
            refused += 1;
        }
        target.recover().await?;
    }
    ensure!(refused >= 15, "of 20 altered frames, {} say the same", 20 - refused);
    let seq = target.due().await?;
    for kind in [0, 4, 15] {
        target.refuses(&format!("kind {kind}"), &[wire::forge(kind, seq, 0, b"body")]).await?;
    }
    target.recover().await
}

async fn keyframes(target: &mut Target<'_>) -> Result<()> {
    for round in 0..12_usize {
        // The player misses a delta: otherwise it would be in step, and look at the keyframe's hash only.
        target.next_frame().await?;
        target.pair.keyframe().await?;
        let mut frames = target.pair.intercept().await?;
        ensure!(frames.len() == 1, "{} frames for a keyframe", frames.len());
        let mut frame = frames.pop().context("a frame")?;
        let what = match round % 4 {
            0 => {
                frame.truncate(frame.len() / (round + 2));
                "cut"
            }
            1 => {
                let at = 16 + round.wrapping_mul(7919) % (frame.len() - 16);
                frame[at] ^= 0x10;
                "altered"
            }
            2 => {
                let at = 16 + round.wrapping_mul(7919) % (frame.len() - 17);
                frame[at] ^= 0x10;
                wire::seal(&mut frame);
                "altered under a right checksum"
            }
            _ => {
                let seq = wire::seq(&frame).context("the frame's number")?;
                frame = wire::forge(wire::KEYFRAME, seq, 0, &noise(round as u64, 500));
                "made of noise"
            }
        };
        if !target.says_the_same(&frame)? {
            target.refuses(&format!("a keyframe {what}"), &[frame]).await?;
        }
        target.recover().await?;
    }
    Ok(())
}

async fn flood(target: &mut Target<'_>) -> Result<()> {
    let frames: Vec<Vec<u8>> = (0..1000_usize).map(|round| noise(round as u64, 1 + round * 37 % 400)).collect();
    target.refuses("a thousand frames of noise", &frames).await?;
    target.recover().await
}

async fn over_relay(bench: &Workbench) -> Result<()> {
    let mut pair = Pair::open(bench, PAGE, Transport::Relay).await?;
    for (what, frame) in [("noise", noise(5, 300)), ("nothing", vec![])] {
        pair.forget_errors().await?;
        pair.push(&[frame]).await?;
        let errors = pair.player_errors().await?;
        ensure!(!errors.is_empty(), "{what}: no error event");
        errors.iter().try_for_each(|error| well_formed(error))?;
        pair.mutate(61, 50).await?;
        // A delta that comes before the keyframe may be refused once more; after that all is well.
        let deadline = Instant::now() + Duration::from_secs(10);
        while let Err(error) = pair.check("a bad frame").await {
            if Instant::now() > deadline {
                return Err(error.context(what));
            }
            sleep(Duration::from_millis(50)).await;
        }
        pair.forget_errors().await?;
        pair.mutate(62, 50).await?;
        pair.check("edits after it").await?;
    }
    pair.finish().await
}

/// A session in direct mode whose player is given bad frames.
struct Target<'a> {
    pair: Pair<'a>,
    edits: u32,
}

/// What a refused frame must leave alone.
struct State {
    stats: PlayerStats,
    document: String,
}

impl Target<'_> {
    /// The next frame of the recorder, which the player does not get.
    async fn next_frame(&mut self) -> Result<Vec<u8>> {
        self.edits += 1;
        let script = format!("window.fixture.replaceInnerHtml(5); window.fixture.churn({}, 20)", self.edits);
        self.pair.edit(&script).await?;
        let mut frames = self.pair.intercept().await?;
        ensure!(frames.len() == 1, "{} frames for one flush", frames.len());
        frames.pop().context("a frame")
    }

    /// Whether a frame in the place of the last one has the same body.
    fn says_the_same(&self, frame: &[u8]) -> Result<bool> {
        let (last, before) = self.pair.frames.split_last().context("a frame")?;
        let with = |end: &[u8]| wire::bodies(&before.iter().cloned().chain([end.to_vec()]).collect::<Vec<_>>());
        let said = with(last)?;
        // What cannot be read does not say the same.
        Ok(with(frame).is_ok_and(|bodies| bodies == said))
    }

    /// The number of the frame that the player expects.
    async fn due(&mut self) -> Result<u32> {
        let seq = self.pair.player_stats().await?.seq;
        Ok(u32::try_from(seq)? + 1)
    }

    async fn state(&self) -> Result<State> {
        let document = comparison::fingerprint(Side { browser: self.pair.agent(), document: REPLAYED }).await?;
        Ok(State { stats: self.pair.player_stats().await?, document })
    }

    /// Pushes frames, each of which must be refused.
    async fn refuses(&mut self, what: &str, frames: &[Vec<u8>]) -> Result<()> {
        let before = self.state().await?;
        self.pair.forget_errors().await?;
        self.pair.push(frames).await?;
        self.refused(what, before, frames.len()).await
    }

    async fn refused(&self, what: &str, before: State, frames: usize) -> Result<()> {
        let errors = self.pair.player_errors().await?;
        ensure!(errors.len() == frames, "{what}: {} error events for {frames} bad frames: {errors:?}", errors.len());
        errors.iter().try_for_each(|error| well_formed(error)).with_context(|| what.to_owned())?;
        let after = self.state().await?;
        ensure!(before.stats.hash == after.stats.hash, "{what}: the player's tree has changed");
        ensure!(before.document == after.document, "{what}: the document has changed");
        Ok(())
    }

    /// A keyframe makes everything right again.
    async fn recover(&mut self) -> Result<()> {
        self.pair.keyframe().await?;
        self.edits += 1;
        self.pair.edit(&format!("window.fixture.churn({}, 3)", self.edits)).await?;
        self.pair.forget_errors().await?;
        self.pair.sync().await.context("after the keyframe")?;
        let errors = self.pair.player_errors().await?;
        ensure!(errors.is_empty(), "after the keyframe: {errors:?}");
        Ok(())
    }
}

/// Whether a message is `frame N, byte N: expected …, found …`.
fn well_formed(message: &str) -> Result<()> {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let parts = message
        .strip_prefix("frame ")
        .and_then(|rest| rest.split_once(", byte "))
        .and_then(|(frame, rest)| Some((frame, rest.split_once(": expected ")?)))
        .and_then(|(frame, (byte, rest))| Some((frame, byte, rest.split_once(", found ")?)));
    match parts {
        Some((frame, byte, (expected, found)))
            if number(frame) && number(byte) && !expected.is_empty() && !found.is_empty() =>
        {
            Ok(())
        }
        _ => bail!("not of the form \"frame N, byte N: expected …, found …\": {message:?}"),
    }
}

/// Bytes without a meaning, the same for the same seed.
fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..len)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let [byte, ..] = state.to_be_bytes();
            byte
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_frame_byte_expectation_and_finding() {
        well_formed("frame 7, byte 20: expected a body of 4 bytes, found 5 bytes").unwrap();
        for message in [
            "",
            "frame 7: expected x, found y",
            "frame , byte 1: expected x, found y",
            "frame 1, byte 1: expected x",
            "frame 1, byte 1: expected , found y",
            "thrown: frame 1, byte 1: expected x, found y",
        ] {
            assert!(well_formed(message).is_err(), "{message}");
        }
    }

    #[test]
    fn noise_is_the_same_for_the_same_seed() {
        assert_eq!(noise(3, 10), noise(3, 10));
        assert_ne!(noise(3, 10), noise(4, 10));
    }
}
