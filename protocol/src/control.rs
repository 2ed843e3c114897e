//! Messages beside the page's stream: what an agent asks for, what a customer answers, what the relay tells both
//! (`docs/wire-format.md` §6).
//!
//! A message is the body of a frame of kind [`Kind::Control`]: one tag byte from the table below, then the fields in
//! order, written by bincode (little endian, variable-length integers). Tags are given by hand and never reused.

use crate::{
    Error, ErrorKind, Limits, Mode,
    error::Result,
    fields::{Field, Shape},
    frame::{self, Kind},
};
use bincode::{
    Decode, Encode,
    config::{Configuration, Limit, LittleEndian, Varint},
    de::{BorrowDecoder, Decoder, DecoderImpl, read::Reader},
    error::{DecodeError, EncodeError},
};

/// Who a participant is. The numbers are those of Genesys Co-browse (seed `002_dbad22d69781cc41.txt`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Whose page is shared.
    Customer = 1,
    /// Who watches and helps.
    Agent = 2,
    /// The agent's desktop application.
    Controller = 3,
}

/// Why an agent's command was not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The session's mode does not allow it.
    Mode = 1,
    /// The element is masked, blocked, denied or a file input.
    Element = 2,
    /// The element is no longer there.
    Gone = 3,
    /// Only the customer's own hand may do it (submit, leave the site, open a file picker).
    Customer = 4,
    /// The customer is using the element.
    Busy = 5,
    /// The session is paused.
    Paused = 6,
    /// The customer was asked, and said no, or nothing.
    Declined = 7,
    /// Another agent has control.
    Control = 8,
    /// The element takes no such thing: text for a button, anything for what is disabled.
    Unfit = 9,
}

impl Refusal {
    /// Every reason, by its number.
    pub const ALL: [Self; 9] = [
        Self::Mode,
        Self::Element,
        Self::Gone,
        Self::Customer,
        Self::Busy,
        Self::Paused,
        Self::Declined,
        Self::Control,
        Self::Unfit,
    ];
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EndReason {
    /// The customer stopped it.
    Customer = 1,
    /// The agent left for good or stopped it.
    Agent = 2,
    /// The agent's desktop stopped it.
    Controller = 3,
    /// Nothing was heard for longer than the relay allows.
    Idle = 4,
    /// The relay is going down and cannot hand the session over.
    Shutdown = 5,
    /// A participant broke the protocol.
    Protocol = 6,
    /// The customer left the page and did not come back.
    Left = 7,
    /// The customer was asked and said no.
    Declined = 8,
    /// The customer was asked and did not answer.
    Expired = 9,
    /// The question was withdrawn.
    Cancelled = 10,
    /// The conversation that the session belonged to was closed: the agent's desktop says so.
    Closed = 11,
    /// That conversation went to another agent: the agent's desktop says so.
    Transferred = 12,
}

impl EndReason {
    /// All of them, by their numbers.
    pub const ALL: [Self; 12] = [
        Self::Customer,
        Self::Agent,
        Self::Controller,
        Self::Idle,
        Self::Shutdown,
        Self::Protocol,
        Self::Left,
        Self::Declined,
        Self::Expired,
        Self::Cancelled,
        Self::Closed,
        Self::Transferred,
    ];
}

/// Encodes a field-less enum of this module as its number.
macro_rules! numbered {
    ($type:ident: $($variant:ident),+ $(,)?) => {
        impl Encode for $type {
            fn encode<E: bincode::enc::Encoder>(&self, encoder: &mut E) -> std::result::Result<(), EncodeError> {
                (*self as u8).encode(encoder)
            }
        }
        impl<C> Decode<C> for $type {
            fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> std::result::Result<Self, DecodeError> {
                let tag = u8::decode(decoder)?;
                $(if tag == Self::$variant as u8 { return Ok(Self::$variant); })+
                Err(DecodeError::OtherString(format!("{} {tag}", stringify!($type))))
            }
        }
        impl<'de, C> bincode::BorrowDecode<'de, C> for $type {
            fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(decoder: &mut D) -> std::result::Result<Self, DecodeError> {
                Self::decode(decoder)
            }
        }
    };
}

numbered!(Mode: Follow, View, Shared);
numbered!(Role: Customer, Agent, Controller);
numbered!(Refusal: Mode, Element, Gone, Customer, Busy, Paused, Declined, Control, Unfit);
numbered!(
    EndReason: Customer, Agent, Controller, Idle, Shutdown, Protocol, Left, Declined, Expired, Cancelled, Closed, Transferred,
);

/// Declares the messages with their tags in one table, their codec, and their shapes.
macro_rules! control {
    ($($(#[$doc:meta])* $tag:literal => $variant:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty),* $(,)? },)+) => {
        /// One message. See the module's documentation for the bytes.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Control {
            $($(#[$doc])* $variant { $($(#[$field_doc])* $field: $type),* },)+
        }

        impl Control {
            /// The number that stands for the message on the wire.
            #[must_use]
            pub const fn tag(&self) -> u8 {
                match self { $(Self::$variant { .. } => $tag,)+ }
            }

            /// The message's name, as logs and refusals show it.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$variant { .. } => stringify!($variant),)+ }
            }
        }

        /// Tag, name and fields of every message, for who reads messages without knowing each ([`crate::fields`]).
        pub const SHAPES: &[Shape] = &[
            $(Shape { tag: $tag, name: stringify!($variant), fields: &[$(<$type as Field>::KIND),*] },)+
        ];

        impl Encode for Control {
            fn encode<E: bincode::enc::Encoder>(&self, encoder: &mut E) -> std::result::Result<(), EncodeError> {
                self.tag().encode(encoder)?;
                match self { $(Self::$variant { $($field),* } => { $($field.encode(encoder)?;)* })+ }
                Ok(())
            }
        }

        impl<C> Decode<C> for Control {
            fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> std::result::Result<Self, DecodeError> {
                match u8::decode(decoder)? {
                    $($tag => Ok(Self::$variant { $($field: <$type>::decode(decoder)?),* }),)+
                    tag => Err(DecodeError::OtherString(format!("control tag {tag}"))),
                }
            }
        }
    };
}

control! {
    /// To the customer: a keyframe is needed (a new agent, or one that lost step).
    1 => KeyframeRequest {},
    /// From an agent: where its pointer is, in CSS pixels of the customer's viewport.
    2 => Pointer {
        /// From the viewport's left edge.
        x: i32,
        /// From the viewport's top edge.
        y: i32,
    },
    /// From an agent: scroll an element, or the window (node 0), to a position in CSS pixels.
    3 => Scroll {
        /// The element's node id, 0 for the window.
        node: u32,
        /// The new `scrollLeft`.
        x: f64,
        /// The new `scrollTop`.
        y: f64,
    },
    /// From an agent: click the primary button at a point of an element.
    4 => Click {
        /// The element's node id.
        node: u32,
        /// From the viewport's left edge, in CSS pixels.
        x: i32,
        /// From the viewport's top edge, in CSS pixels.
        y: i32,
    },
    /// From an agent: the new value of a text control, a select, or an editable element.
    5 => Input {
        /// The element's node id.
        node: u32,
        /// The whole new value.
        value: String,
    },
    /// From an agent: its tree lost step. The answer is a frame of kind [`Kind::Repair`], or a keyframe.
    6 => RepairRequest {
        /// The sums of its subtrees, as [`crate::repair::write`] has them.
        sums: Vec<u8>,
    },
    /// From an agent: click again, as the second of a double-click.
    7 => DoubleClick {
        /// The element's node id.
        node: u32,
        /// From the viewport's left edge, in CSS pixels.
        x: i32,
        /// From the viewport's top edge, in CSS pixels.
        y: i32,
    },
    /// From an agent: press the primary button at a point of an element, and hold it.
    8 => DragStart {
        /// The element's node id.
        node: u32,
        /// From the viewport's left edge, in CSS pixels.
        x: i32,
        /// From the viewport's top edge, in CSS pixels.
        y: i32,
    },
    /// From an agent: move what is held.
    9 => DragMove {
        /// From the viewport's left edge, in CSS pixels.
        x: i32,
        /// From the viewport's top edge, in CSS pixels.
        y: i32,
    },
    /// From an agent: let it go.
    10 => DragEnd {
        /// From the viewport's left edge, in CSS pixels.
        x: i32,
        /// From the viewport's top edge, in CSS pixels.
        y: i32,
    },
    /// From an agent: it is done with a field; the page hears of a change.
    11 => Commit {
        /// The element's node id.
        node: u32,
    },
    /// From an agent: the caret, or what is selected, in a text field, or in a text of an editable element.
    12 => Select {
        /// The node id of the field, or of the text.
        node: u32,
        /// Where it begins, in UTF-16 code units.
        start: u32,
        /// Where it ends; the caret is where both are the same.
        end: u32,
    },
    /// From an agent: an edit of an editable element, where its caret is.
    13 => Edit {
        /// The node id of the editable element.
        node: u32,
        /// 0 inserts the text, 1 deletes backward, 2 deletes forward, 3 begins a paragraph, 4 a line.
        action: u8,
        /// What is inserted, otherwise nothing.
        text: String,
    },
    /// From an agent: what is chosen in a list.
    14 => Choose {
        /// The node id of the `<select>`.
        node: u32,
        /// The options that are chosen, counted from 0.
        options: Vec<u32>,
    },
    /// From an agent: a control of what plays.
    15 => Media {
        /// The node id of the `<audio>` or `<video>`.
        node: u32,
        /// 0 pauses, 1 plays, 2 goes to a time, 3 sets the volume, 4 mutes (not 0) or not (0), 5 sets the rate.
        action: u8,
        /// Seconds, a share of 1, or a factor.
        value: f64,
    },
    /// From an agent: go elsewhere on the site.
    64 => Navigate {
        /// 0 back, 1 forward, 2 loads the page again, 3 goes to the address.
        to: u8,
        /// The address, otherwise nothing.
        url: String,
    },
    /// From an agent: a drawing over the page, gone after some seconds.
    65 => Draw {
        /// 0 wipes all, 1 a box between two points, 2 a line through all points, 3 an arrow from the first to the last.
        shape: u8,
        /// In CSS pixels of the customer's viewport; at most [`DRAWN_POINTS`].
        points: Vec<(i32, i32)>,
    },
    /// From an agent: it asks for control.
    66 => ControlRequest {},
    /// From the agent in control: another one has it now.
    67 => ControlGive {
        /// That one's number.
        user: u32,
    },
    /// From an agent: it asks for another mode.
    68 => ModeRequest {
        /// Which.
        mode: Mode,
    },
    /// From an agent: Enter in a field, which submits its form.
    69 => Enter {
        /// The element's node id.
        node: u32,
    },
    /// From an agent: what its page could not load. Who asks gets nothing but what the customer's page shows.
    70 => Missing {
        /// Addresses with line breaks between, at most [`MISSING_COUNT`] of at most [`MISSING_BYTES`] each.
        addresses: String,
    },
    /// From an agent: a piece of a picture that the customer is to see (`docs/control.md`, "Documents").
    71 => Document {
        /// A number that the agent's page has drawn for it.
        document: u32,
        /// How many bytes it has in all; 0 takes it back.
        size: u32,
        /// How many came before this piece.
        at: u32,
        /// Its name, with the first piece.
        name: String,
        /// The piece, at most [`DOCUMENT_PIECE`].
        bytes: Vec<u8>,
    },
    /// From an agent: about the customer's screen (`docs/screen-sharing.md`).
    72 => Screen {
        /// 0 asks for it, 1 ends it, 2 answers an offer, 3 is a candidate for the way, 4 asks for an offer anew.
        step: u8,
        /// Of 2 and 3 what browsers say to each other, as JSON; otherwise nothing.
        data: String,
    },
    /// From the customer: the session's mode, once at the start and on every change.
    16 => ModeChanged {
        /// What the agent may do from now on.
        mode: Mode,
    },
    /// From the customer: a command was not carried out.
    17 => Refused {
        /// Whose it was.
        user: u32,
        /// The command's tag in this table.
        command: u8,
        /// Why.
        reason: Refusal,
    },
    /// From the customer: nothing is shown until [`Control::Resumed`].
    18 => Paused {},
    /// From the customer: the page is shown again.
    19 => Resumed {},
    /// From the customer: who has control, when an agent comes and whenever it changes.
    20 => Controller {
        /// The agent's number; 0 for nobody.
        user: u32,
        /// The agent who asks for it; 0 for nobody.
        asking: u32,
    },
    /// From the customer: a command waits for the customer to accept it.
    21 => Proposed {
        /// Whose it is.
        user: u32,
        /// The command's tag in this table.
        command: u8,
    },
    /// From the customer: whether the page is in front.
    22 => Visible {
        /// 0: it is seen; 1: another tab is; 2: another window has the focus; 3: a window is in front that the page has
        /// opened, and that is not shared.
        state: u8,
    },
    /// From the customer to an agent: what has become of a [`Control::Document`].
    23 => DocumentState {
        /// Whose it is.
        user: u32,
        /// The number that the agent has given it.
        document: u32,
        /// 0: bytes have arrived; 1: it is shown; 2: the customer has closed it; 3: it is refused; 4: another one is shown in its
        /// place; 5: it has been taken back.
        state: u8,
        /// Of 0 how many bytes; of 3 why: 1 it is no JPG, PNG or GIF, 2 it is too large, 3 it cannot be shown, 4 the site has no
        /// documents shown, 5 the pieces do not fit.
        value: u32,
    },
    /// From the customer to an agent, or to all: about the customer's screen.
    24 => ScreenSignal {
        /// The agent's number; 0 for all.
        user: u32,
        /// 0: it is not shown, or no longer; 1: the customer is asked; 2: the customer has declined; 3: it is shown; 4: it is
        /// paused; 5: too many watch; 6 an offer; 7 a candidate for the way; 8: the session shows the screen only, nothing of the page.
        step: u8,
        /// Of 6 and 7 what browsers say to each other, as JSON; of 2 why, where it was not the customer: `site` or `unsupported`;
        /// otherwise nothing.
        data: String,
    },
    /// From the relay: a participant came. Sent to everyone else, and to the newcomer once for each one present.
    32 => Joined {
        /// A number unique within the session.
        user: u32,
        /// Who it is.
        role: Role,
        /// The name it gave, possibly empty.
        name: String,
    },
    /// From the relay: a participant went away.
    33 => Left {
        /// The number given in [`Control::Joined`].
        user: u32,
    },
    /// From the relay to the customer: what an agent says.
    35 => From {
        /// The agent's number.
        user: u32,
        /// The agent's message, as a whole frame.
        frame: Vec<u8>,
    },
    /// From the relay to an agent: the number by which the others know it. From a customer to the relay: its page has shown the agent
    /// with this number, who gets the page from now on.
    36 => Welcome {
        /// The number.
        user: u32,
    },
    /// From the relay, or from a side that stops: the session is over.
    34 => Ended {
        /// Why.
        reason: EndReason,
    },
    /// From the relay to agents, behind the customer's [`Control::Left`] or as a newcomer's first: why nobody is there.
    37 => Absent {
        /// 1: the page was left on purpose; 2: nothing is heard of it.
        reason: u8,
        /// How long the session waits, from now on.
        seconds: u32,
    },
}

/// The most points of one [`Control::Draw`].
pub const DRAWN_POINTS: usize = 1_000;
/// How many addresses a [`Control::Missing`] holds at most.
pub const MISSING_COUNT: usize = 32;
/// How long each of them may be.
pub const MISSING_BYTES: usize = 1024;
/// The most bytes of one piece of a [`Control::Document`].
pub const DOCUMENT_PIECE: usize = 16 << 10;

const CONFIG: Configuration<LittleEndian, Varint, Limit<{ Limits::CONTROL_BYTES }>> =
    bincode::config::standard().with_limit::<{ Limits::CONTROL_BYTES }>();

/// A reader that knows how far it is, so that an error can say where.
struct Counting<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader for Counting<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::result::Result<(), DecodeError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let Some(taken) = rest.get(..out.len()) else {
            return Err(DecodeError::UnexpectedEnd { additional: out.len() - rest.len() });
        };
        out.copy_from_slice(taken);
        self.at += out.len();
        Ok(())
    }

    fn peek_read(&mut self, n: usize) -> Option<&[u8]> {
        self.bytes.get(self.at..self.at.checked_add(n)?)
    }

    fn consume(&mut self, n: usize) {
        self.at = self.at.saturating_add(n).min(self.bytes.len());
    }
}

impl Control {
    /// Whether an agent says it to the customer.
    #[must_use]
    pub const fn is_agents(&self) -> bool {
        matches!(
            self,
            Self::RepairRequest { .. }
                | Self::Pointer { .. }
                | Self::Scroll { .. }
                | Self::Click { .. }
                | Self::DoubleClick { .. }
                | Self::DragStart { .. }
                | Self::DragMove { .. }
                | Self::DragEnd { .. }
                | Self::Input { .. }
                | Self::Commit { .. }
                | Self::Select { .. }
                | Self::Edit { .. }
                | Self::Choose { .. }
                | Self::Media { .. }
                | Self::Enter { .. }
                | Self::Navigate { .. }
                | Self::Draw { .. }
                | Self::ControlRequest {}
                | Self::ControlGive { .. }
                | Self::ModeRequest { .. }
                | Self::Missing { .. }
                | Self::Document { .. }
                | Self::Screen { .. }
        )
    }

    /// Whether the customer's page says it to agents.
    #[must_use]
    pub const fn is_customers(&self) -> bool {
        matches!(
            self,
            Self::ModeChanged { .. }
                | Self::Paused {}
                | Self::Resumed {}
                | Self::Controller { .. }
                | Self::Visible { .. }
                | Self::Refused { .. }
                | Self::Proposed { .. }
                | Self::DocumentState { .. }
                | Self::ScreenSignal { .. }
        )
    }

    /// What could not be loaded, as a message: addresses that are too many or too long are left out.
    #[must_use]
    pub fn missing<'a>(addresses: impl Iterator<Item = &'a str>) -> Self {
        let fits = |address: &&str| !address.is_empty() && address.len() <= MISSING_BYTES && !address.contains('\n');
        let addresses: Vec<&str> = addresses.filter(fits).take(MISSING_COUNT).collect();
        Self::Missing { addresses: addresses.join("\n") }
    }

    /// Appends the message as a whole frame.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] when the frame would exceed [`Limits::CONTROL_BYTES`].
    pub fn write(&self, out: &mut Vec<u8>, seq: u32, time: u32) -> Result<()> {
        let body = bincode::encode_to_vec(self, CONFIG)
            .map_err(|_| Error::new(ErrorKind::Syntax, 0, "a message", "one that cannot be written").in_frame(seq))?;
        let start = out.len();
        frame::write(out, Kind::Control, seq, time, 0, &body)?;
        let len = out.len() - start;
        if len > Limits::CONTROL_BYTES {
            out.truncate(start);
            let expected = format!("at most {} bytes", Limits::CONTROL_BYTES);
            return Err(Error::new(ErrorKind::Limit, 0, expected, format!("{len} bytes")).in_frame(seq));
        }
        Ok(())
    }

    /// The message as a whole frame.
    ///
    /// # Errors
    /// As for [`Control::write`].
    pub fn to_frame(&self, seq: u32, time: u32) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        self.write(&mut out, seq, time)?;
        Ok(out)
    }

    /// Reads a whole frame of kind control.
    ///
    /// # Errors
    /// Those of [`frame::read`]; [`ErrorKind::Foreign`] for a frame of another kind; [`ErrorKind::Syntax`] for an
    /// unknown tag or malformed fields; [`ErrorKind::Length`] when bytes are left over.
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Self> {
        let frame = frame::read(bytes, limits)?;
        let seq = frame.header.seq;
        if frame.header.kind != Kind::Control || frame.header.raw_len != 0 {
            return Err(Error::new(ErrorKind::Foreign, 0, "a control frame, not deflated", "another").in_frame(seq));
        }
        let reader = Counting { bytes: frame.body, at: 0 };
        let mut decoder = DecoderImpl::new(reader, CONFIG, ());
        let message = Self::decode(&mut decoder);
        let at = decoder.reader().at;
        let offset = frame.header_len + at;
        match message {
            Err(error) => {
                let found = match error {
                    DecodeError::OtherString(found) => found,
                    // In our words: those of the library bring along how everything it knows is printed.
                    DecodeError::UnexpectedEnd { .. } => "the end".to_owned(),
                    DecodeError::LimitExceeded => "a length above the limit".to_owned(),
                    DecodeError::Utf8 { .. } => "text that is no UTF-8".to_owned(),
                    _ => "other bytes".to_owned(),
                };
                Err(Error::new(ErrorKind::Syntax, offset, "a control message", found).in_frame(seq))
            }
            Ok(_) if at != frame.body.len() => {
                let found = format!("{} bytes more", frame.body.len() - at);
                Err(Error::new(ErrorKind::Length, offset, "the end of the message", found).in_frame(seq))
            }
            Ok(message) => Ok(message),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn any_control() -> impl Strategy<Value = Control> {
        let mode = prop::sample::select(&Mode::ALL[..]);
        let role = prop::sample::select(&[Role::Customer, Role::Agent, Role::Controller][..]);
        prop_oneof![
            Just(Control::KeyframeRequest {}),
            any::<(i32, i32)>().prop_map(|(x, y)| Control::Pointer { x, y }),
            any::<(u32, i32, i32)>().prop_map(|(node, x, y)| Control::Scroll { node, x: x.into(), y: y.into() }),
            any::<(u32, i32, i32)>().prop_map(|(node, x, y)| Control::Click { node, x, y }),
            any::<(u32, String)>().prop_map(|(node, value)| Control::Input { node, value }),
            any::<String>().prop_map(|addresses| Control::Missing { addresses }),
            mode.prop_map(|mode| Control::ModeChanged { mode }),
            Just(Control::Refused { user: 300, command: 4, reason: Refusal::Busy }),
            Just(Control::Paused {}),
            Just(Control::Resumed {}),
            (any::<u32>(), role, any::<String>()).prop_map(|(user, role, name)| Control::Joined { user, role, name }),
            any::<u32>().prop_map(|user| Control::Left { user }),
            any::<(u32, u8, String)>().prop_map(|(node, action, text)| Control::Edit { node, action, text }),
            any::<(u32, Vec<u32>)>().prop_map(|(node, options)| Control::Choose { node, options }),
            any::<(u32, u8)>().prop_map(|(node, action)| Control::Media { node, action, value: 0.25 }),
            any::<(u8, Vec<(i32, i32)>)>().prop_map(|(shape, points)| Control::Draw { shape, points }),
            any::<(u32, Vec<u8>)>().prop_map(|(user, frame)| Control::From { user, frame }),
            prop::sample::select(&EndReason::ALL[..]).prop_map(|reason| Control::Ended { reason }),
            any::<u8>().prop_map(|state| Control::Visible { state }),
            any::<([u32; 3], String, Vec<u8>)>().prop_map(|([document, size, at], name, bytes)| Control::Document {
                document,
                size,
                at,
                name,
                bytes
            }),
            any::<(u8, String)>().prop_map(|(step, data)| Control::Screen { step, data }),
            any::<(u32, u32, u8, u32)>().prop_map(|(user, document, state, value)| Control::DocumentState {
                user,
                document,
                state,
                value
            }),
            any::<(u32, u8, String)>().prop_map(|(user, step, data)| Control::ScreenSignal { user, step, data }),
            any::<(u8, u32)>().prop_map(|(reason, seconds)| Control::Absent { reason, seconds }),
        ]
    }

    proptest! {
        #[test]
        fn messages_round_trip(message in any_control(), seq: u32, time: u32) {
            let frame = message.to_frame(seq, time).unwrap();
            prop_assert_eq!(Control::read(&frame, &Limits::DEFAULT).unwrap(), message);
        }

        #[test]
        fn any_body_is_an_error_or_a_message(body in prop::collection::vec(any::<u8>(), 0..64)) {
            let mut bytes = Vec::new();
            frame::write(&mut bytes, Kind::Control, 3, 0, 0, &body).unwrap();
            if let Err(error) = Control::read(&bytes, &Limits::DEFAULT) {
                prop_assert_eq!(error.frame, 3);
                prop_assert!(error.offset <= bytes.len());
            }
        }
    }

    #[test]
    fn an_unknown_tag_names_frame_and_offset() {
        let mut bytes = Vec::new();
        frame::write(&mut bytes, Kind::Control, 9, 0, 0, &[200]).unwrap();
        let error = Control::read(&bytes, &Limits::DEFAULT).unwrap_err();
        assert_eq!(error.to_string(), "frame 9, byte 15: expected a control message, found control tag 200");
    }

    #[test]
    fn what_is_missing_is_told_in_bounds() {
        let long = "x".repeat(MISSING_BYTES + 1);
        let given = ["https://a.test/a.png", "", "https://a.test/\nb.png", &long];
        let many = std::iter::repeat_n("https://a.test/b.png", 100);
        let Control::Missing { addresses } = Control::missing(given.into_iter().chain(many)) else { unreachable!() };
        let lines: Vec<&str> = addresses.lines().collect();
        assert_eq!(lines.len(), MISSING_COUNT);
        assert_eq!((lines[0], lines[1]), ("https://a.test/a.png", "https://a.test/b.png"));
        let largest = vec!["y".repeat(MISSING_BYTES); MISSING_COUNT];
        assert!(Control::missing(largest.iter().map(String::as_str)).to_frame(1, 0).is_ok());
    }

    #[test]
    fn a_long_string_is_refused_before_memory_is_taken() {
        let mut body = vec![5, 0];
        body.extend_from_slice(&[253, 255, 255, 255, 255, 255, 255, 255, 127]);
        let mut bytes = Vec::new();
        frame::write(&mut bytes, Kind::Control, 1, 0, 0, &body).unwrap();
        assert_eq!(Control::read(&bytes, &Limits::DEFAULT).unwrap_err().kind, ErrorKind::Syntax);
    }
}
