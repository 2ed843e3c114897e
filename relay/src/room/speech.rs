//! Who may say what: messages beside the page's stream, by the side that sends them.

use crate::close::Close;
use protocol::{
    Limits,
    control::{Control, EndReason},
};

/// Whether a customer may say it; the reason where it ends the session.
pub(crate) fn customers(message: &Control) -> Result<Option<EndReason>, Close> {
    match message {
        // That it shows an agent is for the relay alone.
        Control::Welcome { .. } => Ok(None),
        message if message.is_customers() => Ok(None),
        Control::Ended { .. } => Ok(Some(EndReason::Customer)),
        other => {
            let expected = "expected ModeChanged, Welcome, Controller, Refused, Proposed, Paused, Resumed, Visible, DocumentState, ScreenSignal or Ended from a customer";
            Err(Close::Protocol(format!("{expected}, found {}", other.name())))
        }
    }
}

/// What an agent's message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Agents {
    /// The relay asks the customer for a keyframe.
    Keyframe,
    /// The session ends.
    Stop,
    /// The customer's page.
    Command,
}

/// Whether an agent may say it, and what it is for.
pub(crate) fn agents(message: &Control) -> Result<Agents, Close> {
    match message {
        Control::KeyframeRequest {} => Ok(Agents::Keyframe),
        Control::Ended { .. } => Ok(Agents::Stop),
        message if message.is_agents() => Ok(Agents::Command),
        message => {
            let expected = "expected what an agent says or asks for (docs/wire-format.md, section 6)";
            Err(Close::Protocol(format!("{expected}, found {}", message.name())))
        }
    }
}

/// The reason for which a controller ends the session, where it is one that a desktop knows of.
pub(crate) fn controllers(message: &Control) -> Result<EndReason, Close> {
    match message {
        Control::Ended { reason: reason @ (EndReason::Idle | EndReason::Closed | EndReason::Transferred) } => {
            Ok(*reason)
        }
        Control::Ended { .. } => Ok(EndReason::Controller),
        other => Err(Close::Protocol(format!("expected Ended from a controller, found {}", other.name()))),
    }
}

/// The same of what an agent says, as the customer is sent it.
pub(super) fn is_said_recorded(said: &[u8]) -> bool {
    let Ok(Control::From { frame, .. }) = Control::read(said, &Limits::DEFAULT) else { return false };
    Control::read(&frame, &Limits::DEFAULT).is_ok_and(|message| is_recorded(&message))
}

/// Whether a message is kept with a recording: no pieces of documents, which would be kept whole by it, and nothing of what
/// browsers say to each other, in which their addresses are.
pub(super) const fn is_recorded(message: &Control) -> bool {
    match message {
        Control::Document { .. } => false,
        Control::DocumentState { state, .. } => *state != 0,
        Control::Screen { step, .. } => *step < 2,
        Control::ScreenSignal { step, .. } => !matches!(step, 6 | 7),
        _ => true,
    }
}
