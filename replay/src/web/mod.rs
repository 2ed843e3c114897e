//! The browser shell's half in wasm: frames in, commands out. The other half is `js/`.

#![allow(unsafe_code, reason = "what wasm-bindgen generates")]

use crate::player::Player as Inner;
use js_sys::{Array, Uint8Array, Uint32Array};
use protocol::{Limits, control::Control, decoder::Outcome};
use wasm_bindgen::prelude::*;

#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// A player, as JavaScript holds it.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct Engine {
    player: Inner,
    controls: u32,
}

fn error(error: impl std::fmt::Display) -> JsError {
    JsError::new(&error.to_string())
}

#[wasm_bindgen]
impl Engine {
    /// A player that waits for its first keyframe.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a frame: `rebuilt`, `changed`, `repaired`, or `in step`.
    ///
    /// # Errors
    /// With frame, offset and expectation; nothing has changed then.
    pub fn push(&mut self, frame: &[u8]) -> Result<String, JsError> {
        let outcome = self.player.push(frame).map_err(error)?;
        Ok(match outcome {
            Outcome::Rebuilt => "rebuilt",
            Outcome::Changed => "changed",
            Outcome::InStep => "in step",
            Outcome::Repaired => "repaired",
        }
        .to_owned())
    }

    /// Says how to build the whole page.
    pub fn rebuild(&mut self) {
        self.player.rebuild();
    }

    /// The commands: numbers and strings of names, numbers and strings of the rest.
    #[must_use]
    pub fn commands(&self) -> Array {
        let commands = self.player.commands();
        let (names, name_text) = commands.names();
        Array::of4(
            &Uint32Array::from(names),
            &Uint8Array::from(name_text),
            &Uint32Array::from(commands.words()),
            &Uint8Array::from(commands.text()),
        )
    }

    /// The ids that the last frame has freed.
    #[must_use]
    pub fn freed(&self) -> Uint32Array {
        Uint32Array::from(self.player.decoder().freed())
    }

    /// What is known of the page as a whole: url, base, mode, viewport, focus, pointer.
    #[must_use]
    pub fn about(&self) -> Array {
        let about = self.player.about();
        [about.url, about.base, about.mode, about.viewport, about.focus, about.pointer]
            .iter()
            .map(|text| JsValue::from_str(text))
            .collect()
    }

    /// Whether only a keyframe can be applied.
    #[must_use]
    pub fn needs_keyframe(&self) -> bool {
        self.player.decoder().needs_keyframe()
    }

    /// The sequence number of the last frame that was applied.
    #[must_use]
    pub fn seq(&self) -> u32 {
        self.player.decoder().seq()
    }

    /// The hash of the player's tree, sixteen hexadecimal digits.
    #[must_use]
    pub fn hash(&self) -> String {
        format!("{:016x}", self.player.tree().hash())
    }

    /// The time of that frame, in milliseconds since the stream began.
    #[must_use]
    pub fn time(&self) -> u32 {
        self.player.decoder().time()
    }

    /// How many nodes the tree has.
    #[must_use]
    pub fn nodes(&self) -> u32 {
        self.player.tree().count()
    }

    /// Frames applied, refused, and those of them that mended the tree.
    #[must_use]
    pub fn counts(&self) -> Array {
        let player = &self.player;
        Array::of3(&player.frames().into(), &player.refused().into(), &player.repairs().into())
    }

    /// Reads a control frame: the message's name and fields.
    ///
    /// # Errors
    /// When it is no control frame.
    pub fn control(&self, bytes: &[u8]) -> Result<Array, JsError> {
        let message = Control::read(bytes, &Limits::DEFAULT).map_err(error)?;
        let out = Array::of1(&message.name().into());
        let push = |values: &[JsValue]| values.iter().for_each(|value| _ = out.push(value));
        match message {
            Control::ModeChanged { mode } => push(&[mode.name().into()]),
            Control::Refused { command, reason } => push(&[command.into(), (reason as u8).into()]),
            Control::Joined { user, role, name } => push(&[user.into(), (role as u8).into(), name.into()]),
            Control::Left { user } => push(&[user.into()]),
            Control::Ended { reason } => push(&[(reason as u8).into()]),
            _ => {}
        }
        Ok(out)
    }

    /// The frame that asks for a keyframe; after a frame that was refused, the one that asks for what is wrong only
    /// ([`Player::request`](crate::Player::request)).
    ///
    /// # Errors
    /// Never; the signature is that of its siblings.
    pub fn request(&mut self, whole: bool) -> Result<Uint8Array, JsError> {
        let message = if whole { Control::KeyframeRequest {} } else { self.player.request() };
        self.message(&message)
    }

    /// The frame that moves the agent's pointer.
    ///
    /// # Errors
    /// Never; the signature is that of its siblings.
    pub fn pointer(&mut self, x: i32, y: i32) -> Result<Uint8Array, JsError> {
        self.message(&Control::Pointer { x, y })
    }

    /// The frame that scrolls.
    ///
    /// # Errors
    /// Never; the signature is that of its siblings.
    pub fn scroll(&mut self, node: u32, x: f64, y: f64) -> Result<Uint8Array, JsError> {
        self.message(&Control::Scroll { node, x, y })
    }

    /// The frame that clicks.
    ///
    /// # Errors
    /// Never; the signature is that of its siblings.
    pub fn click(&mut self, node: u32, x: i32, y: i32) -> Result<Uint8Array, JsError> {
        self.message(&Control::Click { node, x, y })
    }

    /// The frame that tells what could not be loaded, addresses with line breaks between ([`Control::missing`]).
    ///
    /// # Errors
    /// Never; the signature is that of its siblings.
    pub fn missing(&mut self, addresses: &str) -> Result<Uint8Array, JsError> {
        self.message(&Control::missing(addresses.lines()))
    }

    /// The frame that gives a control a value.
    ///
    /// # Errors
    /// When the value is too long for a message.
    pub fn input(&mut self, node: u32, value: String) -> Result<Uint8Array, JsError> {
        self.message(&Control::Input { node, value })
    }

    fn message(&mut self, message: &Control) -> Result<Uint8Array, JsError> {
        self.controls += 1;
        Ok(Uint8Array::from(&message.to_frame(self.controls, 0).map_err(error)?[..]))
    }
}
