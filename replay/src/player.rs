//! The player: frames in, the page as it was at each of them out.

use crate::commands::Commands;
use protocol::{
    Error, Limits,
    control::Control,
    decoder::{Decoder, Outcome},
    names::prop,
    repair,
    tree::{ROOT, Tree},
};

/// What is known of the page as a whole; all of it comes from the stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// The page's address.
    pub url: String,
    /// Its base URL.
    pub base: String,
    /// `quirks`, `limited-quirks` or `no-quirks`.
    pub mode: String,
    /// The viewport in CSS pixels, `WIDTHxHEIGHT`.
    pub viewport: String,
    /// The id of the focused element, or nothing.
    pub focus: String,
    /// The customer's pointer, `X,Y`, or nothing.
    pub pointer: String,
}

/// The receiving end of a stream, with what is to be done to a rebuilt page.
#[derive(Debug)]
pub struct Player {
    decoder: Decoder,
    commands: Commands,
    /// The document's mode: one of another mode is another document.
    mode: String,
    frames: u32,
    refused: u32,
    repairs: u32,
}

impl Default for Player {
    fn default() -> Self {
        Self::new(Limits::DEFAULT)
    }
}

impl Player {
    /// A player that waits for its first keyframe.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            decoder: Decoder::new(limits),
            commands: Commands::default(),
            mode: String::new(),
            frames: 0,
            refused: 0,
            repairs: 0,
        }
    }

    /// Takes a frame; afterwards [`Player::commands`] say what changed. With an error nothing has. A change of the
    /// document's mode gives [`Outcome::Rebuilt`], as no document can change it.
    ///
    /// # Errors
    /// Those of [`Decoder::push`].
    pub fn push(&mut self, frame: &[u8]) -> Result<Outcome, Error> {
        self.commands.clear();
        match self.decoder.push(frame) {
            Ok(mut outcome) => {
                self.frames += 1;
                let mode = self.tree().attr_str(ROOT, prop::MODE).unwrap_or_default();
                if mode != self.mode {
                    self.mode = mode.to_owned();
                    outcome = Outcome::Rebuilt;
                }
                if outcome == Outcome::Repaired {
                    self.repairs += 1;
                    if !self.commands.repair(&self.decoder) {
                        outcome = Outcome::Rebuilt;
                    }
                }
                match outcome {
                    Outcome::Changed => self.commands.changes(&self.decoder),
                    // The numbers of names are those of the new tree.
                    Outcome::Rebuilt | Outcome::InStep => self.commands.restart(),
                    Outcome::Repaired => {}
                }
                Ok(outcome)
            }
            Err(error) => {
                self.refused += 1;
                Err(error)
            }
        }
    }

    /// Takes a decoder's state out of a recording ([`Decoder::restore`]); the page is to be built anew.
    ///
    /// # Errors
    /// Those of [`Decoder::restore`]; the player waits for a keyframe or another state then.
    pub fn restore(&mut self, state: &[u8], has_base: bool) -> Result<(), Error> {
        self.commands.restart();
        let restored = self.decoder.restore(state, has_base);
        match &restored {
            Ok(()) => self.frames += 1,
            Err(_) => self.refused += 1,
        }
        self.mode = self.tree().attr_str(ROOT, prop::MODE).unwrap_or_default().to_owned();
        restored
    }

    /// Forgets the page: what comes next is a keyframe, of whatever number.
    pub fn restart(&mut self) {
        self.decoder = Decoder::new(*self.decoder.limits());
        self.commands.restart();
    }

    /// Says how to build the whole page as it is now, in an empty document.
    pub fn rebuild(&mut self) {
        self.commands.clear();
        self.commands.whole(self.decoder.tree());
    }

    /// What is to be done to the rebuilt page.
    #[must_use]
    pub const fn commands(&self) -> &Commands {
        &self.commands
    }

    /// The page.
    #[must_use]
    pub const fn tree(&self) -> &Tree {
        self.decoder.tree()
    }

    /// The receiving end, for its counters.
    #[must_use]
    pub const fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    /// Frames applied so far.
    #[must_use]
    pub const fn frames(&self) -> u32 {
        self.frames
    }

    /// Frames refused so far.
    #[must_use]
    pub const fn refused(&self) -> u32 {
        self.refused
    }

    /// How often the tree was mended so far.
    #[must_use]
    pub const fn repairs(&self) -> u32 {
        self.repairs
    }

    /// What is to be told to the customer's page after a frame that was refused: sums of what there is, for a repair, or, where
    /// there is nothing, that a keyframe is needed.
    #[must_use]
    pub fn request(&self) -> Control {
        match self.decoder.seq() {
            0 => Control::KeyframeRequest {},
            _ => Control::RepairRequest { sums: repair::write(&self.tree().sums()) },
        }
    }

    /// What is known of the page as a whole.
    #[must_use]
    pub fn about(&self) -> About {
        let tree = self.tree();
        let text = |name| tree.attr_str(ROOT, name).unwrap_or_default().to_owned();
        let url = text(prop::URL);
        About {
            base: tree.attr_str(ROOT, prop::BASE).map_or_else(|| url.clone(), str::to_owned),
            url,
            mode: text(prop::MODE),
            viewport: text(prop::VIEWPORT),
            focus: text(prop::FOCUS),
            pointer: text(prop::POINTER),
        }
    }
}
