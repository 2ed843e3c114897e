//! Why a command did not do its work: one line for the user, and the exit code.

use std::{fmt, process::ExitCode};

/// A command's failure.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line asks for what cannot be: exit code 2, as for an argument that cannot be parsed.
    Usage(String),
    /// The work failed: exit code 1.
    Runtime(String),
    /// Something cannot be read, where 1 says that there is a difference: exit code 2.
    Unreadable(String),
}

impl Failure {
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) | Self::Unreadable(_) => ExitCode::from(2),
            Self::Runtime(_) => ExitCode::FAILURE,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Usage(text) | Self::Runtime(text) | Self::Unreadable(text)) = self;
        f.write_str(text)
    }
}
