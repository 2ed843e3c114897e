//! The mode gate: which of an agent's commands may be carried out. It sits where the page is; what an agent's page
//! offers is a courtesy, this is the rule.

use crate::privacy::Rules;
use protocol::{
    Mode,
    control::{Control, Refusal},
    tree::{Kind, ROOT, Tree},
};

/// What a command does to the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// Shows the agent's pointer.
    Point,
    /// Scrolls the window or an element.
    Scroll,
    /// Clicks.
    Click,
    /// Gives a control a value.
    Input,
}

/// The least mode that allows each tool: the table of modes and tools.
pub const LEAST_MODE: &[(Tool, Mode)] = &[
    (Tool::Point, Mode::Shared),
    (Tool::Scroll, Mode::View),
    (Tool::Click, Mode::Shared),
    (Tool::Input, Mode::Shared),
];

/// The tool that a message uses; `None` for a message that is no command.
#[must_use]
pub const fn tool(message: &Control) -> Option<Tool> {
    Some(match message {
        Control::Pointer { .. } => Tool::Point,
        Control::Scroll { .. } => Tool::Scroll,
        Control::Click { .. } => Tool::Click,
        Control::Input { .. } => Tool::Input,
        _ => return None,
    })
}

/// Whether the mode allows the tool.
#[must_use]
pub fn allows(mode: Mode, tool: Tool) -> bool {
    LEAST_MODE.iter().any(|(other, least)| *other == tool && mode >= *least)
}

/// Whether a command may be carried out in this mode on this page. `mirror` says what the agent sees, and which rules
/// keep what from it.
///
/// # Errors
/// Why not, for the agent to be told.
pub fn check(mode: Mode, paused: bool, message: &Control, mirror: &Tree) -> Result<(), Refusal> {
    let Some(tool) = tool(message) else { return Ok(()) };
    if paused {
        return Err(Refusal::Paused);
    }
    if !allows(mode, tool) {
        return Err(Refusal::Mode);
    }
    let (Control::Scroll { node, .. } | Control::Click { node, .. } | Control::Input { node, .. }) = message else {
        return Ok(());
    };
    let node_kind = mirror.node(*node).kind;
    let window = (*node == ROOT || node_kind == Kind::Frame) && tool == Tool::Scroll;
    if !window && node_kind != Kind::Element {
        return Err(if node_kind == Kind::Free { Refusal::Gone } else { Refusal::Element });
    }
    let kept = Rules(Rules::MASK.0 | Rules::BLOCK.0 | Rules::SECRET.0 | Rules::FILE.0 | Rules::SCRIPT.0);
    if tool != Tool::Scroll && Rules(mirror.node(*node).owner).has(kept) {
        return Err(Refusal::Element);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{Limits, hash::Key, names::NameId};

    fn commands(node: u32) -> [Control; 4] {
        [
            Control::Pointer { x: 1, y: 1 },
            Control::Scroll { node, x: 0.0, y: 10.0 },
            Control::Click { node, x: 1, y: 1 },
            Control::Input { node, value: "x".to_owned() },
        ]
    }

    #[test]
    fn follow_nothing_view_scroll_shared_everything() {
        let mut tree = Tree::new(Key(0), &Limits::DEFAULT);
        tree.create(1, Kind::Element, NameId(1), &[]).unwrap();
        let allowed = |mode| commands(1).map(|message| check(mode, false, &message, &tree).is_ok());
        assert_eq!(allowed(Mode::Follow), [false, false, false, false]);
        assert_eq!(allowed(Mode::View), [false, true, false, false]);
        assert_eq!(allowed(Mode::Shared), [true, true, true, true]);
        let paused = commands(1).map(|message| check(Mode::Shared, true, &message, &tree));
        assert_eq!(paused, [Err(Refusal::Paused); 4]);
    }

    #[test]
    fn what_is_kept_from_the_agent_is_out_of_its_reach() {
        let mut tree = Tree::new(Key(0), &Limits::DEFAULT);
        tree.create(1, Kind::Element, NameId(1), &[]).unwrap();
        for rules in [Rules::SECRET, Rules::FILE, Rules::MASK, Rules::BLOCK] {
            *tree.owner_mut(1).unwrap() = rules.0;
            let found = commands(1).map(|message| check(Mode::Shared, false, &message, &tree));
            assert_eq!(found, [Ok(()), Ok(()), Err(Refusal::Element), Err(Refusal::Element)], "{rules:?}");
        }
        let found = commands(7).map(|message| check(Mode::Shared, false, &message, &tree));
        assert_eq!(found, [Ok(()), Err(Refusal::Gone), Err(Refusal::Gone), Err(Refusal::Gone)]);
    }
}
