//! Several relays with one Redis, as processes: what happens to the sessions when one of them is gone.

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a panic is how a test fails")]

mod pages;
mod processes;

use pages::{Sent, Session, Shown, Watched};
use processes::{Balancer, Cable, Namespace, Node, Redis};
use std::time::{Duration, Instant};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
};
use tokio::{sync::watch, time::sleep};

/// Sessions that go on, each with a customer and an agent.
struct Crowd {
    pairs: Vec<(Watched<Sent>, Watched<Shown>)>,
    tokens: Vec<String>,
    runs: watch::Sender<bool>,
}

impl Crowd {
    async fn gather(address: SocketAddr, count: u64, every: Duration) -> Self {
        let (runs, running) = watch::channel(true);
        let (mut pairs, mut tokens) = (Vec::new(), Vec::new());
        for key in 1..=count {
            let session = Session::create(address).await;
            tokens.push(session.token.clone());
            let customer = pages::customer(address, session.clone(), key, every, running.clone());
            pairs.push((customer, pages::agent(address, session, running.clone())));
        }
        let crowd = Self { pairs, tokens, runs };
        let begin = Instant::now();
        crowd.gone_on_since(begin, Duration::from_secs(30)).await;
        crowd
    }

    /// How long it takes from `since` until each agent is shown something that was made after that, at the longest.
    async fn gone_on_since(&self, since: Instant, most: Duration) -> Duration {
        loop {
            let late = self.pairs.iter().filter_map(|(sent, shown)| {
                let sent = sent.lock().unwrap();
                assert_eq!(sent.failed, None);
                let (seq, _) = *sent.made.iter().find(|(_, at)| *at > since)?;
                let shown = shown.lock().unwrap();
                let at = shown.first.iter().rev().take_while(|(shown, _)| *shown >= seq).last()?.1;
                Some(at.saturating_duration_since(since))
            });
            let late: Vec<Duration> = late.collect();
            if late.len() == self.pairs.len() {
                return late.into_iter().max().unwrap_or_default();
            }
            assert!(since.elapsed() < most, "{} of {} sessions go on", late.len(), self.pairs.len());
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// The customers stop; then every agent shows what its customer has, and was shown all of it, each frame once on a connection.
    async fn settle(&self) {
        self.runs.send_replace(false);
        let until = Instant::now() + Duration::from_secs(20);
        for (at, (sent, shown)) in self.pairs.iter().enumerate() {
            loop {
                let (sent, shown) = (sent.lock().unwrap().clone(), shown.lock().unwrap().clone());
                assert_eq!(shown.faults, [""; 0], "session {at}");
                if sent.is_taken && (sent.seq, sent.hash) == (shown.seq, shown.hash) {
                    let made: Vec<u32> = sent.made.iter().map(|(seq, _)| *seq).collect();
                    let first: Vec<u32> = shown.first.iter().map(|(seq, _)| *seq).collect();
                    assert_eq!(made, first, "session {at}");
                    break;
                }
                assert!(
                    Instant::now() < until,
                    "session {at}: {} of {} shown, connections {} and {}",
                    shown.seq,
                    sent.seq,
                    sent.connections,
                    shown.connections
                );
                sleep(Duration::from_millis(20)).await;
            }
        }
    }

    fn keyframes(&self) -> u32 {
        self.pairs.iter().map(|(sent, _)| sent.lock().unwrap().keyframes).sum()
    }

    fn connections(&self) -> (u32, u32) {
        let count = |(sent, shown): &(Watched<Sent>, Watched<Shown>)| {
            (sent.lock().unwrap().connections, shown.lock().unwrap().connections)
        };
        self.pairs.iter().map(count).fold((0, 0), |sum, pair| (sum.0 + pair.0, sum.1 + pair.1))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn either_node_is_killed_under_200_sessions() {
    let redis = Redis::start().await;
    let mut nodes = [Node::start(redis.address(), &[]).await, Node::start(redis.address(), &[]).await];
    let balancer = Balancer::start(&nodes).await;
    let crowd = Crowd::gather(balancer.address, 200, Duration::from_millis(250)).await;
    for at in [0, 1] {
        sleep(Duration::from_secs(1)).await;
        let killed = Instant::now();
        nodes[at].process.kill();
        let longest = crowd.gone_on_since(killed, Duration::from_secs(5)).await;
        println!("node {at} killed: all go on within {longest:?}");
        nodes[at] = Node::start(redis.address(), &[]).await;
        balancer.replace(at, &nodes[at]);
    }
    crowd.settle().await;
    let (customers, agents) = crowd.connections();
    println!("{} keyframes asked for; {customers} and {agents} connections", crowd.keyframes());
    // Nothing is lost by it: no customer had to send its page anew.
    assert_eq!(crowd.keyframes(), 0);
    assert!(customers >= 300 && agents >= 300, "half of them were on each node: {customers}, {agents}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_stands_still_for_ten_seconds() {
    let redis = Redis::start().await;
    let nodes = [Node::start(redis.address(), &[]).await, Node::start(redis.address(), &[]).await];
    let balancer = Balancer::start(&nodes).await;
    let crowd = Crowd::gather(balancer.address, 30, Duration::from_millis(100)).await;
    redis.process.signal("STOP");
    sleep(Duration::from_secs(8)).await;
    assert_eq!(nodes[0].get("/readyz").await, 503);
    assert_eq!(nodes[0].get("/healthz").await, 200, "it is not to be restarted for that");
    let (status, _) = processes::request(nodes[1].address, "POST", "/api/sessions").await;
    assert_eq!(status, 503);
    sleep(Duration::from_secs(2)).await;
    redis.process.signal("CONT");
    let again = Instant::now();
    let longest = crowd.gone_on_since(again, Duration::from_secs(5)).await;
    println!("after ten seconds without Redis all go on within {longest:?}");
    crowd.settle().await;
    assert_eq!(crowd.keyframes(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_comes_back_with_nothing() {
    let mut redis = Redis::start().await;
    let nodes = [Node::start(redis.address(), &[]).await, Node::start(redis.address(), &[]).await];
    let balancer = Balancer::start(&nodes).await;
    let crowd = Crowd::gather(balancer.address, 30, Duration::from_millis(100)).await;
    redis.restart(Duration::from_secs(10)).await;
    let again = Instant::now();
    let longest = crowd.gone_on_since(again, Duration::from_secs(10)).await;
    println!("after Redis has lost everything all go on within {longest:?}");
    crowd.runs.send_replace(false);
    sleep(Duration::from_secs(2)).await;
    for (sent, shown) in &crowd.pairs {
        let (sent, shown) = (sent.lock().unwrap().clone(), shown.lock().unwrap().clone());
        assert_eq!((sent.seq, sent.hash), (shown.seq, shown.hash));
        assert_eq!(shown.faults, [""; 0]);
        // What is there again begins with a keyframe.
        assert!(sent.keyframes <= 2, "{} keyframes", sent.keyframes);
    }
}

/// For ten seconds nothing comes through between the first node and Redis.
async fn cut_off(nodes: &[Node; 2], cut: impl Fn(bool)) {
    let balancer = Balancer::start(nodes).await;
    let crowd = Crowd::gather(balancer.address, 30, Duration::from_millis(100)).await;
    cut(true);
    sleep(Duration::from_secs(10)).await;
    assert_eq!((nodes[0].get("/readyz").await, nodes[1].get("/readyz").await), (503, 200));
    cut(false);
    let again = Instant::now();
    let longest = crowd.gone_on_since(again, Duration::from_secs(10)).await;
    println!("after ten seconds without a network all go on within {longest:?}");
    crowd.settle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_comes_through_between_a_node_and_redis() {
    let redis = Redis::start().await;
    let cable = Cable::to(redis.address()).await;
    let nodes = [Node::start(cable.address, &[]).await, Node::start(redis.address(), &[]).await];
    cut_off(&nodes, |is_cut| cable.cut(is_cut)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_network_between_a_node_and_redis_is_cut() {
    let Some(namespace) = Namespace::make() else {
        println!("no network namespaces here (they need root): the test before this one cuts a connection instead");
        return;
    };
    let redis = Redis::start_at(namespace.outside).await;
    let nodes = [Node::start_in(&namespace, redis.other_address()).await, Node::start(redis.address(), &[]).await];
    cut_off(&nodes, |is_cut| namespace.cut(is_cut)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_goes_down_hands_its_sessions_over() {
    let redis = Redis::start().await;
    let mut nodes = [Node::start(redis.address(), &[]).await, Node::start(redis.address(), &[]).await];
    let balancer = Balancer::start(&nodes).await;
    let crowd = Crowd::gather(balancer.address, 30, Duration::from_millis(100)).await;
    let asked = Instant::now();
    nodes[0].process.terminate().await;
    let longest = crowd.gone_on_since(asked, Duration::from_secs(5)).await;
    println!("after a node was asked to end all go on within {longest:?}");
    crowd.settle().await;
    assert_eq!(crowd.keyframes(), 0);
    for (_, shown) in &crowd.pairs {
        let shown = shown.lock().unwrap();
        // Nobody was told that the customer was away.
        assert!(!shown.news.iter().any(|news| news == "Left 1" || news == "Absent"), "{:?}", shown.news);
    }
}

/// The recordings in a folder, none of which is damaged.
fn recordings(folder: &Path) -> usize {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|ending| ending == "cbr")).collect();
    for file in &files {
        let verified = Command::new(env!("CARGO_BIN_EXE_cobrowse")).arg("verify").arg(file).output().unwrap();
        assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
    }
    files.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_node_records_a_session_and_another_goes_on_when_it_is_gone() {
    let scratch = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("nodes-recorded");
    let _ = std::fs::remove_dir_all(&scratch);
    let folders = ["one", "other"].map(|name| scratch.join(name));
    let redis = Redis::start().await;
    let record = |at: usize| ["--record", folders[at].to_str().unwrap()];
    let mut nodes = [Node::start(redis.address(), &record(0)).await, Node::start(redis.address(), &record(1)).await];
    let balancer = Balancer::start(&nodes).await;
    let crowd = Crowd::gather(balancer.address, 8, Duration::from_millis(100)).await;
    sleep(Duration::from_secs(2)).await;
    let counts = [recordings(&folders[0]), recordings(&folders[1])];
    assert_eq!(counts[0] + counts[1], 8, "each session has one: {counts:?}");
    assert!(counts[0] > 0 && counts[1] > 0, "whoever created it: {counts:?}");

    nodes[0].process.kill();
    let until = Instant::now() + Duration::from_secs(25);
    while recordings(&folders[1]) < 8 {
        assert!(
            Instant::now() < until,
            "{} of 8 sessions are recorded on the node that is left",
            recordings(&folders[1])
        );
        sleep(Duration::from_millis(500)).await;
    }
    crowd.settle().await;
    // Who was on the node that is gone has left: its lease is over.
    for token in &crowd.tokens {
        let (_, shown) = processes::request(nodes[1].address, "GET", &format!("/api/sessions/{token}")).await;
        assert_eq!(shown["agents"].as_array().unwrap().len(), 1, "{shown}");
    }
    nodes[1].process.terminate().await;
    assert_eq!(recordings(&folders[1]), 8);
}
