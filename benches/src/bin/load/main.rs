//! `cargo xtask load`: a relay under many sessions, beside a bare WebSocket echo of the same frames on the same machine, and
//! under attack. The load comes from this process, so that it shares the machine with what it measures: figures are compared
//! within a run.

mod attack;
mod crowd;
mod echo;
mod process;

use anyhow::{Context, Result, bail, ensure};
use attack::Attack;
use clap::Parser;
use crowd::{Crowd, Shape, Tally};
use process::Server;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// How much dearer a frame may be for the relay than for the echo.
const DEAREST: f64 = 2.0;

/// What an idle session may take beside what is kept of it, in bytes.
const IDLE_BYTES: f64 = 65_536.0;

/// How much slower frames of those who mean well may get under attack; and what is not worth a word, in milliseconds.
const SLOWEST: f64 = 2.0;
const UNNOTICED: f64 = 5.0;

/// All who mean well come from one address here.
const ONE_ADDRESS: [&str; 4] = ["--address-connections", "0", "--create-burst", "0"];

/// A relay under load.
#[derive(Debug, Parser)]
#[command(name = "load")]
struct Options {
    /// Sessions that are active at a time, each with a customer and an agent.
    #[arg(long, default_value_t = 1_000)]
    sessions: usize,
    /// Frames a second in each.
    #[arg(long, default_value_t = 10)]
    rate: u32,
    /// The length of a frame.
    #[arg(long, default_value_t = 1_024)]
    bytes: usize,
    /// How long, in seconds; the echo runs for a tenth of that before and behind.
    #[arg(long, default_value_t = 300)]
    seconds: u64,
    /// Sessions that do nothing; 0 leaves that part out.
    #[arg(long, default_value_t = 10_000)]
    idle: usize,
    /// The relay's store; `redis` starts a server of its own.
    #[arg(long, default_value = "memory")]
    store: String,
    /// Instead of that: who means ill, or `all`; may be given several times.
    #[arg(long, value_name = "NAME")]
    attack: Vec<String>,
    /// Some seconds and few sessions instead: to see that it works, not how well.
    #[arg(long)]
    quick: bool,
    /// Only the echo, as a process of its own.
    #[arg(long, hide = true)]
    echo: bool,
}

fn main() -> Result<()> {
    let mut options = Options::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if options.echo {
        return runtime.block_on(echo::serve());
    }
    if options.quick {
        (options.sessions, options.seconds, options.idle) = (100, 10, options.idle.min(1_000));
    }
    runtime.block_on(async {
        let faults = if options.attack.is_empty() { load(&options).await? } else { attacks(&options).await? };
        for fault in &faults {
            println!("MISSED  {fault}");
        }
        ensure!(faults.is_empty(), "{} lines are missed", faults.len());
        Ok(())
    })
}

async fn load(options: &Options) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    let shape = Shape { sessions: options.sessions, rate: options.rate, bytes: options.bytes };
    let time = Duration::from_secs(options.seconds);
    println!(
        "{} sessions × {} frames/s × {} bytes, {time:?}, store {}",
        shape.sessions, shape.rate, shape.bytes, options.store
    );
    let echo = Server::echo()?;
    let before = measure(&echo, Crowd::echoed(&echo.address, shape).await?, time / 10).await?;
    before.print("echo, before");
    let store = process::Store::start(&options.store).await?;
    let relay = Server::relay(&store.arguments(), &ONE_ADDRESS).await?;
    let active = measure(&relay, Crowd::relayed(&relay.address, shape).await?, time).await?;
    active.print("relay");
    if let Some(server) = &store.server {
        println!(
            "redis        {:6.1} µs/frame of its CPU, {:.0} MB",
            server.cpu_since_start()? * 1e6 / active.tally.frames as f64,
            server.memory()? / 1e6
        );
    }
    drop(relay);
    let after = measure(&echo, Crowd::echoed(&echo.address, shape).await?, time / 10).await?;
    after.print("echo, after");
    let ratio = active.per_frame() / f64::midpoint(before.per_frame(), after.per_frame());
    println!("a frame costs the relay {ratio:.2} times what it costs the echo");
    if active.tally.lost + active.tally.disordered > 0 {
        faults.push(format!("{} frames lost, {} out of order", active.tally.lost, active.tally.disordered));
    }
    if ratio > DEAREST && store.server.is_none() {
        faults.push(format!("a frame costs {ratio:.2} times the echo's; at most {DEAREST} was expected"));
    }
    if options.idle > 0 {
        faults.extend(idle(options).await?);
    }
    Ok(faults)
}

/// Sessions that do nothing.
async fn idle(options: &Options) -> Result<Vec<String>> {
    let store = process::Store::start(&options.store).await?;
    let relay =
        Server::relay(&store.arguments(), &[&ONE_ADDRESS[..], &["--sessions", "1000000", "--absence", "1h"]].concat())
            .await?;
    let store_before = store.server.as_ref().map(Server::memory).transpose()?;
    let before = relay.memory()?;
    let shape = Shape { sessions: options.idle, rate: 0, bytes: options.bytes };
    // Each process may have so many sockets open.
    let agents = process::open_files()?.saturating_sub(options.idle + 500).min(options.idle);
    let from = Instant::now();
    let crowd = Crowd::idle(&relay.address, shape, agents).await?;
    println!(
        "{} idle sessions, {agents} of them with an agent, after {:.1} s",
        options.idle,
        from.elapsed().as_secs_f64()
    );
    sleep(Duration::from_secs(if options.quick { 2 } else { 30 })).await;
    let cpu = relay.cpu()?;
    let watched = Duration::from_secs(if options.quick { 2 } else { 30 });
    sleep(watched).await;
    let share = (relay.cpu()? - cpu) / watched.as_secs_f64();
    let each = (relay.memory()? - before) / options.idle as f64 - options.bytes as f64;
    println!(
        "idle         {:6.1} KB a session beside what is kept, {:.1} % of a core for all",
        each / 1024.0,
        share * 100.0
    );
    if let (Some(server), Some(before)) = (&store.server, store_before) {
        println!("redis        {:6.1} KB an idle session", (server.memory()? - before) / options.idle as f64 / 1024.0);
    }
    let mut faults = Vec::new();
    let held = crowd.held();
    if held < options.idle + agents {
        faults.push(format!("{held} of {} connections held", options.idle + agents));
    }
    if each > IDLE_BYTES {
        faults.push(format!("{each:.0} bytes an idle session; at most {IDLE_BYTES} were expected"));
    }
    Ok(faults)
}

/// What was measured of a server in some time.
struct Measured {
    tally: Tally,
    /// Seconds of CPU.
    cpu: f64,
}

impl Measured {
    fn per_frame(&self) -> f64 {
        self.cpu / self.tally.frames.max(1) as f64
    }

    fn print(&self, name: &str) {
        let Tally { frames, lost, disordered, .. } = self.tally;
        println!(
            "{name:<12} {:6.1} µs/frame of its CPU, {frames} frames, {lost} lost, {disordered} out of order, {}",
            self.per_frame() * 1e6,
            self.tally.latency
        );
    }
}

async fn measure(server: &Server, crowd: Crowd, time: Duration) -> Result<Measured> {
    crowd.warm().await?;
    let (cpu, begun) = (server.cpu()?, crowd.count());
    sleep(time).await;
    let cpu = server.cpu()? - cpu;
    let tally = crowd.end(begun).await?;
    Ok(Measured { tally, cpu })
}

/// Those who mean well beside those who do not.
async fn attacks(options: &Options) -> Result<Vec<String>> {
    let chosen: Vec<Attack> = if options.attack.iter().any(|name| name == "all") {
        Attack::ALL.to_vec()
    } else {
        let find = |name: &String| Attack::ALL.into_iter().find(|attack| attack.name() == name);
        let known = || Attack::ALL.map(Attack::name).join(", ");
        options
            .attack
            .iter()
            .map(|name| {
                find(name).with_context(|| format!("--attack: expected all or one of {}, found {name}", known()))
            })
            .collect::<Result<_>>()?
    };
    let mut faults = Vec::new();
    let time = Duration::from_secs(if options.quick { 3 } else { 15 });
    let shape = Shape { sessions: 50, rate: 10, bytes: options.bytes };
    for attack in chosen {
        let store = process::Store::start(&options.store).await?;
        let relay = // Everyone here has one address; those who mean well are there before its limits are reached.
            Server::relay(&store.arguments(), &[]).await?;
        let crowd = Crowd::relayed(&relay.address, shape).await?;
        crowd.warm().await?;
        crowd.take_latency();
        sleep(time).await;
        let calm = crowd.take_latency();
        let memory = relay.memory()?;
        let attacker = attack.begin(&relay.address, options.quick).await?;
        sleep(Duration::from_secs(1)).await;
        crowd.take_latency();
        sleep(time).await;
        while attacker.tried() < attack.least(options.quick) {
            sleep(Duration::from_millis(100)).await;
        }
        let under = crowd.take_latency();
        let did = attacker.end().await;
        let grown = (relay.memory()? - memory) / 1e6;
        println!(
            "{:<8} {did}\n         calm {calm}\n         then {under}\n         memory {grown:+.0} MB",
            attack.name()
        );
        let tally = crowd.end(0).await?;
        if tally.lost + tally.disordered > 0 {
            faults.push(format!("{}: {} frames lost, {} out of order", attack.name(), tally.lost, tally.disordered));
        }
        if under.median > (calm.median * SLOWEST).max(UNNOTICED) {
            faults.push(format!("{}: {:.1} ms where it was {:.1} ms", attack.name(), under.median, calm.median));
        }
        if relay.has_ended()? {
            bail!("{}: the relay has ended", attack.name());
        }
    }
    Ok(faults)
}
