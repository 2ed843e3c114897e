//! The browser shell's half in wasm: numbers and strings in, frames out. The other half is `js/`.

#![allow(unsafe_code, reason = "what wasm-bindgen generates")]

use crate::{
    census::Census,
    control::{self, Standing},
    privacy::Policy,
    recorder::Recorder,
};
use js_sys::{Array, Float64Array, Uint8Array, Uint32Array};
use protocol::{
    Limits,
    fields::{self, Value},
    frame::{self, Kind},
    tree::NONE,
};
use wasm_bindgen::prelude::*;

#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// A recorder, as JavaScript holds it.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Engine {
    recorder: Recorder,
    words: Vec<u32>,
    text: Vec<u8>,
    controls: u32,
}

// One function for all errors: each of its own would take its own code.
fn error(error: impl std::fmt::Display) -> JsError {
    told(&error)
}

#[cold]
#[inline(never)]
fn told(error: &dyn std::fmt::Display) -> JsError {
    JsError::new(&format!("cobrowse: {error}"))
}

#[wasm_bindgen]
impl Engine {
    /// A recorder of an empty page; the key's two halves are drawn at random.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(key_high: u32, key_low: u32) -> Self {
        let key = u64::from(key_high) << 32 | u64::from(key_low);
        Self { recorder: Recorder::new(key, &Limits::DEFAULT), words: Vec::new(), text: Vec::new(), controls: 0 }
    }

    /// See [`Policy`]; to be said before anything is read.
    pub fn policy(&mut self, private: bool, fixed: bool, queries: bool) {
        self.recorder.set_policy(Policy { private, fixed, queries });
    }

    /// The bits of `privacy::Rules` of a node.
    #[must_use]
    pub fn rules(&self, id: u32) -> u32 {
        self.recorder.encoder().mirror().node(id).owner.into()
    }

    /// Room for so many numbers; where it is in the memory.
    pub fn words(&mut self, len: usize) -> *mut u32 {
        self.words.resize(len, 0);
        self.words.as_mut_ptr()
    }

    /// Room for so many bytes of text; where it is in the memory.
    pub fn text(&mut self, len: usize) -> *mut u8 {
        self.text.resize(len, 0);
        self.text.as_mut_ptr()
    }

    /// Takes a batch from the rooms filled before; see `capture::facts`.
    ///
    /// # Errors
    /// When the mirror is not to be trusted any more.
    pub fn read(&mut self, words: usize, bytes: usize, units: usize) -> Result<(), JsError> {
        let words = self.words.get(..words).unwrap_or_default();
        let text = std::str::from_utf8(self.text.get(..bytes).unwrap_or_default()).map_err(error)?;
        let read = self.recorder.read(words, text, units).map_err(error);
        // A large page is read once; its room is not kept.
        if self.text.len() > 1 << 15 || self.words.len() > 1 << 13 {
            (self.words, self.text) = (Vec::new(), Vec::new());
        }
        read
    }

    /// Reads the page's markup from the rooms filled before: the first `shape` numbers are its shape, the next
    /// `templates` the lengths of templates' contents; see `capture::markup`. Returns where to look further.
    ///
    /// # Errors
    /// When markup and shape do not agree: the page is to be read node by node, into a new engine.
    pub fn markup(
        &mut self,
        shape: usize,
        templates: usize,
        bytes: usize,
        units: usize,
    ) -> Result<Uint32Array, JsError> {
        let words = self.words.get(..shape + templates).unwrap_or_default();
        let (shape, templates) = words.split_at_checked(shape).unwrap_or_default();
        let html = std::str::from_utf8(self.text.get(..bytes).unwrap_or_default()).map_err(error)?;
        let interests = self.recorder.read_markup(html, units, shape, templates).map_err(error)?;
        (self.words, self.text) = (Vec::new(), Vec::new());
        Ok(Uint32Array::from(&interests[..]))
    }

    /// Reads the page's markup from the room filled before, without its shape, some `nodes` in number; the first `templates`
    /// numbers are the lengths of templates' contents; see `capture::census`. Returns how many HTML, SVG and MathML elements, texts and
    /// comments it has, then where to look further.
    ///
    /// # Errors
    /// When it does not say all: the page is to be read in another way, into a new engine.
    pub fn census(
        &mut self,
        templates: usize,
        bytes: usize,
        units: usize,
        nodes: usize,
    ) -> Result<Uint32Array, JsError> {
        let templates = self.words.get(..templates).unwrap_or_default();
        let html = std::str::from_utf8(self.text.get(..bytes).unwrap_or_default()).map_err(error)?;
        let (census, found) = self.recorder.read_census(html, units, nodes, templates).map_err(error)?;
        (self.words, self.text) = (Vec::new(), Vec::new());
        let Census { html, svg, mathml, texts, comments } = census;
        let mut told = vec![html, svg, mathml, texts, comments];
        told.extend_from_slice(&found);
        Ok(Uint32Array::from(&told[..]))
    }

    /// The ids of what stands below a node as its children, in order; shadow roots, templates' contents and style sheets
    /// are none.
    #[must_use]
    pub fn children(&self, id: u32) -> Uint32Array {
        let mirror = self.recorder.encoder().mirror();
        let mut ids = Vec::new();
        if mirror.is_live(id) {
            ids.extend(mirror.children(id).filter(|id| !mirror.node(*id).kind.is_fragment()));
        }
        Uint32Array::from(&ids[..])
    }

    /// The id of the node that this one is below; none for the document, and for what is not there.
    #[must_use]
    pub fn parent(&self, id: u32) -> Option<u32> {
        let mirror = self.recorder.encoder().mirror();
        mirror.is_live(id).then(|| mirror.node(id).parent).filter(|parent| *parent != NONE)
    }

    /// See [`Recorder::is_seen`].
    #[must_use]
    pub fn is_seen(&self, id: u32) -> bool {
        self.recorder.is_seen(id)
    }

    /// Ends a frame with what changed; nothing when nothing did.
    ///
    /// # Errors
    /// When the facts contradict each other.
    pub fn delta(&mut self, time: u32) -> Result<Option<Uint8Array>, JsError> {
        Ok(self.recorder.delta(time).map_err(error)?.map(Uint8Array::from))
    }

    /// Ends a frame with the whole page, or, if it need not be `whole`, with what a player lacks of it that asked
    /// for a repair.
    ///
    /// # Errors
    /// When the facts contradict each other.
    pub fn keyframe(&mut self, time: u32, whole: bool) -> Result<Uint8Array, JsError> {
        let frame = if whole { self.recorder.keyframe(time) } else { self.recorder.repair(time) };
        Ok(Uint8Array::from(frame.map_err(error)?))
    }

    /// See [`Recorder::fresh`].
    #[must_use]
    pub fn fresh(&self) -> Uint32Array {
        Uint32Array::from(self.recorder.fresh())
    }

    /// See [`Recorder::freed`].
    #[must_use]
    pub fn freed(&self) -> Uint32Array {
        Uint32Array::from(self.recorder.freed())
    }

    /// See [`Recorder::select`].
    pub fn select(&mut self, reader: usize) {
        self.recorder.select(reader);
    }

    /// See [`Recorder::strays`].
    pub fn strays(&mut self) -> Uint32Array {
        Uint32Array::from(&self.recorder.strays()[..])
    }

    /// See [`Recorder::customs`].
    pub fn customs(&mut self) -> Option<String> {
        self.recorder.customs()
    }

    /// See [`Recorder::retells`].
    #[must_use]
    pub fn retells(&self) -> Uint32Array {
        Uint32Array::from(self.recorder.retells())
    }

    /// See [`Recorder::settle`].
    pub fn settle(&mut self) {
        self.recorder.settle();
    }

    /// The sequence number of the last frame.
    #[must_use]
    pub fn seq(&self) -> u32 {
        self.recorder.encoder().seq()
    }

    /// The hash of the recorder's tree, sixteen hexadecimal digits.
    #[must_use]
    pub fn hash(&self) -> String {
        format!("{:016x}", self.recorder.encoder().mirror().hash())
    }

    /// How many nodes the mirror has.
    #[must_use]
    pub fn nodes(&self) -> u32 {
        self.recorder.encoder().mirror().count()
    }

    /// Bytes taken from the allocator: the mirror, the gate's tables, and the rooms that are kept between frames.
    #[must_use]
    pub fn memory(&self) -> usize {
        let rooms = self.words.capacity() * size_of::<u32>() + self.text.capacity();
        self.recorder.memory() + rooms
    }

    /// Bytes in strings of the mirror.
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        self.recorder.encoder().mirror().text_bytes()
    }

    /// Reads a control frame and puts it to the mode gate. Returns the message's name, the number of the agent who says it (0 for
    /// what the relay says, and without one), and the fields: numbers, texts, `Uint8Array` and `Float64Array`. A command that is refused has the
    /// name `Refused`, and as fields its tag and the reason.
    ///
    /// # Errors
    /// When it is no control frame.
    pub fn control(&mut self, bytes: &[u8], mode: &str, paused: bool, controller: u32) -> Result<Array, JsError> {
        let mut message = fields::read(bytes, &Limits::DEFAULT).map_err(error)?;
        let mut user = 0;
        if message.shape.tag == FROM {
            user = message.first();
            let Some(Value::Bytes(inner)) = message.values.pop() else { return Err(error("no message")) };
            message = fields::read(inner, &Limits::DEFAULT).map_err(error)?;
        }
        let standing = Standing { mode: mode.parse().map_err(error)?, paused, user, controller };
        if let Err(reason) = control::check(standing, &message, self.recorder.encoder().mirror()) {
            let fields = [message.shape.tag.into(), (reason as u8).into()];
            return Ok(said("Refused", user, fields));
        }
        if let (REPAIR_REQUEST, [Value::Bytes(sums)]) = (message.shape.tag, &message.values[..]) {
            self.recorder.mend(sums);
        }
        Ok(said(message.shape.name, user, message.values.into_iter().map(value)))
    }

    /// Whether a node is kept from the agent's hand, and whether what is in it is from the agent's eyes: bits 1 and 2.
    #[must_use]
    pub fn kept(&self, id: u32) -> u8 {
        let mirror = self.recorder.encoder().mirror();
        u8::from(control::is_kept(mirror, id)) | u8::from(control::is_hidden(mirror, id)) << 1
    }

    /// The verdicts of the mode gate on kinds of elements: see `capture::control::table`.
    #[must_use]
    pub fn verdicts() -> Vec<u8> {
        control::table()
    }

    /// A message of the customer's page: its tag and fields that are numbers, and the time, in milliseconds since the stream began.
    ///
    /// # Errors
    /// When there is no message of that tag and as many fields.
    pub fn say(&mut self, tag: u8, fields: &[u32], time: u32) -> Result<Uint8Array, JsError> {
        self.controls += 1;
        let (mut body, mut frame) = (Vec::new(), Vec::new());
        let fields: Vec<Value<'_>> = fields.iter().map(|field| Value::Number((*field).into())).collect();
        fields::write(&mut body, tag, &fields).ok_or_else(|| error("no such message"))?;
        frame::write(&mut frame, Kind::Control, self.controls, time, 0, &body).map_err(error)?;
        Ok(Uint8Array::from(&frame[..]))
    }
}

/// Tags of `protocol::control::Control`.
const FROM: u8 = 35;
const REPAIR_REQUEST: u8 = 6;

fn said(name: &str, user: u32, fields: impl IntoIterator<Item = JsValue>) -> Array {
    let out = Array::of2(&name.into(), &user.into());
    for field in fields {
        push(&out, field);
    }
    out
}

fn value(value: Value<'_>) -> JsValue {
    match value {
        Value::Number(number) => number.into(),
        Value::Text(text) => text.into(),
        Value::Bytes(bytes) => Uint8Array::from(bytes).into(),
        Value::Numbers(numbers) => Float64Array::from(&numbers[..]).into(),
    }
}

#[inline(never)]
fn push(out: &Array, value: JsValue) {
    out.push(&value);
}
