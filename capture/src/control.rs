//! The mode gate: which of an agent's commands may be carried out. It sits where the page is; what an agent's page
//! offers is a courtesy, this is the rule. The tables here are those of `docs/control.md`.
//!
//! A command passes two questions. [`check`] asks what needs no look at the page: the mode, whether the session is paused, who has
//! control, and what the mirror says is kept from the agent. [`verdict`] asks what kind of element it is for, as the browser's shell
//! has found it to be ([`Target`]).

use crate::privacy::Rules;
use protocol::{
    Mode,
    control::Refusal,
    fields::Message,
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
    /// Clicks again, as the second of a double-click.
    DoubleClick,
    /// Presses, moves and lets go.
    Drag,
    /// Gives a control a value.
    Input,
    /// Ends what was typed into a control.
    Commit,
    /// Moves the caret, or selects text in a field.
    Select,
    /// Edits where the caret of an editable element is.
    Edit,
    /// Chooses in a list.
    Choose,
    /// Plays, pauses, seeks.
    Media,
    /// Presses Enter in a field.
    Enter,
    /// Goes back, forward, to an address of the site, or loads the page again.
    Navigate,
    /// Draws over the page.
    Draw,
}

/// A tool in the table.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// Which.
    pub tool: Tool,
    /// The tags of the messages that use it (`protocol/src/control.rs`).
    pub tags: &'static [u8],
    /// The least mode that allows it.
    pub least: Mode,
    /// Whether the first field of its messages is the node it is for.
    pub has_node: bool,
    /// What the documentation says.
    pub name: &'static str,
}

/// The table of modes and tools.
pub const TOOLS: &[Row] = &[
    Row { tool: Tool::Point, tags: &[2], least: Mode::Shared, has_node: false, name: "show the agent's pointer" },
    Row { tool: Tool::Scroll, tags: &[3], least: Mode::View, has_node: true, name: "scroll" },
    Row { tool: Tool::Click, tags: &[4], least: Mode::Shared, has_node: true, name: "click" },
    Row { tool: Tool::DoubleClick, tags: &[7], least: Mode::Shared, has_node: true, name: "double-click" },
    Row { tool: Tool::Drag, tags: &[8], least: Mode::Shared, has_node: true, name: "drag" },
    // Where it goes on no element is asked any more.
    Row { tool: Tool::Drag, tags: &[9, 10], least: Mode::Shared, has_node: false, name: "drag on" },
    Row { tool: Tool::Input, tags: &[5], least: Mode::Shared, has_node: true, name: "type into" },
    Row { tool: Tool::Commit, tags: &[11], least: Mode::Shared, has_node: true, name: "be done with" },
    Row { tool: Tool::Select, tags: &[12], least: Mode::Shared, has_node: true, name: "move the caret" },
    Row { tool: Tool::Edit, tags: &[13], least: Mode::Shared, has_node: true, name: "edit" },
    Row { tool: Tool::Choose, tags: &[14], least: Mode::Shared, has_node: true, name: "choose in" },
    Row { tool: Tool::Media, tags: &[15], least: Mode::Shared, has_node: true, name: "play and pause" },
    Row { tool: Tool::Enter, tags: &[69], least: Mode::Shared, has_node: true, name: "press Enter in" },
    Row { tool: Tool::Navigate, tags: &[64], least: Mode::Shared, has_node: false, name: "go elsewhere" },
    Row { tool: Tool::Draw, tags: &[65], least: Mode::Shared, has_node: false, name: "draw over the page" },
];

/// What kind of element a command is for. The shell says which, of the element or of the one around it that takes the action
/// (`capture/js/target.js`); the numbers are the same there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Anything else.
    Plain = 0,
    /// A link to a page of the same origin.
    Link = 1,
    /// A link that leaves the site, opens a window, downloads, or starts another program.
    Leaving = 2,
    /// A link of the scheme `javascript:`.
    Script = 3,
    /// A button that submits nothing.
    Button = 4,
    /// A button that submits a form: of no type, too.
    Submit = 5,
    /// A button that empties a form.
    Reset = 6,
    /// A file input.
    File = 7,
    /// A checkbox or a radio button.
    Check = 8,
    /// A field of one line of text.
    Field = 9,
    /// A field of several lines.
    Area = 10,
    /// A field with a picker: a date, a colour, a range.
    Picker = 11,
    /// A `<select>`.
    List = 12,
    /// An editable element.
    Editable = 13,
    /// What plays.
    Media = 14,
    /// A control that is disabled, or takes no text.
    Disabled = 15,
}

impl Target {
    /// Every kind, by its number.
    pub const ALL: [Self; 16] = [
        Self::Plain,
        Self::Link,
        Self::Leaving,
        Self::Script,
        Self::Button,
        Self::Submit,
        Self::Reset,
        Self::File,
        Self::Check,
        Self::Field,
        Self::Area,
        Self::Picker,
        Self::List,
        Self::Editable,
        Self::Media,
        Self::Disabled,
    ];

    /// What the documentation says.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "anything else",
            Self::Link => "link on the site",
            Self::Leaving => "link elsewhere, to a new window, or a download",
            Self::Script => "`javascript:` link",
            Self::Button => "button",
            Self::Submit => "button that submits",
            Self::Reset => "button that resets",
            Self::File => "file input",
            Self::Check => "checkbox, radio button",
            Self::Field => "text field",
            Self::Area => "text area",
            Self::Picker => "date, colour, range",
            Self::List => "list (`select`)",
            Self::Editable => "editable element",
            Self::Media => "audio, video",
            Self::Disabled => "disabled or read-only control",
        }
    }
}

/// What is done with a tool on a kind of element, the mode allowing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is carried out.
    Done,
    /// It is where the site allows agents to submit (`allowSubmit`); otherwise it is the customer's.
    Submits,
    /// It is not.
    Refused(Refusal),
}

impl Verdict {
    /// The number the shell knows it by: 0 for done, 255 for what submits, or the refusal's.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Submits => 255,
            Self::Refused(reason) => reason as u8,
        }
    }
}

/// What is done with a tool on a kind of element.
#[must_use]
pub const fn verdict(tool: Tool, target: Target) -> Verdict {
    const UNFIT: Verdict = Verdict::Refused(Refusal::Unfit);
    if matches!(tool, Tool::Scroll | Tool::Point | Tool::Draw | Tool::Navigate) {
        return Verdict::Done;
    }
    if matches!(target, Target::File) {
        return Verdict::Refused(Refusal::Element);
    }
    if matches!(target, Target::Disabled) {
        return UNFIT;
    }
    match tool {
        Tool::Click | Tool::DoubleClick => match target {
            Target::Leaving | Target::Script | Target::Reset => Verdict::Refused(Refusal::Customer),
            Target::Submit => Verdict::Submits,
            _ => Verdict::Done,
        },
        Tool::Input => match target {
            Target::Field | Target::Area | Target::Picker | Target::List | Target::Editable => Verdict::Done,
            _ => UNFIT,
        },
        Tool::Commit => match target {
            Target::Field | Target::Area | Target::Picker | Target::List | Target::Editable => Verdict::Done,
            _ => UNFIT,
        },
        Tool::Select => match target {
            Target::Field | Target::Area | Target::Editable => Verdict::Done,
            _ => UNFIT,
        },
        Tool::Edit => match target {
            Target::Editable => Verdict::Done,
            _ => UNFIT,
        },
        Tool::Choose => match target {
            Target::List => Verdict::Done,
            _ => UNFIT,
        },
        Tool::Media => match target {
            Target::Media => Verdict::Done,
            _ => UNFIT,
        },
        Tool::Enter => match target {
            Target::Field | Target::Picker => Verdict::Submits,
            _ => UNFIT,
        },
        Tool::Drag | Tool::Scroll | Tool::Point | Tool::Draw | Tool::Navigate => Verdict::Done,
    }
}

/// The verdicts as the shell takes them: for each tag of a tool on elements the tag, and then one number for each kind of element.
#[must_use]
pub fn table() -> Vec<u8> {
    let mut out = Vec::new();
    for row in TOOLS.iter().filter(|row| row.has_node) {
        out.push(row.tags[0]);
        out.extend(Target::ALL.map(|target| verdict(row.tool, target).number()));
    }
    out
}

/// The row of a message's tag; `None` for a message that is no command.
#[must_use]
pub fn row(tag: u8) -> Option<&'static Row> {
    TOOLS.iter().find(|row| row.tags.contains(&tag))
}

/// How the session stands when a command comes.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// The mode.
    pub mode: Mode,
    /// Whether it is paused.
    pub paused: bool,
    /// The agent who says it, as the relay knows it.
    pub user: u32,
    /// The agent who has control; 0 for nobody.
    pub controller: u32,
}

/// Whether a command may be carried out as the session stands. `mirror` says what the agent sees, and which rules
/// keep what from it.
///
/// # Errors
/// Why not, for the agent to be told.
pub fn check(standing: Standing, message: &Message<'_>, mirror: &Tree) -> Result<(), Refusal> {
    let Some(row) = row(message.shape.tag) else { return Ok(()) };
    if standing.paused {
        return Err(Refusal::Paused);
    }
    if standing.mode < row.least {
        return Err(Refusal::Mode);
    }
    if standing.user != standing.controller {
        return Err(Refusal::Control);
    }
    if !row.has_node {
        return Ok(());
    }
    let node = message.first();
    let kind = mirror.node(node).kind;
    let fits = match row.tool {
        Tool::Scroll => node == ROOT || matches!(kind, Kind::Frame | Kind::Element),
        Tool::Select => matches!(kind, Kind::Text | Kind::Element),
        _ => kind == Kind::Element,
    };
    if !fits {
        return Err(if kind == Kind::Free { Refusal::Gone } else { Refusal::Element });
    }
    if row.tool != Tool::Scroll && is_kept(mirror, node) {
        return Err(Refusal::Element);
    }
    Ok(())
}

/// Whether a node of the mirror, or what is in it, is kept from the agent.
#[must_use]
pub fn is_kept(mirror: &Tree, node: u32) -> bool {
    Rules(mirror.node(node).owner).has(KEPT)
}

/// Whether the agent does not see what is in a node of the mirror.
#[must_use]
pub fn is_hidden(mirror: &Tree, node: u32) -> bool {
    Rules(mirror.node(node).owner).has(HIDDEN)
}

/// What hides an element's content from the agent's eyes; its hand is kept off too.
const HIDDEN: Rules = Rules(Rules::MASK.0 | Rules::BLOCK.0 | Rules::SECRET.0 | Rules::FILE.0 | Rules::SCRIPT.0);

/// What keeps an element from the agent's hand.
const KEPT: Rules = Rules(HIDDEN.0 | Rules::DENY.0);

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{Limits, control::Control, fields, hash::Key, names::NameId};

    fn commands(node: u32) -> Vec<Control> {
        vec![
            Control::Pointer { x: 1, y: 1 },
            Control::Scroll { node, x: 0.0, y: 10.0 },
            Control::Click { node, x: 1, y: 1 },
            Control::DoubleClick { node, x: 1, y: 1 },
            Control::DragStart { node, x: 1, y: 1 },
            Control::DragMove { x: 1, y: 1 },
            Control::DragEnd { x: 1, y: 1 },
            Control::Input { node, value: "x".to_owned() },
            Control::Commit { node },
            Control::Select { node, start: 0, end: 1 },
            Control::Edit { node, action: 0, text: "x".to_owned() },
            Control::Choose { node, options: vec![1] },
            Control::Media { node, action: 1, value: 0.0 },
            Control::Enter { node },
            Control::Navigate { to: 0, url: String::new() },
            Control::Draw { shape: 0, points: vec![(1, 1)] },
        ]
    }

    /// The names of those that pass, or all with the reason of those that do not.
    fn judged(standing: Standing, node: u32, tree: &Tree) -> (Vec<&'static str>, Vec<(&'static str, Refusal)>) {
        let (mut passed, mut refused) = (Vec::new(), Vec::new());
        for command in commands(node) {
            let frame = command.to_frame(1, 0).unwrap();
            match check(standing, &fields::read(&frame, &Limits::DEFAULT).unwrap(), tree) {
                Ok(()) => passed.push(command.name()),
                Err(reason) => refused.push((command.name(), reason)),
            }
        }
        (passed, refused)
    }

    const IN_CONTROL: Standing = Standing { mode: Mode::Shared, paused: false, user: 2, controller: 2 };

    fn page() -> Tree {
        let mut tree = Tree::new(Key(0), &Limits::DEFAULT);
        tree.create(1, Kind::Element, NameId(1), &[]).unwrap();
        tree
    }

    #[test]
    fn every_command_is_in_the_table() {
        for command in commands(1) {
            let row = row(command.tag()).unwrap_or_else(|| panic!("{} is in no row", command.name()));
            assert!(row.least > Mode::Follow, "{}: follow allows nothing", command.name());
        }
        let tags: Vec<u8> = TOOLS.iter().flat_map(|row| row.tags).copied().collect();
        assert_eq!(tags.len(), commands(1).len(), "one command of each tag is tried here");
    }

    #[test]
    fn follow_nothing_view_scroll_shared_everything() {
        let tree = page();
        for (mode, expected) in [(Mode::Follow, &[][..]), (Mode::View, &["Scroll"][..])] {
            let (passed, refused) = judged(Standing { mode, ..IN_CONTROL }, 1, &tree);
            assert_eq!(passed, expected, "{mode}");
            assert!(refused.iter().all(|(_, reason)| *reason == Refusal::Mode), "{mode}: {refused:?}");
        }
        assert_eq!(judged(IN_CONTROL, 1, &tree).1, []);
    }

    #[test]
    fn a_paused_session_and_an_agent_without_control_do_nothing() {
        let tree = page();
        for (standing, reason) in [
            (Standing { paused: true, ..IN_CONTROL }, Refusal::Paused),
            (Standing { user: 3, ..IN_CONTROL }, Refusal::Control),
            (Standing { controller: 0, ..IN_CONTROL }, Refusal::Control),
        ] {
            let (passed, refused) = judged(standing, 1, &tree);
            assert_eq!(passed, Vec::<&str>::new());
            assert!(refused.iter().all(|(_, found)| *found == reason), "{refused:?}");
        }
    }

    #[test]
    fn what_is_kept_from_the_agent_is_out_of_its_reach() {
        let mut tree = page();
        // What is for no element, and scrolling: the place of a masked region is no secret.
        let free = ["Pointer", "Scroll", "DragMove", "DragEnd", "Navigate", "Draw"];
        for rules in [Rules::SECRET, Rules::FILE, Rules::MASK, Rules::BLOCK, Rules::SCRIPT, Rules::DENY] {
            *tree.owner_mut(1).unwrap() = rules.0;
            let (passed, refused) = judged(IN_CONTROL, 1, &tree);
            assert_eq!(passed, free, "{rules:?}");
            assert!(refused.iter().all(|(_, reason)| *reason == Refusal::Element), "{refused:?}");
        }
        let (passed, refused) = judged(IN_CONTROL, 7, &tree);
        assert_eq!(passed, ["Pointer", "DragMove", "DragEnd", "Navigate", "Draw"]);
        assert!(refused.iter().all(|(_, reason)| *reason == Refusal::Gone), "{refused:?}");
    }

    #[test]
    fn only_the_site_lets_an_agent_submit_and_nobody_lets_it_choose_files() {
        for row in TOOLS.iter().filter(|row| row.has_node && row.tool != Tool::Scroll) {
            assert_eq!(verdict(row.tool, Target::File), Verdict::Refused(Refusal::Element), "{row:?}");
            for target in [Target::Script, Target::Leaving, Target::Reset] {
                let drags = row.tool == Tool::Drag; // It ends in no click.
                assert!(drags || matches!(verdict(row.tool, target), Verdict::Refused(_)), "{row:?} {target:?}");
            }
        }
        let submits: Vec<_> = TOOLS
            .iter()
            .filter(|row| row.has_node)
            .flat_map(|row| Target::ALL.map(|target| (row.tool, target)))
            .filter(|(tool, target)| verdict(*tool, *target) == Verdict::Submits)
            .collect();
        let expected = [
            (Tool::Click, Target::Submit),
            (Tool::DoubleClick, Target::Submit),
            (Tool::Enter, Target::Field),
            (Tool::Enter, Target::Picker),
        ];
        assert_eq!(submits, expected);
    }

    #[test]
    fn the_shells_table_has_a_row_for_each_command_on_an_element() {
        let table = table();
        let rows: Vec<&[u8]> = table.chunks(1 + Target::ALL.len()).collect();
        assert_eq!(rows.len(), TOOLS.iter().filter(|row| row.has_node).count());
        for target in Target::ALL {
            assert_eq!(Target::ALL[target as usize], target);
        }
        let click = rows.iter().find(|row| row[0] == 4).unwrap();
        assert_eq!(click[1 + Target::Submit as usize], 255);
        assert_eq!(click[1 + Target::File as usize], Refusal::Element as u8);
    }
}
