//! Recordings in a browser: the shell reads the ranges that are wanted, from a file of the user's or from a server.

use super::{about_of, commands_of, control_of, error, name_of};
use crate::{
    changes,
    player::Player,
    recording::Reader,
    scan::Scan,
    search::Search,
    survey::{Event, Survey},
    trail::{Act, Trail},
};
use js_sys::{Array, Float64Array, Uint8Array, Uint32Array};
use protocol::tree::Tree;
use std::ops::Range;
use wasm_bindgen::prelude::*;

/// A recording being played, as JavaScript holds it. Its page is told as that of an `Engine` is.
///
/// Whatever asks for something (`new`, `seek`, `step`) may want bytes of the file: as long as `want` gives a range, that is to
/// be read and given to `supply`. Then it is done.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Recording {
    reader: Reader,
    /// The page before what is to be compared.
    marked: Option<Tree>,
}

/// An offset and a length; `undefined` where nothing is wanted.
fn range(range: Option<Range<u64>>) -> Option<Float64Array> {
    range.map(|range| Float64Array::from(&[range.start as f64, (range.end - range.start) as f64][..]))
}

fn text(text: Option<&String>) -> JsValue {
    text.map_or(JsValue::UNDEFINED, |text| JsValue::from_str(text))
}

impl Recording {
    fn player(&self) -> &Player {
        self.reader.player()
    }
}

#[wasm_bindgen]
impl Recording {
    /// A recording of so many bytes, that wants what it needs to be opened.
    #[wasm_bindgen(constructor)]
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a length of a file")]
    pub fn new(len: f64) -> Self {
        Self { reader: Reader::new(len.clamp(0.0, 9e15) as u64), marked: None }
    }

    /// The offset and the length of what is to be read next.
    #[must_use]
    pub fn want(&self) -> Option<Float64Array> {
        range(self.reader.want())
    }

    /// Takes what was wanted.
    ///
    /// # Errors
    /// With the place in the file; the page is as it was at the last frame before it.
    pub fn supply(&mut self, bytes: &[u8]) -> Result<(), JsError> {
        self.reader.supply(bytes).map_err(error)
    }

    /// What is known of the recording: version, created (milliseconds since 1970), address, browser, viewport, rules; each but the
    /// first may be `undefined`.
    #[must_use]
    pub fn known(&self) -> Array {
        let map = self.reader.map();
        let about = &map.about;
        let created = about.created.map_or(JsValue::UNDEFINED, |created| JsValue::from_f64(created as f64));
        let out = Array::of2(&map.version.into(), &created);
        for field in [&about.url, &about.user_agent, &about.viewport, &about.rules] {
            out.push(&text(field.as_ref()));
        }
        out
    }

    /// The times of the first and of the last frame, in milliseconds of the recording.
    #[must_use]
    pub fn times(&self) -> Uint32Array {
        Uint32Array::from(&[self.reader.map().begin(), self.reader.map().end()][..])
    }

    /// How many frames there are, messages included.
    #[must_use]
    pub fn frames(&self) -> f64 {
        self.reader.map().frames() as f64
    }

    /// The length of a part of the time in milliseconds, then how much changed in each, from 0 on.
    #[must_use]
    pub fn activity(&self) -> Uint32Array {
        let activity = &self.reader.map().activity;
        let all: Vec<u32> = std::iter::once(activity.part).chain(activity.changes.iter().copied()).collect();
        Uint32Array::from(&all[..])
    }

    /// Why the file cannot be read further than its last frame, if there is more of it: the offset, and the reason.
    #[must_use]
    pub fn problem(&self) -> Option<Array> {
        let problem = self.reader.map().problem.as_ref()?;
        Some(Array::of2(&JsValue::from_f64(problem.offset as f64), &problem.to_string().into()))
    }

    /// Asks for the page as it was at a moment, in milliseconds of the recording. Once nothing is wanted, it is to be built anew
    /// (`rebuild`, `commands`), or, where `outcome` is `undefined`, is the one that is shown.
    ///
    /// # Errors
    /// When there is no page in the file.
    pub fn seek(&mut self, at: u32) -> Result<(), JsError> {
        self.reader.seek(at).map_err(error)
    }

    /// Asks for the next frame of the page, if it is not later than this. Once nothing is wanted, `outcome` tells what it did;
    /// `undefined`: there was none.
    ///
    /// # Errors
    /// With the place in the file.
    pub fn step(&mut self, until: u32) -> Result<(), JsError> {
        self.reader.step(until).map_err(error)
    }

    /// What the frame that was applied last did: `rebuilt`, `changed`, `repaired` or `in step`.
    #[must_use]
    pub fn outcome(&self) -> Option<String> {
        self.reader.outcome().map(|outcome| name_of(outcome).to_owned())
    }

    /// The recording's time of the frame that is shown, in milliseconds.
    #[must_use]
    pub fn now(&self) -> u32 {
        self.reader.now()
    }

    /// The time of the frame before it.
    #[must_use]
    pub fn before(&self) -> u32 {
        self.reader.before()
    }

    /// What was said beside the page's stream since the last `seek` or `step`: for each its time, then the message's name and
    /// fields, those of what an agent said within: `[at, user, name, ...fields]`, `user` 0 where nobody in particular said it.
    #[must_use]
    pub fn said(&self) -> Array {
        let out = Array::new();
        for said in self.reader.said() {
            let Ok(message) = control_of(&said.frame) else { continue };
            let is_from = message.get(0).as_string().is_some_and(|name| name == "From");
            let inner = is_from.then(|| control_of(&Uint8Array::new(&message.get(2)).to_vec()).ok()).flatten();
            let line = Array::of2(&said.at.into(), &JsValue::from_f64(0.0));
            if inner.is_some() {
                line.set(1, message.get(1));
            }
            out.push(&line.concat(&inner.unwrap_or(message)));
        }
        out
    }

    /// Remembers the page as it is: `changes` tells what differs from it.
    pub fn mark(&mut self) {
        self.marked = Some(self.player().tree().clone());
    }

    /// What differs from the page that was remembered, 500 at most: for each what became of it (`added`, `removed`, `moved`,
    /// `text`, `attribute`, `state`, `page`), the node's id, where it is, the attribute's or the state's name, what was before,
    /// what is now.
    #[must_use]
    pub fn changes(&self) -> Array {
        let Some(marked) = &self.marked else { return Array::new() };
        let told = changes::between(marked, self.player().tree()).into_iter().map(|change| {
            let line = Array::of2(&change.what.name().into(), &change.node.into());
            for part in [change.path, change.name, change.before, change.after] {
                line.push(&part.into());
            }
            line
        });
        told.collect()
    }

    /// A search for a text, from the beginning on.
    #[must_use]
    pub fn search(&self, text: &str) -> RecordingSearch {
        RecordingSearch { scan: Scan::new(&self.reader, 0..u32::MAX, Search::new(text)) }
    }

    /// The places of pointers within these times.
    #[must_use]
    pub fn trail(&self, from: u32, to: u32) -> RecordingTrail {
        RecordingTrail { scan: Scan::new(&self.reader, from..to, Trail::default()) }
    }

    /// What happened when, and where nothing did.
    #[must_use]
    pub fn survey(&self) -> RecordingSurvey {
        RecordingSurvey { scan: Scan::new(&self.reader, 0..u32::MAX, Survey::default()) }
    }

    /// Says how to build the whole page.
    pub fn rebuild(&mut self) {
        self.reader.player_mut().rebuild();
    }

    /// As that of an `Engine`.
    #[must_use]
    pub fn commands(&self) -> Array {
        commands_of(self.player())
    }

    /// The ids that the last frame has freed.
    #[must_use]
    pub fn freed(&self) -> Uint32Array {
        Uint32Array::from(self.player().decoder().freed())
    }

    /// What is known of the page as a whole: url, base, mode, viewport, focus, pointer.
    #[must_use]
    pub fn about(&self) -> Array {
        about_of(self.player())
    }

    /// The sequence number of the frame that is shown.
    #[must_use]
    pub fn seq(&self) -> u32 {
        self.player().decoder().seq()
    }

    /// The time of that frame in its stream, in milliseconds; animations go by it.
    #[must_use]
    pub fn time(&self) -> u32 {
        self.player().decoder().time()
    }

    /// The hash of the page, sixteen hexadecimal digits.
    #[must_use]
    pub fn hash(&self) -> String {
        format!("{:016x}", self.player().tree().hash())
    }

    /// How many nodes the page has.
    #[must_use]
    pub fn nodes(&self) -> u32 {
        self.player().tree().count()
    }

    /// Frames applied, refused, and those of them that mended the tree.
    #[must_use]
    pub fn counts(&self) -> Array {
        let player = self.player();
        Array::of3(&player.frames().into(), &player.refused().into(), &player.repairs().into())
    }
}

/// A search, as JavaScript holds it.
#[wasm_bindgen]
#[derive(Debug)]
pub struct RecordingSearch {
    scan: Scan<Search>,
}

#[wasm_bindgen]
impl RecordingSearch {
    /// The offset and the length of what is to be read before the search can go on.
    #[must_use]
    pub fn want(&self) -> Option<Float64Array> {
        range(self.scan.want())
    }

    /// Takes what was wanted.
    ///
    /// # Errors
    /// With the place in the file.
    pub fn supply(&mut self, bytes: &[u8]) -> Result<(), JsError> {
        self.scan.supply(bytes).map_err(error)
    }

    /// Goes on by at most so many frames; true when all was searched.
    ///
    /// # Errors
    /// With the place in the file.
    pub fn work(&mut self, frames: u32) -> Result<bool, JsError> {
        self.scan.work(frames).map_err(error)
    }

    /// The time up to which all was searched.
    #[must_use]
    pub fn now(&self) -> u32 {
        self.scan.now()
    }

    /// What was found so far: for each the time at which it came, that at which it went (`undefined`: it stays), the node's id,
    /// the text around it.
    #[must_use]
    pub fn hits(&self) -> Array {
        let hits = self.scan.watch().hits().iter().map(|hit| {
            let to = hit.to.map_or(JsValue::UNDEFINED, JsValue::from);
            Array::of4(&hit.from.into(), &to, &hit.node.into(), &hit.text.as_str().into())
        });
        hits.collect()
    }
}

/// Places of pointers being gathered, as JavaScript holds it.
#[wasm_bindgen]
#[derive(Debug)]
pub struct RecordingTrail {
    scan: Scan<Trail>,
}

#[wasm_bindgen]
impl RecordingTrail {
    /// The offset and the length of what is to be read before it can go on.
    #[must_use]
    pub fn want(&self) -> Option<Float64Array> {
        range(self.scan.want())
    }

    /// Takes what was wanted.
    ///
    /// # Errors
    /// With the place in the file.
    pub fn supply(&mut self, bytes: &[u8]) -> Result<(), JsError> {
        self.scan.supply(bytes).map_err(error)
    }

    /// Goes on by at most so many frames; true when all is there.
    ///
    /// # Errors
    /// With the place in the file.
    pub fn work(&mut self, frames: u32) -> Result<bool, JsError> {
        self.scan.work(frames).map_err(error)
    }

    /// What was gathered so far, five numbers each: time, whose it is (0: the customer's), x, y, and 1 for a click.
    #[must_use]
    pub fn points(&self) -> Float64Array {
        let all: Vec<f64> = self
            .scan
            .watch()
            .points()
            .iter()
            .flat_map(|point| {
                let act = f64::from(u8::from(point.act == Act::Click));
                [f64::from(point.at), f64::from(point.user), f64::from(point.x), f64::from(point.y), act]
            })
            .collect();
        Float64Array::from(&all[..])
    }
}

/// A survey being made, as JavaScript holds it.
#[wasm_bindgen]
#[derive(Debug)]
pub struct RecordingSurvey {
    scan: Scan<Survey>,
}

#[wasm_bindgen]
impl RecordingSurvey {
    /// The offset and the length of what is to be read before it can go on.
    #[must_use]
    pub fn want(&self) -> Option<Float64Array> {
        range(self.scan.want())
    }

    /// Takes what was wanted.
    ///
    /// # Errors
    /// With the place in the file.
    pub fn supply(&mut self, bytes: &[u8]) -> Result<(), JsError> {
        self.scan.supply(bytes).map_err(error)
    }

    /// Goes on by at most so many frames; true when all is there.
    ///
    /// # Errors
    /// With the place in the file.
    pub fn work(&mut self, frames: u32) -> Result<bool, JsError> {
        self.scan.work(frames).map_err(error)
    }

    /// What was found so far, for each its time, a name and fields: `Page` with an address, or a message with its fields.
    #[must_use]
    pub fn moments(&self) -> Array {
        let told = self.scan.watch().moments().iter().map(|moment| {
            let line = Array::of1(&moment.at.into());
            match &moment.event {
                Event::Page(url) => line.concat(&Array::of2(&"Page".into(), &url.as_str().into())),
                Event::Said(frame) => line.concat(&control_of(frame).unwrap_or_default()),
            }
        });
        told.collect()
    }

    /// Stretches without a change, two times each.
    #[must_use]
    pub fn idle(&self) -> Uint32Array {
        let all: Vec<u32> = self.scan.watch().idle().iter().flat_map(|&(from, to)| [from, to]).collect();
        Uint32Array::from(&all[..])
    }
}
