//! The cases, by what they are about.

mod attacks;
mod comparator;
mod control;
mod documents;
mod drift;
mod dynamics365;
mod export;
mod genesys;
mod hand;
mod hostile;
mod identity;
mod import;
mod life;
mod live;
mod live_assist;
mod liveperson;
mod long;
mod outside;
mod own;
mod player;
mod privacy;
mod recording;
mod resources;
mod rules;
mod screen;
mod sealed;
mod secrets;
mod session;
mod shared;
mod sites;
mod storm;
mod traps;

use crate::{engine::Engine, server::Folders, workbench::Workbench};
use anyhow::Result;

/// One case.
#[derive(Debug)]
pub(crate) enum Case {
    /// The comparison itself: a difference that it must find, or one that it must allow.
    Comparator(&'static comparator::Seed),
    /// A real page.
    Shared(shared::Page),
    /// One of our own pages, with what is done to it.
    Own(&'static own::Script),
    /// Very many edits of a real page.
    Long(&'static str),
    /// Random edits of all kinds.
    Storm(u32),
    /// Agents that come and go.
    Session(session::Scenario),
    /// Networks, pages and tabs that come and go.
    Life(life::Scenario),
    /// Subdomains.
    Sites(sites::Scenario),
    /// Frames that must be refused.
    Hostile(hostile::Attack),
    /// What a hostile page may hold.
    Attacks(attacks::Scenario),
    /// An agent's mouse and keys.
    Hand(hand::Scenario),
    /// What an agent may do and what not.
    Control(control::Scenario),
    /// Pictures that an agent shows.
    Documents(documents::Scenario),
    /// The customer's screen.
    Screen(screen::Scenario),
    /// The example of Live Assist.
    LiveAssist(live_assist::Scenario),
    /// State that no document holds.
    Live(live::State),
    /// A tab of Dynamics 365.
    Dynamics365(dynamics365::Scenario),
    /// Offers of LivePerson's.
    LivePerson(liveperson::Scenario),
    /// Frames of another origin.
    Outside(outside::Scenario),
    /// Sealed sessions.
    Sealed(sealed::Scenario),
    /// What is loaded.
    Resources(resources::Scenario),
    /// What others have recorded.
    Import(import::Log),
    /// A workload of the benches that others have recorded.
    ImportWorkload(&'static str),
    /// What we have recorded, for others.
    Export(import::Log),
    /// Recordings of ours.
    Recording(recording::Scenario),
    /// The player of recordings.
    Player(player::Scenario),
    /// Ends that have come to differ.
    Drift(drift::Cause),
    /// What must not leave the page.
    Privacy(privacy::Scenario),
    /// Which rules keep what.
    Rules(rules::Scenario),
    /// A secret in every place.
    Secrets(secrets::Scenario),
    /// Who agents are.
    Identity(identity::Scenario),
    /// Genesys Co-browse.
    Genesys(genesys::Scenario),
    /// What browsers do that an engine must be careful of.
    Trap(traps::Trap),
}

impl Case {
    /// The name, such as `own/table-reorder`; also that of its folder.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Comparator(seed) => format!("comparator/{}", seed.name),
            Self::Shared(page) => format!("shared/{}", page.name()),
            Self::Own(script) => format!("own/{}", script.name),
            Self::Long(page) => format!("long/{page}"),
            Self::Storm(seed) => format!("storm/{seed}"),
            Self::Session(scenario) => format!("session/{}", scenario.name()),
            Self::Life(scenario) => format!("life/{}", scenario.name()),
            Self::Sites(scenario) => format!("sites/{}", scenario.name()),
            Self::Hostile(attack) => format!("hostile/{}", attack.name()),
            Self::Attacks(scenario) => format!("attacks/{}", scenario.name()),
            Self::Hand(scenario) => format!("hand/{}", scenario.name()),
            Self::Control(scenario) => format!("control/{}", scenario.name()),
            Self::Documents(scenario) => format!("documents/{}", scenario.name()),
            Self::Screen(scenario) => format!("screen/{}", scenario.name()),
            Self::LiveAssist(scenario) => format!("live-assist/{}", scenario.name()),
            Self::Live(state) => format!("live/{}", state.name()),
            Self::Dynamics365(scenario) => format!("dynamics365/{}", scenario.name()),
            Self::LivePerson(scenario) => format!("liveperson/{}", scenario.name()),
            Self::Outside(scenario) => format!("outside/{}", scenario.name()),
            Self::Sealed(scenario) => format!("sealed/{}", scenario.name()),
            Self::Resources(scenario) => format!("resources/{}", scenario.name()),
            Self::Import(log) => format!("import/{}", log.name()),
            Self::ImportWorkload(name) => format!("import/bench-{}", name.replace([' ', ','], "-").replace('×', "x")),
            Self::Export(log) => format!("export/{}", log.name()),
            Self::Recording(scenario) => format!("recording/{}", scenario.name()),
            Self::Player(scenario) => format!("player/{}", scenario.name()),
            Self::Drift(cause) => format!("drift/{}", cause.name()),
            Self::Privacy(scenario) => format!("privacy/{}", scenario.name()),
            Self::Rules(scenario) => format!("privacy/{}", scenario.name()),
            Self::Secrets(scenario) => format!("privacy/{}", scenario.name()),
            Self::Identity(scenario) => format!("identity/{}", scenario.name()),
            Self::Genesys(scenario) => format!("genesys/{}", scenario.name()),
            Self::Trap(trap) => format!("traps/{}", trap.name()),
        }
    }

    /// Why it cannot be run here, or by these engines (the customer's and the agent's), if it cannot.
    pub(crate) fn skipped(&self, engines: [Engine; 2]) -> Option<&str> {
        match self {
            Self::Shared(page) => page.skipped(),
            Self::Own(script) => own::skipped(script, engines),
            Self::Screen(_) | Self::LiveAssist(live_assist::Scenario::Screen) if engines != [Engine::Chromium; 2] => {
                Some("only Chromium has a screen to show without a person")
            }
            Self::LivePerson(_) | Self::Dynamics365(_) if engines != [Engine::Chromium; 2] => {
                Some("the examples are driven in Chromium")
            }
            Self::Player(_) if engines[1] != Engine::Chromium => Some("the player is driven in Chromium"),
            _ => None,
        }
    }

    /// Why more pixels may differ than otherwise.
    pub(crate) fn pixels_reason(&self) -> Option<&str> {
        match self {
            Self::Own(script) => script.pixels,
            Self::Shared(page) => page.pixels_reason(),
            _ => None,
        }
    }

    /// Runs it.
    pub(crate) async fn run(&self, bench: &Workbench) -> Result<()> {
        match self {
            Self::Comparator(seed) => comparator::run(bench, seed).await,
            Self::Shared(page) => shared::run(bench, page).await,
            Self::Own(script) => own::run(bench, script).await,
            Self::Long(page) => long::run(bench, page).await,
            Self::Storm(seed) => storm::run(bench, *seed).await,
            Self::Session(scenario) => session::run(bench, *scenario).await,
            Self::Life(scenario) => life::run(bench, *scenario).await,
            Self::Sites(scenario) => sites::run(bench, *scenario).await,
            Self::Hostile(attack) => hostile::run(bench, *attack).await,
            Self::Attacks(scenario) => attacks::run(bench, *scenario).await,
            Self::Hand(scenario) => hand::run(bench, *scenario).await,
            Self::Control(scenario) => control::run(bench, *scenario).await,
            Self::Documents(scenario) => documents::run(bench, *scenario).await,
            Self::Screen(scenario) => screen::run(bench, *scenario).await,
            Self::LiveAssist(scenario) => live_assist::run(bench, *scenario).await,
            Self::Live(state) => live::run(bench, *state).await,
            Self::Dynamics365(scenario) => dynamics365::run(bench, *scenario).await,
            Self::LivePerson(scenario) => liveperson::run(bench, *scenario).await,
            Self::Outside(scenario) => outside::run(bench, *scenario).await,
            Self::Sealed(scenario) => sealed::run(bench, *scenario).await,
            Self::Resources(scenario) => resources::run(bench, *scenario).await,
            Self::Import(log) => import::run(bench, log).await,
            Self::ImportWorkload(name) => import::workload(bench, name).await,
            Self::Export(log) => export::run(bench, log).await,
            Self::Recording(scenario) => recording::run(bench, *scenario).await,
            Self::Player(scenario) => player::run(bench, *scenario).await,
            Self::Drift(cause) => drift::run(bench, *cause).await,
            Self::Privacy(scenario) => privacy::run(bench, *scenario).await,
            Self::Rules(scenario) => rules::run(bench, *scenario).await,
            Self::Secrets(scenario) => secrets::run(bench, *scenario).await,
            Self::Identity(scenario) => identity::run(bench, *scenario).await,
            Self::Genesys(scenario) => genesys::run(bench, *scenario).await,
            Self::Trap(trap) => traps::run(bench, *trap).await,
        }
    }
}

/// Every case, those first that the others rely on.
pub(crate) fn all(folders: &Folders) -> Result<Vec<Case>> {
    let mut cases: Vec<Case> = comparator::SEEDS.iter().map(Case::Comparator).collect();
    cases.extend(own::SCRIPTS.iter().map(Case::Own));
    cases.extend(session::Scenario::ALL.into_iter().map(Case::Session));
    cases.extend(life::Scenario::ALL.into_iter().map(Case::Life));
    cases.extend(sites::Scenario::ALL.into_iter().map(Case::Sites));
    cases.extend(hostile::Attack::ALL.into_iter().map(Case::Hostile));
    cases.extend(attacks::Scenario::ALL.into_iter().map(Case::Attacks));
    cases.extend(hand::Scenario::ALL.into_iter().map(Case::Hand));
    cases.extend(control::Scenario::ALL.into_iter().map(Case::Control));
    cases.extend(documents::Scenario::ALL.into_iter().map(Case::Documents));
    cases.extend(screen::Scenario::ALL.into_iter().map(Case::Screen));
    cases.extend(live_assist::Scenario::ALL.into_iter().map(Case::LiveAssist));
    cases.extend(live::State::ALL.into_iter().map(Case::Live));
    cases.extend(dynamics365::Scenario::ALL.into_iter().map(Case::Dynamics365));
    cases.extend(liveperson::Scenario::ALL.into_iter().map(Case::LivePerson));
    cases.extend(outside::Scenario::ALL.into_iter().map(Case::Outside));
    cases.extend(sealed::Scenario::ALL.into_iter().map(Case::Sealed));
    cases.extend(resources::Scenario::ALL.into_iter().map(Case::Resources));
    cases.extend(import::Log::ALL.into_iter().map(Case::Import));
    cases.extend(import::workloads().map(Case::ImportWorkload));
    cases.extend(import::Log::ALL.into_iter().map(Case::Export));
    cases.extend(recording::Scenario::all().map(Case::Recording));
    cases.extend(player::Scenario::ALL.into_iter().map(Case::Player));
    cases.extend(drift::Cause::ALL.into_iter().map(Case::Drift));
    cases.extend(privacy::Scenario::ALL.into_iter().map(Case::Privacy));
    cases.extend(rules::Scenario::ALL.into_iter().map(Case::Rules));
    cases.extend(secrets::Scenario::ALL.into_iter().map(Case::Secrets));
    cases.extend(identity::Scenario::ALL.into_iter().map(Case::Identity));
    cases.extend(genesys::Scenario::ALL.into_iter().map(Case::Genesys));
    cases.extend(traps::Trap::ALL.into_iter().map(Case::Trap));
    cases.extend(storm::seeds().into_iter().map(Case::Storm));
    if folders.shared.is_dir() {
        cases.extend(long::PAGES.map(Case::Long));
    }
    cases.extend(shared::pages(&folders.shared)?.into_iter().map(Case::Shared));
    Ok(cases)
}
