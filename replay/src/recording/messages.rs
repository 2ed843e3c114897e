//! Which messages beside the page's stream belong to what is seen, and are kept.

use protocol::{Limits, control::Control};

/// Whether a control frame is kept: who is there, modes and pauses, and what agents point at and draw. What agents ask for is
/// not: what came of it is in the page. What they type is not kept twice, either.
#[must_use]
pub fn belongs(frame: &[u8]) -> bool {
    let Ok(message) = Control::read(frame, &Limits::DEFAULT) else { return false };
    match message {
        Control::From { frame, .. } => Control::read(&frame, &Limits::DEFAULT).is_ok_and(|said| is_seen(&said)),
        message => is_told(&message) || is_seen(&message),
    }
}

const fn is_told(message: &Control) -> bool {
    matches!(
        message,
        Control::ModeChanged { .. }
            | Control::Controller { .. }
            | Control::Paused {}
            | Control::Resumed {}
            | Control::Visible { .. }
            | Control::Absent { .. }
            | Control::Joined { .. }
            | Control::Left { .. }
            | Control::Ended { .. }
    )
}

const fn is_seen(message: &Control) -> bool {
    matches!(
        message,
        Control::Pointer { .. }
            | Control::Click { .. }
            | Control::DoubleClick { .. }
            | Control::DragStart { .. }
            | Control::DragMove { .. }
            | Control::DragEnd { .. }
            | Control::Draw { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::Mode;

    #[test]
    fn what_is_seen_is_kept_and_what_is_typed_is_not() {
        let frame = |message: &Control| message.to_frame(1, 0).unwrap();
        let from = |message: &Control| frame(&Control::From { user: 2, frame: frame(message) });
        assert!(belongs(&frame(&Control::ModeChanged { mode: Mode::View })));
        assert!(belongs(&from(&Control::Pointer { x: 1, y: 2 })));
        assert!(belongs(&from(&Control::Draw { shape: 1, points: vec![(1, 2)] })));
        assert!(!belongs(&from(&Control::Input { node: 1, value: "typed".into() })));
        assert!(!belongs(&from(&Control::KeyframeRequest {})));
        assert!(!belongs(&frame(&Control::Welcome { user: 2 })));
        assert!(!belongs(b"no frame"));
    }
}
