//! The browser shell's half in wasm: numbers and strings in, frames out. The other half is `js/`.

#![allow(unsafe_code, reason = "what wasm-bindgen generates")]

use crate::{census::Census, control, recorder::Recorder};
use js_sys::{Array, Uint8Array, Uint32Array};
use protocol::{
    Limits, Mode,
    control::{Control, EndReason, Refusal},
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

    /// Reads a control frame and puts it to the mode gate. Returns the message's name and fields; for a command that is
    /// refused, `Refused` and the frame that tells the agent.
    ///
    /// # Errors
    /// When it is no control frame.
    pub fn control(&mut self, bytes: &[u8], mode: &str, paused: bool) -> Result<Array, JsError> {
        let message = Control::read(bytes, &Limits::DEFAULT).map_err(error)?;
        let mode: Mode = mode.parse().map_err(error)?;
        if let Err(reason) = control::check(mode, paused, &message, self.recorder.encoder().mirror()) {
            let frame = self.refused(message.tag(), reason)?;
            return Ok(Array::of2(&"Refused".into(), &frame));
        }
        let out = Array::of1(&message.name().into());
        match message {
            Control::Pointer { x, y } => {
                push(&out, x.into());
                push(&out, y.into());
            }
            Control::Scroll { node, x, y } => {
                push(&out, node.into());
                push(&out, x.into());
                push(&out, y.into());
            }
            Control::Click { node, x, y } => {
                push(&out, node.into());
                push(&out, x.into());
                push(&out, y.into());
            }
            Control::Input { node, value } => {
                push(&out, node.into());
                push(&out, value.into());
            }
            Control::Missing { addresses } => push(&out, addresses.into()),
            Control::ModeChanged { mode } => {
                push(&out, mode.name().into());
            }
            Control::Joined { user, role, name } => {
                push(&out, user.into());
                push(&out, (role as u8).into());
                push(&out, name.into());
            }
            Control::Left { user } => {
                push(&out, user.into());
            }
            Control::RepairRequest { sums } => self.recorder.mend(&sums),
            Control::Ended { reason } => {
                push(&out, (reason as u8).into());
            }
            _ => {}
        }
        Ok(out)
    }

    /// The frame that tells an agent that a command was refused; the reason is a number of `protocol::control::Refusal`.
    ///
    /// # Errors
    /// When there is no such reason.
    pub fn refuse(&mut self, command: u8, reason: u8) -> Result<Uint8Array, JsError> {
        let reasons =
            [Refusal::Mode, Refusal::Element, Refusal::Gone, Refusal::Customer, Refusal::Busy, Refusal::Paused];
        let reason = reasons.into_iter().find(|known| *known as u8 == reason).ok_or_else(|| error("no such reason"))?;
        self.refused(command, reason)
    }

    /// The frame that tells agents the mode, and the time, in milliseconds since the stream began.
    ///
    /// # Errors
    /// When there is no such mode.
    pub fn mode_changed(&mut self, mode: &str, time: u32) -> Result<Uint8Array, JsError> {
        let mode = mode.parse().map_err(error)?;
        self.message(&[Control::ModeChanged { mode }.tag(), mode as u8], time)
    }

    /// The frame that tells agents that the session is paused, or goes on.
    ///
    /// # Errors
    /// Never; the signature is that of its siblings.
    pub fn paused(&mut self, paused: bool) -> Result<Uint8Array, JsError> {
        self.message(&[if paused { Control::Paused {} } else { Control::Resumed {} }.tag()], 0)
    }

    /// The frame that ends the session on the customer's behalf.
    ///
    /// # Errors
    /// Never; the signature is that of its siblings.
    pub fn ended(&mut self) -> Result<Uint8Array, JsError> {
        let reason = EndReason::Customer;
        self.message(&[Control::Ended { reason }.tag(), reason as u8], 0)
    }

    fn refused(&mut self, command: u8, reason: Refusal) -> Result<Uint8Array, JsError> {
        self.message(&[Control::Refused { command, reason }.tag(), command, reason as u8], 0)
    }

    /// What a customer's page says has fields of one byte each, below 251: written as they are (`docs/wire-format.md` §6).
    fn message(&mut self, body: &[u8], time: u32) -> Result<Uint8Array, JsError> {
        self.controls += 1;
        let mut frame = Vec::new();
        frame::write(&mut frame, Kind::Control, self.controls, time, 0, body).map_err(error)?;
        Ok(Uint8Array::from(&frame[..]))
    }
}

#[inline(never)]
fn push(out: &Array, value: JsValue) {
    out.push(&value);
}
