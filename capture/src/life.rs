//! The life of a session as the customer's page sees it: which state follows on what. One table, from which the scripts
//! (`capture/js/life.js`) and the documents (`docs/session.md`) have theirs; tests compare them.

use protocol::control::EndReason;

/// Where a session is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It was asked for; nobody knows of it yet.
    Created,
    /// The customer is asked.
    Invited,
    /// The customer agrees; nothing has been shared yet.
    Accepted,
    /// The page is shared, and no agent is there.
    Waiting,
    /// An agent is there.
    Active,
    /// The customer lets nobody see the page until it goes on.
    Paused,
    /// Another tab of the customer's goes on with it.
    Elsewhere,
    /// It is over, for a reason.
    Ended,
}

/// What happens to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The question is shown.
    Asked,
    /// The customer agrees, or the site has asked by itself, or the session comes from the page before.
    Accepted,
    /// The customer says no.
    Declined,
    /// The customer does not answer in time.
    Expired,
    /// The site withdraws the question.
    Cancelled,
    /// The page is being shared from now on.
    Shared,
    /// An agent is there.
    Joined,
    /// The last agent has left.
    Alone,
    /// The customer pauses.
    Paused,
    /// The customer goes on.
    Resumed,
    /// Another tab takes the session over.
    Moved,
    /// This tab takes it over again.
    Returned,
    /// It is stopped, by whomever, or fails.
    Ended,
}

impl State {
    /// All of them, in the order of a life.
    pub const ALL: [Self; 8] = [
        Self::Created,
        Self::Invited,
        Self::Accepted,
        Self::Waiting,
        Self::Active,
        Self::Paused,
        Self::Elsewhere,
        Self::Ended,
    ];

    /// The name that pages see.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Invited => "invited",
            Self::Accepted => "accepted",
            Self::Waiting => "waiting",
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Elsewhere => "elsewhere",
            Self::Ended => "ended",
        }
    }

    /// The state that follows; none where the event means nothing in this one.
    #[must_use]
    pub fn after(self, event: Event) -> Option<Self> {
        TABLE.iter().find(|(from, on, _)| *from == self && *on == event).map(|(.., to)| *to)
    }

    /// Whether what is on the page may leave it.
    #[must_use]
    pub const fn shares(self) -> bool {
        matches!(self, Self::Waiting | Self::Active)
    }
}

impl Event {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Asked,
        Self::Accepted,
        Self::Declined,
        Self::Expired,
        Self::Cancelled,
        Self::Shared,
        Self::Joined,
        Self::Alone,
        Self::Paused,
        Self::Resumed,
        Self::Moved,
        Self::Returned,
        Self::Ended,
    ];

    /// The name in scripts and documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Shared => "shared",
            Self::Joined => "joined",
            Self::Alone => "alone",
            Self::Paused => "paused",
            Self::Resumed => "resumed",
            Self::Moved => "moved",
            Self::Returned => "returned",
            Self::Ended => "ended",
        }
    }

    /// Why a session is over that ends by this event; none where another says it.
    #[must_use]
    pub const fn reason(self) -> Option<EndReason> {
        match self {
            Self::Declined => Some(EndReason::Declined),
            Self::Expired => Some(EndReason::Expired),
            Self::Cancelled => Some(EndReason::Cancelled),
            _ => None,
        }
    }
}

/// The transitions: from, on, to. What is not here changes nothing.
pub const TABLE: &[(State, Event, State)] = &[
    (State::Created, Event::Asked, State::Invited),
    (State::Created, Event::Accepted, State::Accepted),
    (State::Created, Event::Cancelled, State::Ended),
    (State::Created, Event::Ended, State::Ended),
    (State::Invited, Event::Accepted, State::Accepted),
    (State::Invited, Event::Declined, State::Ended),
    (State::Invited, Event::Expired, State::Ended),
    (State::Invited, Event::Cancelled, State::Ended),
    (State::Invited, Event::Ended, State::Ended),
    (State::Accepted, Event::Shared, State::Waiting),
    (State::Accepted, Event::Ended, State::Ended),
    (State::Waiting, Event::Joined, State::Active),
    (State::Waiting, Event::Paused, State::Paused),
    (State::Waiting, Event::Moved, State::Elsewhere),
    (State::Waiting, Event::Ended, State::Ended),
    (State::Active, Event::Alone, State::Waiting),
    (State::Active, Event::Paused, State::Paused),
    (State::Active, Event::Moved, State::Elsewhere),
    (State::Active, Event::Ended, State::Ended),
    (State::Paused, Event::Resumed, State::Waiting),
    (State::Paused, Event::Moved, State::Elsewhere),
    (State::Paused, Event::Ended, State::Ended),
    (State::Elsewhere, Event::Returned, State::Waiting),
    (State::Elsewhere, Event::Ended, State::Ended),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    const SCRIPT: &str = include_str!("../js/life.js");
    const DOCUMENT: &str = include_str!("../../docs/session.md");

    /// The states that a session goes through.
    fn lived(events: &[Event]) -> Vec<State> {
        let mut state = State::Created;
        let step = |event: &Event| {
            state = state.after(*event).unwrap_or_else(|| panic!("{event:?} means nothing while {state:?}"));
            state
        };
        events.iter().map(step).collect()
    }

    #[test]
    fn each_transition() {
        use {Event as E, State as S};
        // Written again, event by event, so that a change of the table is made knowingly.
        let expected = |from: S, on: E| match (on, from) {
            (_, S::Ended) => None,
            (E::Ended, _) => Some(S::Ended),
            (E::Asked, S::Created) => Some(S::Invited),
            (E::Accepted, S::Created | S::Invited) => Some(S::Accepted),
            (E::Declined | E::Expired, S::Invited) => Some(S::Ended),
            (E::Cancelled, S::Created | S::Invited) => Some(S::Ended),
            (E::Shared, S::Accepted) => Some(S::Waiting),
            (E::Joined, S::Waiting) => Some(S::Active),
            (E::Alone, S::Active) => Some(S::Waiting),
            (E::Paused, S::Waiting | S::Active) => Some(S::Paused),
            (E::Resumed, S::Paused) => Some(S::Waiting),
            (E::Moved, S::Waiting | S::Active | S::Paused) => Some(S::Elsewhere),
            (E::Returned, S::Elsewhere) => Some(S::Waiting),
            _ => None,
        };
        let mut transitions = 0;
        for from in S::ALL {
            for on in E::ALL {
                assert_eq!(from.after(on), expected(from, on), "{from:?} on {on:?}");
                transitions += usize::from(from.after(on).is_some());
            }
        }
        assert_eq!(transitions, TABLE.len(), "no transition stands there twice");
    }

    #[test]
    fn lives() {
        use {Event as E, State as S};
        let whole = [E::Asked, E::Accepted, E::Shared, E::Joined, E::Paused, E::Resumed, E::Joined, E::Alone, E::Ended];
        let states =
            [S::Invited, S::Accepted, S::Waiting, S::Active, S::Paused, S::Waiting, S::Active, S::Waiting, S::Ended];
        assert_eq!(lived(&whole), states);
        assert_eq!(lived(&[E::Asked, E::Expired]), [S::Invited, S::Ended]);
        let tabs = [E::Accepted, E::Shared, E::Moved, E::Returned, E::Paused, E::Moved];
        assert_eq!(lived(&tabs).last(), Some(&S::Elsewhere));
    }

    #[test]
    fn nothing_is_shared_before_consent_while_paused_or_behind_the_end() {
        let shares: Vec<_> = State::ALL.into_iter().filter(|state| state.shares()).collect();
        assert_eq!(shares, [State::Waiting, State::Active]);
        // There is no way around the customer's yes.
        for (from, _, to) in TABLE.iter().filter(|(.., to)| to.shares()) {
            let after_consent = !matches!(from, State::Created | State::Invited);
            assert!(after_consent, "{from:?} becomes {to:?}");
        }
        assert_eq!(State::ALL.into_iter().filter_map(|state| state.after(Event::Shared)).count(), 1);
    }

    #[test]
    fn an_end_without_a_session_has_a_reason() {
        for event in Event::ALL {
            let ends = State::Invited.after(event) == Some(State::Ended) && event != Event::Ended;
            assert_eq!(ends, event.reason().is_some(), "{event:?}");
        }
    }

    #[test]
    fn the_scripts_have_this_table() {
        let mut table = String::from("export const LIFE = {\n");
        for from in State::ALL {
            let events = Event::ALL.into_iter().filter_map(|on| Some((on, from.after(on)?)));
            let list: Vec<_> = events.map(|(on, to)| format!("{}: '{}'", on.name(), to.name())).collect();
            if !list.is_empty() {
                writeln!(table, "  {}: {{ {} }},", from.name(), list.join(", ")).unwrap();
            }
        }
        table.push_str("};\n");
        assert!(SCRIPT.contains(&table), "capture/js/life.js lacks:\n{table}");
        let names: Vec<_> =
            EndReason::ALL.into_iter().map(|reason| format!("'{}'", format!("{reason:?}").to_lowercase())).collect();
        let reasons = format!("export const REASONS = ['', {}];\n", names.join(", "));
        assert!(SCRIPT.contains(&reasons), "capture/js/life.js lacks:\n{reasons}");
    }

    #[test]
    fn the_document_has_this_table() {
        let mut table = String::from("| state | on | becomes |\n|---|---|---|\n");
        for (from, on, to) in TABLE {
            writeln!(table, "| `{}` | {} | `{}` |", from.name(), on.name(), to.name()).unwrap();
        }
        table.push('\n');
        assert!(DOCUMENT.contains(&table), "docs/session.md lacks:\n{table}");
    }
}
