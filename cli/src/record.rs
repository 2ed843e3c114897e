//! `cobrowse record`: a session of a relay recorded by who has its token.

use crate::{compact, failure::Failure, source};
use ::replay::recording::{About, LiveWriter};
use clap::Args as ClapArgs;
use futures_util::{SinkExt, StreamExt};
use protocol::{control::Control, sealed};
use seal::{
    Token,
    agent::{Agent, Event, Why},
    random::Random,
};
use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::{MissedTickBehavior, interval},
};
use tokio_rustls::{TlsConnector, rustls::pki_types::ServerName};
use tokio_tungstenite::{
    client_async,
    tungstenite::{self, Message, client::IntoClientRequest},
};

/// How often what has come is written.
const TICK: Duration = Duration::from_millis(500);

/// Record a session of a relay until it ends, or until ctrl-C, as an agent whom the customer sees.
///
/// What has come is in the file within half a second, and the file opens whenever it is cut off; at the end it is packed.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// The relay, as http://127.0.0.1:8080 or https://relay.example.
    relay: String,

    /// The session's nine digits.
    token: String,

    /// The file to write.
    #[arg(long, short, value_name = "OUT")]
    out: PathBuf,

    /// The name that the customer reads.
    #[arg(long, default_value = "Recording")]
    name: String,

    /// A file with what says who records: a token of the relay's issuer or a key. Where the relay knows agents it is needed; the
    /// variable COBROWSE_BEARER may hold it instead.
    #[arg(long, value_name = "FILE")]
    bearer_file: Option<PathBuf>,

    /// A PEM file of authorities that are believed beside the system's.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,

    /// Of a sealed session the key that stands behind `key=` in its link.
    #[arg(long, value_name = "HEX", env = "COBROWSE_KEY", hide_env_values = true)]
    key: Option<String>,

    /// Of a sealed session the eight digits that the customer reads out.
    #[arg(long, value_name = "DIGITS", conflicts_with = "key")]
    code: Option<String>,

    /// Write over a file that is there.
    #[arg(long)]
    force: bool,
}

/// The agent's end of a session that is sealed, where it is known to be.
fn seal_of(args: &Args) -> Result<Option<Agent>, Failure> {
    if args.key.is_none() && args.code.is_none() {
        return Ok(None);
    }
    let wrong = |error: seal::Error| Failure::Usage(error.to_string());
    let token: Token = args.token.parse().map_err(wrong)?;
    // Asked once, so that nothing has to fail later.
    getrandom::fill(&mut [0; 8]).map_err(|error| Failure::Runtime(format!("no random bytes: {error}")))?;
    let random = Random::new(|out| {
        if getrandom::fill(out).is_err() {
            // Bytes that are not random would be a key that is none.
            std::process::abort();
        }
    });
    let mut agent = Agent::new(token, random, &args.name);
    if let Some(key) = &args.key {
        agent.set_link(key).map_err(wrong)?;
    }
    if let Some(code) = &args.code {
        agent.offer(code).map_err(wrong)?;
    }
    Ok(Some(agent))
}

fn unkeyed() -> Failure {
    let expected = "expected --key, from the session’s link, or --code, which the customer reads out";
    Failure::Usage(format!("the session is sealed: {expected}"))
}

/// Whether the relay says that the session is sealed (docs/session.md).
fn says_sealed(text: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(text).is_ok_and(|said| said["sealed"] == true)
}

/// What came in, and what is to be sent for it.
#[derive(Default)]
struct Opened {
    frames: Vec<Vec<u8>>,
    answers: Vec<Vec<u8>>,
}

/// What comes in, opened where the session is sealed; and what is to be sent for it.
fn opened(agent: Option<&mut Agent>, bytes: &[u8]) -> Result<Opened, Failure> {
    let Some(agent) = agent else {
        if sealed::is_sealed(bytes) {
            return Err(unkeyed());
        }
        return Ok(Opened { frames: vec![bytes.to_vec()], answers: Vec::new() });
    };
    let Opened { mut frames, mut answers } = Opened::default();
    for event in agent.take(bytes) {
        match event {
            Event::Pass(clear) => frames.push(clear),
            Event::Send(sealed) => answers.push(sealed),
            Event::Lost => answers.extend(Control::KeyframeRequest {}.to_frame(0, 0)),
            Event::Keyed => eprintln!("the session is sealed, and its key is here"),
            Event::Refused(error) => eprintln!("{error}"),
            Event::Code(why) => return Err(Failure::Usage(reason(why).to_owned())),
        }
    }
    Ok(Opened { frames, answers })
}

const fn reason(why: Why) -> &'static str {
    match why {
        Why::Wrong => "--code: it is not the customer’s; the customer’s page shows a new one now",
        Why::Link => "--key: it is not this session’s",
        Why::Closed => "--code: the customer’s page takes none any more, as too many were wrong; --key goes on to work",
        Why::First | Why::Again => "the customer’s page was another, and asks for a new code",
    }
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let relay = Relay::parse(&args.relay)?;
    let bearer = bearer(args)?;
    if args.token.len() != 9 || !args.token.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(Failure::Usage(format!("{}: expected the nine digits of a session", args.token)));
    }
    if !args.force && args.out.exists() {
        return Err(Failure::Usage(format!("{} is there already; --force writes over it", args.out.display())));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::Runtime(format!("cannot start: {error}")))?;
    runtime.block_on(record(args, &relay, bearer.as_deref()))?;
    compact::replace(&args.out, &args.out, false)
}

/// Where a relay is.
struct Relay<'a> {
    /// With its port, where it has one.
    host: &'a str,
    is_secured: bool,
}

impl<'a> Relay<'a> {
    fn parse(url: &'a str) -> Result<Self, Failure> {
        let found = url.strip_prefix("http://").map(|host| (host, false));
        let found = found.or_else(|| url.strip_prefix("https://").map(|host| (host, true)));
        let found = found.map(|(host, is_secured)| (host.trim_end_matches('/'), is_secured));
        match found.filter(|(host, _)| !host.is_empty() && !host.contains('/')) {
            Some((host, is_secured)) => Ok(Self { host, is_secured }),
            None => {
                let expected = "expected the relay's address, as http://127.0.0.1:8080 or https://relay.example";
                Err(Failure::Usage(format!("{url}: {expected}")))
            }
        }
    }

    /// The host without its port, as a certificate names it, and the port.
    fn parts(&self) -> (&str, u16) {
        let usual = if self.is_secured { 443 } else { 80 };
        // In the address of a host of IPv6 are colons, too; it stands in brackets.
        let split = self.host.rsplit_once(':').and_then(|(name, port)| Some((name, port.parse().ok()?)));
        let (name, port) = split.unwrap_or((self.host, usual));
        (name.trim_start_matches('[').trim_end_matches(']'), port)
    }

    async fn connect(&self, ca: Option<&Path>) -> io::Result<Box<dyn Stream>> {
        let (name, port) = self.parts();
        let stream = TcpStream::connect((name, port)).await?;
        if !self.is_secured {
            return Ok(Box::new(stream));
        }
        let wrong = |error: String| io::Error::new(io::ErrorKind::InvalidInput, error);
        let name = ServerName::try_from(name.to_owned()).map_err(|error| wrong(error.to_string()))?;
        let connector = TlsConnector::from(Arc::new(relay::tls::client(ca).map_err(wrong)?));
        Ok(Box::new(connector.connect(name, stream).await?))
    }
}

/// A connection, with TLS or without.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// What says who records, from a file or the environment; not from the command line, which others may read.
fn bearer(args: &Args) -> Result<Option<String>, Failure> {
    let text = match &args.bearer_file {
        Some(file) => Some(fs::read_to_string(file).map_err(|error| source::failed(file, &error))?),
        None => std::env::var("COBROWSE_BEARER").ok(),
    };
    let Some(text) = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()) else { return Ok(None) };
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Failure::Usage("--bearer-file: expected a token or a key, without blanks".to_owned()));
    }
    Ok(Some(text))
}

async fn record(args: &Args, relay: &Relay<'_>, bearer: Option<&str>) -> Result<(), Failure> {
    let unreachable = |error: &dyn std::fmt::Display| Failure::Runtime(format!("{}: {error}", args.relay));
    let stream = relay.connect(args.ca.as_deref()).await.map_err(|error| unreachable(&error))?;
    let name: String =
        args.name.chars().filter(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(*letter)).collect();
    let mut seal = seal_of(args)?;
    // Of a sealed session the customer alone is told the name.
    let name = if seal.is_some() { String::new() } else { name };
    let scheme = if relay.is_secured { "wss" } else { "ws" };
    let url = format!("{scheme}://{}/ws/agent?token={}&beat=true&name={name}", relay.host, args.token);
    let mut request = url.into_client_request().map_err(|error| unreachable(&error))?;
    if let Some(bearer) = bearer {
        let shown = format!("Bearer {bearer}").parse();
        let shown = shown.map_err(|_| Failure::Usage("--bearer-file: expected a token or a key".to_owned()))?;
        request.headers_mut().insert("authorization", shown);
    }
    let (mut socket, _) = match client_async(request, stream).await {
        Err(tungstenite::Error::Http(answer)) if answer.status() == 401 => {
            let expected = "the relay knows its agents: expected a token or a key of one in --bearer-file";
            return Err(Failure::Runtime(format!("{}: {expected}", args.relay)));
        }
        connected => connected.map_err(|error| unreachable(&error))?,
    };
    let created = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let mut writer = LiveWriter::new(&About { created: u64::try_from(created).ok(), ..About::default() });
    let began = Instant::now();
    let mut file = fs::File::create(&args.out).map_err(|error| source::failed(&args.out, &error))?;
    let mut write = |bytes: Vec<u8>| -> Result<(), Failure> {
        file.write_all(&bytes).map_err(|error: io::Error| source::failed(&args.out, &error))
    };
    write(writer.take())?;
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = tick.tick() => {
                writer.flush();
                write(writer.take())?;
            }
            stopped = tokio::signal::ctrl_c() => {
                stopped.map_err(|error| Failure::Runtime(format!("cannot wait for ctrl-C: {error}")))?;
                break;
            }
            message = socket.next() => match message {
                Some(Ok(Message::Binary(bytes))) => {
                    let arrival = u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX);
                    let Opened { frames, answers } = opened(seal.as_mut(), &bytes)?;
                    for frame in frames {
                        if let Err(error) = writer.push(&frame, arrival) {
                            eprintln!("a frame is left out: {error}");
                        }
                    }
                    for answer in answers {
                        socket.send(Message::Binary(answer.into())).await.map_err(|error| unreachable(&error))?;
                    }
                }
                // First of all the relay says whether the session is sealed: without a key nothing of it will come.
                Some(Ok(Message::Text(text))) if seal.is_none() && says_sealed(&text) => return Err(unkeyed()),
                Some(Ok(Message::Close(_))) | None => break,
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    eprintln!("the connection has ended: {error}");
                    break;
                }
            }
        }
    }
    write(writer.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_is_named_by_its_address() {
        let parts = |url: &str| {
            let relay = Relay::parse(url).map_err(|error| error.to_string())?;
            let (name, port) = relay.parts();
            Ok::<_, String>((name.to_owned(), port, relay.is_secured))
        };
        assert_eq!(parts("http://127.0.0.1:8080"), Ok(("127.0.0.1".to_owned(), 8080, false)));
        assert_eq!(parts("http://relay.example/"), Ok(("relay.example".to_owned(), 80, false)));
        assert_eq!(parts("https://relay.example"), Ok(("relay.example".to_owned(), 443, true)));
        assert_eq!(parts("https://[::1]:8443"), Ok(("::1".to_owned(), 8443, true)));
        assert_eq!(parts("https://[::1]"), Ok(("::1".to_owned(), 443, true)));
        for bad in ["relay.example", "ws://relay.example", "https://", "http://relay.example/path"] {
            assert!(parts(bad).unwrap_err().contains("expected the relay's address"), "{bad}");
        }
    }
}
