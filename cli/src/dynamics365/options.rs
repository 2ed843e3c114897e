//! `cobrowse dynamics365 package`: its options, and what it does.

use super::{
    archive::{self, Files},
    check,
    entities::{ENGLISH, LANGUAGES},
    package::{self, Button, Wishes},
    records,
    resources::{self, Settings},
    rules,
};
use crate::{failure::Failure, source};
use clap::Args as ClapArgs;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Write a Configuration Migration package with all records for a co-browse button, and one for screen sharing if it is asked for;
/// or check one.
///
/// Ids come from names: a package that is written again replaces its records. What is to be removed, and in which order, is written
/// beside it (OUT with .remove.md). Before anything is written the package is checked, as by --check. A LOCALE is a language's
/// number, as 1031, or a tag: en-US, de-DE, es-ES, fr-FR, nl-NL.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// The package to write.
    #[arg(long, short, value_name = "OUT", required_unless_present = "check")]
    out: Option<PathBuf>,

    /// Check packages instead: their files, their records, and that no two actions have one slash command.
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with = "out")]
    check: Vec<PathBuf>,

    /// Where the relay is, as https://relay.example; for --web-resources.
    #[arg(long, value_name = "URL", required_unless_present = "check")]
    relay: Option<String>,

    /// Write the web resources for the tabs into this folder, with the relay, the key and the site in them.
    #[arg(long, value_name = "DIR")]
    web_resources: Option<PathBuf>,

    /// The relay's secret for invitations. Whoever may open the tab can read it.
    #[arg(long, value_name = "SECRET", env = "COBROWSE_INVITE_SECRET", hide_env_values = true, default_value = "")]
    key: String,

    /// The page of the site that links to invitations lead to; without it customers are told a number.
    #[arg(long, value_name = "URL", default_value = "")]
    site: String,

    /// The provider's name.
    #[arg(long, default_value = "Cobrowse")]
    provider: String,

    /// What unique names and web resources begin with: 3 to 8 letters and digits.
    #[arg(long, default_value = "cobrowse")]
    prefix: String,

    /// The name of the co-browse action.
    #[arg(long, default_value = "CobrowseAction")]
    name: String,

    /// Its label in a language; may be repeated. English is always there.
    #[arg(long, value_name = "LOCALE=TEXT", value_parser = words)]
    label: Vec<(u16, String)>,

    /// Its tooltip in a language; may be repeated.
    #[arg(long, value_name = "LOCALE=TEXT", value_parser = words)]
    tooltip: Vec<(u16, String)>,

    /// What an agent may type into the chat for it.
    #[arg(long, default_value = "/cb")]
    slash_command: String,

    /// Its place among the buttons: the smallest number comes first.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(i32).range(0..))]
    order: i32,

    /// The address of the web resource with its icon [default: /WebResources/PREFIX_/cobrowse.svg].
    #[arg(long, value_name = "ADDRESS")]
    icon: Option<String>,

    /// Add a button for screen sharing.
    #[arg(long, help_heading = "Screen sharing")]
    screen_sharing: bool,

    /// Leave out the one for co-browsing.
    #[arg(long, requires = "screen_sharing", help_heading = "Screen sharing")]
    no_cobrowse: bool,

    /// The name of the action.
    #[arg(long, default_value = "ScreenSharingAction", help_heading = "Screen sharing")]
    screen_name: String,

    /// Its label in a language; may be repeated.
    #[arg(long, value_name = "LOCALE=TEXT", value_parser = words, help_heading = "Screen sharing")]
    screen_label: Vec<(u16, String)>,

    /// Its tooltip in a language; may be repeated.
    #[arg(long, value_name = "LOCALE=TEXT", value_parser = words, help_heading = "Screen sharing")]
    screen_tooltip: Vec<(u16, String)>,

    /// What an agent may type into the chat for it.
    #[arg(long, default_value = "/ss", help_heading = "Screen sharing")]
    screen_slash_command: String,

    /// Its place among the buttons.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(i32).range(0..), help_heading = "Screen sharing")]
    screen_order: i32,

    /// The address of the web resource with its icon [default: /WebResources/PREFIX_/screen-sharing.svg].
    #[arg(long, value_name = "ADDRESS", help_heading = "Screen sharing")]
    screen_icon: Option<String>,

    /// Write over a package that is there.
    #[arg(long)]
    force: bool,
}

/// A language and a text: `de-DE=Mitsehen`.
fn words(text: &str) -> Result<(u16, String), String> {
    let expected = "expected LOCALE=TEXT, as 1031=Mitsehen or de-DE=Mitsehen";
    let (locale, words) = text.split_once('=').ok_or(expected)?;
    let tag = locale.trim().to_ascii_lowercase().replace('_', "-");
    let known = LANGUAGES.iter().find(|(name, _)| *name == tag).map(|(_, number)| *number);
    let number = known.or_else(|| tag.parse().ok().filter(|number| *number >= 1_025));
    let number =
        number.ok_or_else(|| format!("{expected}: {locale:?} is no language's number, nor a tag that is known"))?;
    if words.trim().is_empty() { Err(expected.to_owned()) } else { Ok((number, words.trim().to_owned())) }
}

impl Args {
    fn wishes(&self) -> Wishes {
        let prefix = &self.prefix;
        let mut buttons = Vec::new();
        if !self.no_cobrowse {
            buttons.push(Button {
                name: self.name.clone(),
                is_screen: false,
                words: languages(
                    (&self.label, "Co-browse"),
                    (&self.tooltip, &format!("Start a co-browse session provided by {}", self.provider)),
                ),
                slash_command: self.slash_command.clone(),
                order: self.order.into(),
                icon: self.icon.clone().unwrap_or_else(|| format!("/WebResources/{prefix}_/cobrowse.svg")),
                page: format!("{prefix}_/cobrowse.html"),
            });
        }
        if self.screen_sharing {
            buttons.push(Button {
                name: self.screen_name.clone(),
                is_screen: true,
                words: languages(
                    (&self.screen_label, "Screen sharing"),
                    (&self.screen_tooltip, &format!("Start a screen sharing session provided by {}", self.provider)),
                ),
                slash_command: self.screen_slash_command.clone(),
                order: self.screen_order.into(),
                icon: self.screen_icon.clone().unwrap_or_else(|| format!("/WebResources/{prefix}_/screen-sharing.svg")),
                page: format!("{prefix}_/cobrowse-screen.html"),
            });
        }
        Wishes { provider: self.provider.clone(), prefix: prefix.clone(), buttons }
    }
}

/// For each language its label and tooltip; English first, and in the place of what is not said.
fn languages(labels: (&[(u16, String)], &str), tooltips: (&[(u16, String)], &str)) -> Vec<(u16, String, String)> {
    let mut numbers = vec![ENGLISH];
    for (number, _) in labels.0.iter().chain(tooltips.0) {
        if !numbers.contains(number) {
            numbers.push(*number);
        }
    }
    let said = |(list, default): (&[(u16, String)], &str), number: u16| {
        let find = |wanted: u16| list.iter().rev().find(|(known, _)| *known == wanted).map(|(_, text)| text.clone());
        find(number).or_else(|| find(ENGLISH)).unwrap_or_else(|| default.to_owned())
    };
    numbers.into_iter().map(|number| (number, said(labels, number), said(tooltips, number))).collect()
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    match (&args.out, &args.relay) {
        (Some(out), Some(relay)) => write(args, out, relay),
        _ => look(&args.check),
    }
}

/// Whether a text may stand where an address is expected.
fn is_address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/') && !rest.contains(char::is_whitespace))
}

fn write(args: &Args, out: &Path, relay: &str) -> Result<(), Failure> {
    let site = Some(args.site.as_str()).filter(|site| !site.is_empty());
    for (name, text) in [Some(("relay", relay)), site.map(|site| ("site", site))].into_iter().flatten() {
        if !is_address(text) {
            let expected = "expected an address, as https://relay.example";
            return Err(Failure::Usage(format!("--{name}: {expected}, found {text:?}")));
        }
    }
    if out.exists() && !args.force {
        return Err(Failure::Usage(format!("{} is there already; --force writes over it", out.display())));
    }
    let wishes = args.wishes();
    let records = package::records(&wishes);
    let files = Files { schema: records::schema(), data: records::data(&records) };
    let problems = problems(&files).1;
    if !problems.is_empty() {
        return Err(Failure::Usage(format!("no package can be made of this:\n{}", problems.join("\n"))));
    }
    let bytes = archive::pack(&files).map_err(|error| Failure::Runtime(format!("the package: {error}")))?;
    fs::write(out, bytes).map_err(|error| source::failed(out, &error))?;
    println!("{}: {} records", out.display(), records.len());
    let removal = out.with_extension("remove.md");
    fs::write(&removal, package::removal(&wishes, &records)).map_err(|error| source::failed(&removal, &error))?;
    println!("{}: what to remove, and in which order", removal.display());
    if let Some(folder) = &args.web_resources {
        let settings = Settings { relay: relay.to_owned(), key: args.key.clone(), site: args.site.clone() };
        let written = resources::write(folder, &settings, args.screen_sharing);
        let written = written.map_err(|error| source::failed(folder, &error))?;
        println!("{}: web resources {}, as {}_/NAME", folder.display(), written.join(", "), wishes.prefix);
        if args.key.is_empty() {
            eprintln!("note: without --key the tab can invite nobody (cobrowse serve --invite-secret)");
        }
    }
    Ok(())
}

/// The records of a package, and what is wrong with it, in words.
fn problems(files: &Files) -> (Vec<check::Record>, Vec<String>) {
    let (records, mut problems) = check::check(files);
    // What records mean is of no use to know while it is not clear what they are.
    if problems.is_empty() {
        problems.extend(rules::check(&records));
    }
    let problems = problems.iter().map(ToString::to_string).collect();
    (records, problems)
}

fn look(paths: &[PathBuf]) -> Result<(), Failure> {
    let mut sound: Vec<(String, Vec<check::Record>)> = Vec::new();
    let mut bad = 0;
    for path in paths {
        let shown = path.display().to_string();
        let bytes = fs::read(path).map_err(|error| source::failed(path, &error))?;
        let (records, problems) = match archive::unpack(&bytes) {
            Ok(files) => problems(&files),
            Err(problems) => (Vec::new(), problems),
        };
        bad += problems.len();
        if problems.is_empty() {
            println!("{shown}: sound, {} records", records.len());
            sound.push((shown, records));
        } else {
            for problem in problems {
                println!("{shown}: {problem}");
            }
        }
    }
    if sound.len() > 1 {
        let packages: Vec<(&str, &[check::Record])> =
            sound.iter().map(|(path, records)| (path.as_str(), records.as_slice())).collect();
        for problem in rules::slash_commands(&packages) {
            println!("{problem}");
            bad += 1;
        }
    }
    if bad == 0 {
        return Ok(());
    }
    let what = if bad == 1 { "1 problem".to_owned() } else { format!("{bad} problems") };
    Err(Failure::Runtime(format!("{what} in {} package{}", paths.len(), if paths.len() == 1 { "" } else { "s" })))
}

#[cfg(test)]
mod tests;
