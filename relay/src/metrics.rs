//! What the relay counts, as Prometheus reads it.

use crate::close::Close;
use std::{
    fmt::Write as _,
    sync::atomic::{AtomicU64, Ordering},
};

/// Close codes from [`Close::code`], 4000 on, and one for peers that went by themselves.
const CODES: usize = 11;

/// Counted since the relay began; gauges say what is now. Each is a number, and none names a session.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) connections: AtomicU64,
    pub(crate) customers: AtomicU64,
    pub(crate) agents: AtomicU64,
    pub(crate) created: AtomicU64,
    pub(crate) joined: AtomicU64,
    pub(crate) messages_in: AtomicU64,
    pub(crate) bytes_in: AtomicU64,
    pub(crate) messages_out: AtomicU64,
    pub(crate) bytes_out: AtomicU64,
    /// Wrong tokens and secrets.
    pub(crate) missed: AtomicU64,
    /// Of those that showed something: who is no agent.
    pub(crate) unidentified: AtomicU64,
    /// Requests that were answered with 429.
    pub(crate) throttled: AtomicU64,
    /// Connections that were not taken: too many of one address.
    pub(crate) turned_away: AtomicU64,
    /// TLS handshakes that failed.
    pub(crate) unshaken: AtomicU64,
    closed: [AtomicU64; CODES],
}

/// One more.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// So many more.
pub(crate) fn add(counter: &AtomicU64, more: usize) {
    counter.fetch_add(more as u64, Ordering::Relaxed);
}

/// Counts while it lives.
pub(crate) struct Gauge<'a>(&'a AtomicU64);

impl<'a> Gauge<'a> {
    pub(crate) fn of(counter: &'a AtomicU64) -> Self {
        count(counter);
        Self(counter)
    }
}

impl Drop for Gauge<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Metrics {
    /// A WebSocket was closed, by the relay for a reason or by its peer.
    pub(crate) fn closed(&self, why: Option<&Close>) {
        let at = why.map_or(CODES - 1, |why| usize::from(why.code().saturating_sub(4000)).min(CODES - 2));
        count(&self.closed[at]);
    }

    /// All of it in Prometheus's text format.
    pub(crate) fn text(&self, is_ready: bool, is_besieged: bool) -> String {
        let mut out = String::with_capacity(4 << 10);
        let mut put = |name: &str, kind: &str, help: &str, value: u64| {
            let _ =
                writeln!(out, "# HELP cobrowse_{name} {help}\n# TYPE cobrowse_{name} {kind}\ncobrowse_{name} {value}");
        };
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        put("ready", "gauge", "Whether sessions can be created and joined.", is_ready.into());
        put("besieged", "gauge", "Whether tokens are guessed from many addresses.", is_besieged.into());
        put("connections", "gauge", "Connections, WebSockets and plain requests.", read(&self.connections));
        put("customers", "gauge", "Customers whose page is connected here.", read(&self.customers));
        put("agents", "gauge", "Agents who are connected here.", read(&self.agents));
        put("sessions_created_total", "counter", "Sessions created here.", read(&self.created));
        put("joins_total", "counter", "Participants who joined here.", read(&self.joined));
        put("messages_received_total", "counter", "Frames and messages taken.", read(&self.messages_in));
        put("received_bytes_total", "counter", "Bytes of them.", read(&self.bytes_in));
        put("messages_sent_total", "counter", "Frames and messages sent.", read(&self.messages_out));
        put("sent_bytes_total", "counter", "Bytes of them.", read(&self.bytes_out));
        put("wrong_keys_total", "counter", "Wrong tokens and secrets.", read(&self.missed));
        put("not_agents_total", "counter", "Tokens and keys shown that are no agent's.", read(&self.unidentified));
        put("throttled_total", "counter", "Requests answered with 429.", read(&self.throttled));
        put("turned_away_total", "counter", "Connections above what one address may have.", read(&self.turned_away));
        put("tls_failures_total", "counter", "TLS handshakes that failed.", read(&self.unshaken));
        out.push_str("# HELP cobrowse_closed_total WebSockets closed, by the code; gone: by the peer.\n# TYPE cobrowse_closed_total counter\n");
        for (at, counter) in self.closed.iter().enumerate() {
            let code = if at == CODES - 1 { "gone".to_owned() } else { (4000 + at).to_string() };
            let _ = writeln!(out, "cobrowse_closed_total{{code=\"{code}\"}} {}", read(counter));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_close_has_its_own_line() {
        let metrics = Metrics::default();
        metrics.closed(Some(&Close::Ended));
        metrics.closed(Some(&Close::Unavailable(String::new())));
        metrics.closed(None);
        count(&metrics.created);
        let text = metrics.text(true, false);
        for line in [
            "cobrowse_closed_total{code=\"4000\"} 1",
            "cobrowse_closed_total{code=\"4009\"} 1",
            "cobrowse_closed_total{code=\"gone\"} 1",
            "cobrowse_closed_total{code=\"4006\"} 0",
            "cobrowse_sessions_created_total 1",
            "cobrowse_ready 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
    }
}
