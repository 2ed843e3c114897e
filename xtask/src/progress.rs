//! What a person sees of a running plan: one line per step, its time, and the last line of its output meanwhile.

use std::cell::{Cell, RefCell};
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Where no terminal can be redrawn, a long step says this often that it is still alive.
const SIGN_OF_LIFE: Duration = Duration::from_secs(30);

/// The longest part of an output line that the status line shows.
const SHOWN_WIDTH: usize = 60;

/// Wipes the terminal's line and goes to its start.
const WIPE: &str = "\r\x1b[2K";

/// Where the next output goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cursor {
    /// Behind the step's label, or the status that takes its place on a terminal.
    Label,
    /// Behind a sign of life.
    Sign,
    /// To a line of its own.
    Start,
}

/// The line of one running step.
#[derive(Debug)]
pub(crate) struct Status {
    prefix: String,
    log: PathBuf,
    verbose: bool,
    terminal: bool,
    started: Instant,
    last_sign: Cell<Instant>,
    last_line: RefCell<String>,
    cursor: Cell<Cursor>,
}

impl Status {
    /// Announces a step, for instance `[3/7] wasm-bindgen …`; `log` is where its output is kept.
    pub(crate) fn start(number: usize, total: usize, label: &str, log: PathBuf, verbose: bool) -> Self {
        let status = Self {
            prefix: format!("[{number}/{total}] {label} …"),
            log,
            verbose,
            terminal: io::stdout().is_terminal(),
            started: Instant::now(),
            last_sign: Cell::new(Instant::now()),
            last_line: RefCell::new(String::new()),
            cursor: Cell::new(if verbose { Cursor::Start } else { Cursor::Label }),
        };
        if status.verbose {
            println!("{}", status.prefix);
        } else {
            print!("{}", status.prefix);
        }
        flush();
        status
    }

    /// Where the step's output is kept.
    pub(crate) fn log(&self) -> PathBuf {
        self.log.clone()
    }

    /// Whether a person watches; colours are for them only.
    pub(crate) fn terminal(&self) -> bool {
        self.terminal
    }

    /// Says what the step is at.
    pub(crate) fn note(&self, what: &str) {
        self.line(what);
    }

    /// Ends the status line, for a step whose own output follows.
    pub(crate) fn hand_over(&self) {
        if self.cursor.replace(Cursor::Start) != Cursor::Start {
            println!();
        }
    }

    /// Takes a line of output.
    pub(crate) fn line(&self, line: &str) {
        if self.verbose {
            println!("{line}");
        } else if !line.trim().is_empty() {
            *self.last_line.borrow_mut() = line.trim().to_owned();
            self.tick();
        }
    }

    /// Keeps the line up to date.
    pub(crate) fn tick(&self) {
        if self.verbose {
            return;
        }
        let interval = if self.terminal { Duration::from_millis(100) } else { SIGN_OF_LIFE };
        if self.last_sign.get().elapsed() < interval {
            return;
        }
        self.last_sign.set(Instant::now());
        let seconds = self.started.elapsed().as_secs();
        let line: String = plain(&self.last_line.borrow()).chars().take(SHOWN_WIDTH).collect();
        if self.terminal {
            print!("{WIPE}{} {seconds} s  {line}", self.prefix);
        } else {
            print!("\n      {seconds} s  {line}");
            self.cursor.set(Cursor::Sign);
        }
        flush();
    }

    /// Ends the line with the step's result and returns the time that it took.
    pub(crate) fn end(self, result: &str) -> Duration {
        let took = self.started.elapsed();
        // The label is repeated where it is wiped or other lines stand between.
        let (start, prefix) = match self.cursor.get() {
            Cursor::Label if self.terminal => (WIPE, self.prefix.as_str()),
            Cursor::Label => ("", ""),
            Cursor::Sign => ("\n", self.prefix.as_str()),
            Cursor::Start => ("", self.prefix.as_str()),
        };
        let gap = if result.is_empty() { "" } else { "  " };
        println!("{start}{prefix} {} s{gap}{result}", seconds(took));
        flush();
        took
    }
}

/// A line without control characters and colours.
pub(crate) fn plain(line: &str) -> String {
    let mut plain = String::new();
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            // A colour: `ESC [`, parameters, a letter.
            '\x1b' => drop(chars.by_ref().find(char::is_ascii_alphabetic)),
            c if !c.is_control() => plain.push(c),
            _ => {}
        }
    }
    plain
}

/// A time in seconds as the step lines and tables show it.
pub(crate) fn seconds(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64())
}

/// Brings out what was printed; a closed standard output is nobody's failure here.
fn flush() {
    let _ = io::stdout().flush();
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn colours_and_control_characters_are_left_out() {
        assert_eq!(plain("\x1b[1m\x1b[32m   Compiling\x1b[0m a\tb"), "   Compiling ab");
    }
}
