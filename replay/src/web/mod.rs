//! The browser shell's half in wasm: frames in, commands out. The other half is `js/`.

#![allow(unsafe_code, reason = "what wasm-bindgen generates")]

mod loading;
mod recording;

pub use loading::Loading;
pub use recording::{Recording, RecordingSearch, RecordingSurvey, RecordingTrail};

use crate::player::Player as Inner;
use js_sys::{Array, Float64Array, Uint8Array, Uint32Array};
use protocol::{
    Limits,
    control::Control,
    decoder::Outcome,
    fields::{self, Value},
    frame,
};
use wasm_bindgen::{JsCast, prelude::*};

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

const fn name_of(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Rebuilt => "rebuilt",
        Outcome::Changed => "changed",
        Outcome::InStep => "in step",
        Outcome::Repaired => "repaired",
    }
}

/// The commands: numbers and strings of names, numbers and strings of the rest.
fn commands_of(player: &Inner) -> Array {
    let commands = player.commands();
    let (names, name_text) = commands.names();
    Array::of4(
        &Uint32Array::from(names),
        &Uint8Array::from(name_text),
        &Uint32Array::from(commands.words()),
        &Uint8Array::from(commands.text()),
    )
}

/// What is known of the page as a whole: url, base, mode, viewport, focus, pointer.
fn about_of(player: &Inner) -> Array {
    let about = player.about();
    [about.url, about.base, about.mode, about.viewport, about.focus, about.pointer]
        .iter()
        .map(|text| JsValue::from_str(text))
        .collect()
}

/// A control frame: the message's name and fields, numbers and texts.
fn control_of(bytes: &[u8]) -> Result<Array, JsError> {
    let message = fields::read(bytes, &Limits::DEFAULT).map_err(error)?;
    let out = Array::of1(&message.shape.name.into());
    for value in message.values {
        out.push(&match value {
            Value::Number(number) => number.into(),
            Value::Text(text) => text.into(),
            Value::Bytes(bytes) => Uint8Array::from(bytes).into(),
            Value::Numbers(numbers) => Float64Array::from(&numbers[..]).into(),
        });
    }
    Ok(out)
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
        Ok(name_of(outcome).to_owned())
    }

    /// Says how to build the whole page.
    pub fn rebuild(&mut self) {
        self.player.rebuild();
    }

    /// The commands: numbers and strings of names, numbers and strings of the rest.
    #[must_use]
    pub fn commands(&self) -> Array {
        commands_of(&self.player)
    }

    /// The ids that the last frame has freed.
    #[must_use]
    pub fn freed(&self) -> Uint32Array {
        Uint32Array::from(self.player.decoder().freed())
    }

    /// What is known of the page as a whole: url, base, mode, viewport, focus, pointer.
    #[must_use]
    pub fn about(&self) -> Array {
        about_of(&self.player)
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

    /// Reads a control frame: the message's name and fields, numbers and texts.
    ///
    /// # Errors
    /// When it is no control frame.
    pub fn control(&self, bytes: &[u8]) -> Result<Array, JsError> {
        control_of(bytes)
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

    /// The frame that tells what could not be loaded, addresses with line breaks between ([`Control::missing`]).
    ///
    /// # Errors
    /// Never; the signature is that of its siblings.
    pub fn missing(&mut self, addresses: &str) -> Result<Uint8Array, JsError> {
        self.message(&Control::missing(addresses.lines()))
    }

    fn message(&mut self, message: &Control) -> Result<Uint8Array, JsError> {
        self.controls += 1;
        let frame = message.to_frame(self.controls, 0).map_err(error)?;
        Ok(Uint8Array::from(&frame[..]))
    }

    /// A message of the agent's: its tag, and its fields: numbers, texts, bytes, and arrays of numbers (of points first x and then y
    /// of each).
    ///
    /// # Errors
    /// When there is no message of that tag with such fields, and when it would be too long.
    pub fn say(&mut self, tag: u8, fields: &Array) -> Result<Uint8Array, JsError> {
        let unfit = || JsError::new("cobrowse: a message with such fields was not expected");
        let texts: Vec<Option<String>> = fields.iter().map(|field| field.as_string()).collect();
        let bytes: Vec<Option<Vec<u8>>> =
            fields.iter().map(|field| field.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec)).collect();
        let values = fields.iter().zip(texts.iter().zip(&bytes)).map(|(field, (text, bytes))| {
            Some(match (text, bytes, field.as_f64()) {
                (Some(text), ..) => Value::Text(text),
                (None, Some(bytes), _) => Value::Bytes(bytes),
                (None, None, Some(number)) => Value::Number(number),
                _ => Value::Numbers(
                    field.dyn_ref::<Array>()?.iter().map(|number| number.as_f64()).collect::<Option<_>>()?,
                ),
            })
        });
        let values: Vec<Value<'_>> = values.collect::<Option<_>>().ok_or_else(unfit)?;
        let mut body = Vec::new();
        fields::write(&mut body, tag, &values).ok_or_else(unfit)?;
        self.controls += 1;
        let mut frame = Vec::new();
        frame::write(&mut frame, frame::Kind::Control, self.controls, 0, 0, &body).map_err(error)?;
        if frame.len() > Limits::AGENT_BYTES {
            return Err(JsError::new(&format!(
                "cobrowse: a message of at most {} bytes was expected",
                Limits::AGENT_BYTES
            )));
        }
        Ok(Uint8Array::from(&frame[..]))
    }
}
