//! Running cases: what they share is started once, and each worker takes the next case when it is done with one.

use crate::{
    RunOptions,
    cases::{self, Case},
    driver::Relay,
    kinds,
    report::{self, Outcome, Verdict},
    server::{Folders, Server},
    workbench::{Site, Workbench},
};
use anyhow::{Context, Result, anyhow, ensure};
use std::{
    env,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{sync::Mutex, task::JoinSet, time::timeout};

/// No case takes longer, unless something hangs.
const CASE: Duration = Duration::from_secs(300);

/// Runs what the options ask for. Returns whether nothing failed.
pub(crate) async fn run(options: &RunOptions) -> Result<bool> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the workspace's folder")?.to_owned();
    let folders = Folders {
        shared: setting("E2E_PAGES", root.join("../shared/pages")),
        fixtures: root.join("fixtures/pages"),
        recordings: root.join("fixtures/recordings"),
        sources: root.join("replay/js"),
        dist: setting("COBROWSE_DIST", root.join("dist")),
        examples: root.join("docs/integrations/examples"),
        packages: root.join("node_modules"),
        peer: options.peer.clone().unwrap_or_else(|| root.join("node_modules/rrweb/dist")),
    };
    let mut chosen = cases::all(&folders)?;
    kinds::check(&chosen.iter().map(Case::name).collect())?;
    if !options.only.is_empty() {
        chosen.retain(|case| options.only.iter().any(|part| case.name().contains(part.as_str())));
    }
    if options.list {
        for case in &chosen {
            println!("{}", case.name());
        }
        return Ok(true);
    }
    ensure!(!chosen.is_empty(), "no case has such a name");
    let output = setting("E2E_OUTPUT", root.join("target/e2e"));
    tokio::fs::create_dir_all(&output).await?;
    let site = Arc::new(open(folders, output, &root, options).await?);
    let from = Instant::now();
    let outcomes = run_all(&site, chosen, usize::from(options.workers)).await?;
    // Nothing else holds it now; profiles are gone with their browsers.
    let _ = tokio::fs::remove_dir_all(site.output.join("profiles")).await;
    if let Some(file) = &options.results {
        tokio::fs::write(file, report::results(&outcomes)?).await?;
    }
    if let Some(file) = &options.table {
        tokio::fs::write(file, report::table(&outcomes, &report::columns(&options.beside)?)).await?;
    }
    Ok(report::summarise(&outcomes, from.elapsed()))
}

/// Starts what all cases share.
async fn open(folders: Folders, output: PathBuf, root: &Path, options: &RunOptions) -> Result<Site> {
    let logs = ["driver.log", "relay.log"].map(|name| output.join(name));
    for log in &logs {
        std::fs::write(log, "")?;
    }
    let binary = setting("COBROWSE_BIN", root.join("target/release/cobrowse"));
    let relay = Relay::start(&binary, &folders.dist, &logs[1], &[]).await;
    Ok(Site {
        engines: [options.customer, options.agent],
        driver_log: logs[0].clone(),
        server: Server::start(folders.clone()).await?,
        relay,
        folders,
        output,
        headed: options.headed,
        is_peer: options.peer.is_some(),
        binary,
        recordings: root.join("fixtures/recordings"),
        makes_recordings: options.record,
    })
}

fn setting(variable: &str, default: PathBuf) -> PathBuf {
    env::var_os(variable).map_or(default, PathBuf::from)
}

/// Runs the cases in `workers` pairs of browsers. Outcomes come in the order of the cases.
async fn run_all(site: &Arc<Site>, chosen: Vec<Case>, workers: usize) -> Result<Vec<Outcome>> {
    let chosen = Arc::new(chosen);
    let next = Arc::new(AtomicUsize::new(0));
    let outcomes = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = JoinSet::new();
    for _ in 0..workers.min(chosen.len()) {
        let (site, chosen, next, outcomes) = (site.clone(), chosen.clone(), next.clone(), outcomes.clone());
        tasks.spawn(async move {
            let mut bench = None;
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(case) = chosen.get(index) else { break };
                let outcome = run_one(&site, &mut bench, case).await;
                outcome.print();
                outcomes.lock().await.push((index, outcome));
            }
            match bench {
                Some(bench) => bench.close().await,
                None => Ok(()),
            }
        });
    }
    while let Some(task) = tasks.join_next().await {
        task.context("a worker")??;
    }
    let mut outcomes = std::mem::take(&mut *outcomes.lock().await);
    outcomes.sort_by_key(|(index, _)| *index);
    Ok(outcomes.into_iter().map(|(_, outcome)| outcome).collect())
}

/// Runs one case; opens browsers if there are none, and gives them up when they cannot be trusted any more.
async fn run_one(site: &Arc<Site>, bench: &mut Option<Workbench>, case: &Case) -> Outcome {
    let name = case.name();
    let folder = site.output.join(&name);
    let from = Instant::now();
    // What the workbench knows of pixels is of the case that ran last: one that is skipped has none.
    let (verdict, pixels) = match case.skipped(site.engines) {
        Some(reason) => (Verdict::Skipped(reason.to_owned()), None),
        None => {
            let verdict = match attempt(site, bench, case, &folder).await {
                Ok(()) => Verdict::Passed,
                Err(error) => Verdict::Failed(error),
            };
            (verdict, bench.as_ref().and_then(Workbench::pixels))
        }
    };
    let reason = case.pixels_reason().map(str::to_owned);
    let outcome = Outcome { name, verdict, time: from.elapsed(), pixels, reason };
    if let Err(error) = outcome.explain(&folder) {
        eprintln!("{}: {error:#}", folder.display());
    }
    outcome
}

async fn attempt(site: &Arc<Site>, bench: &mut Option<Workbench>, case: &Case, folder: &Path) -> Result<()> {
    let ready = match bench {
        Some(ready) => ready,
        None => bench.insert(Workbench::open(site.clone()).await?),
    };
    ready.prepare().await?;
    let from = Instant::now();
    let result =
        timeout(CASE, case.run(ready)).await.unwrap_or_else(|_| Err(anyhow!("not done within {} s", CASE.as_secs())));
    let time = from.elapsed();
    // Pictures are wanted most of all when something is wrong.
    let faults = match ready.conclude(folder, time).await {
        Ok(faults) => faults,
        Err(error) => {
            // A page that hangs or has crashed must not fail the cases after it.
            *bench = None;
            return Err(result.err().unwrap_or(error));
        }
    };
    match result {
        Ok(()) => ensure!(faults.is_empty(), "faults in the console:\n{}", faults.join("\n")),
        Err(error) if faults.is_empty() => return Err(error),
        Err(error) => return Err(error.context(format!("faults in the console:\n{}\nand", faults.join("\n")))),
    }
    site.relay.as_ref().map_or(Ok(()), Relay::check)
}
