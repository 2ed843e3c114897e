//! The relay between a customer's page and its agents.
//!
//! ```text
//! customer's page ── frames, opaque ──▶ room (log) ──▶ each agent, at its own pace
//!                 ◀── control frames ── room ◀── each agent
//! ```
//!
//! Of a frame only the header is read ([`protocol::frame::peek`]); bodies pass as they came. Control frames are read
//! whole, because which side may send which is checked here. What an agent may do on the page is not: the customer's
//! page decides that.
//!
//! # The API
//!
//! Bodies are JSON; times are milliseconds since 1970. An error is `{"error": "what was expected"}`.
//!
//! | request | answer |
//! |---|---|
//! | `POST /api/sessions`, body nothing or `{"mode": "shared" \| "view" \| "follow", "reference": "…", "invite": bool}` (default `follow`, none, false), see below | 201 `{"token", "secret", "mode", "created", "expires", "recording"}`, the last one the name under which it is recorded, or `null`; the token is a string of nine digits, the secret one of 64 hexadecimal digits |
//! | `GET /api/sessions/{token}` | 200 `{"token", "mode", "created", "expires", "customer": bool, "reference", "open": bool, "agents": [{"user", "name"}]}` |
//! | `POST /api/sessions/{token}/take` | 200, as for `POST /api/sessions`: the customer's page takes an invitation |
//! | `POST /api/sessions/{token}/decline` | 204: the customer does not want to; the agents get `Ended` (declined) |
//! | `GET /api/references/{reference}?wait=…` | 200 as for `GET /api/sessions/{token}`: the live session that was created last with the reference; waited for at most so many seconds, 25 at most, default 0 |
//! | `GET /api/embedding?origin=…` | 200 `{"allowed": bool}`: whether pages of the origin may have the agent's page in a frame ([`Config::frame_ancestors`]) |
//! | `DELETE /api/sessions/{token}` with `Authorization: Bearer <secret>` | 204; everyone gets `Ended` (customer) |
//! | `GET /api/sessions/{token}/ice` | 200 `{"iceServers": […]}`: the servers of [`Config::ice_servers`], as a browser takes them for screen sharing |
//! | `GET /api/assets` | 200 `{"assets": […]}`: the origins of [`Config::assets`], or `null` without any |
//! | `GET /api/rules` | 200 `{"rules": […]}`: the privacy rules of [`Config::rules`] that were last understood, as the option `rules` of `Cobrowse.start` has them, and `private`, `maskLength`, `urls` if the file says so |
//! | `GET /api/recordings` with `Authorization: Bearer <record secret>` | 200 `{"recordings": [{"name", "bytes", "written"}]}`; 404 without [`Config::record_secret`] |
//! | `DELETE /api/recordings/{name}` with the same | 204 |
//! | `GET /healthz` | 200 `{"status": "ok"}` |
//! | `GET /readyz` | 200 `{"status": "ready"}` while sessions can be created and joined; 503 while the store does not answer, and when the relay goes down |
//! | `GET /metrics` | 200, for Prometheus; 404 unless asked from this machine or from [`Config::metrics_from`] |
//! | `GET /ws/customer?token=…` | a WebSocket, see below |
//! | `GET /api/identity` | 200 `{"required": bool, "signIn": {"issuer", "client", "scope", "token"} \| null, "keys": bool}`: whether agents have to show who they are, and how the agent's page signs them in |
//! | `POST /api/sessions/{token}/tickets` with `Authorization: Bearer <an agent's token or key>` | 201 `{"ticket", "expires", "name"}`: what an agent's socket shows, once, see below |
//! | `GET /ws/agent?token=…&name=…` | a WebSocket, see below; the name is optional, at most 100 characters |
//! | `/cobrowse/rest/…`, `/cobrowse/cometd` | those of Genesys Co-browse, see [`genesys`] |
//! | `/cobrowse/…` otherwise | what is at the root |
//! | any other path | a file of [`Config::pages`] |
//!
//! Statuses of errors: 400 a malformed request, 401 a missing or wrong secret, 403 an origin that may not ask
//! ([`Config::origins`]), 404 no live session has the token, 408 a body that came too slowly, 409 the session has all
//! its agents, or is no invitation that could be taken, 413 a body above 4 KiB,
//! 426 no WebSocket handshake, 429 too many wrong tokens or secrets, new sessions (both with `Retry-After`) or connections of
//! one address, 503 no room for another session, or a store that does not answer. For a WebSocket they come instead of the
//! upgrade.
//!
//! # Sessions of other systems
//!
//! A **reference** is what another system knows a session by: a conversation's id, an invitation's. Who knows it finds the
//! session, and with it the token: it has to be as hard to guess as a UUID. 16 to 200 visible ASCII characters; in a path
//! they are percent-encoded. Wrong ones count against their address, a request that waits counts once.
//!
//! An **invitation** is a session that an agent makes, `{"invite": true}` with `Authorization: Bearer <invite secret>`
//! ([`Config::invite_secret`]; 404 without). Its `secret` is `null`: the customer's page gets one when it takes the session,
//! by its token, which one page can do once, as long as a new session waits for its customer ([`Config::absence`]). Agents
//! may join before.
//!
//! # The WebSockets
//!
//! Binary messages are frames of [`protocol::frame`], one each.
//!
//! **Customer.** Its first message is text: `{"secret": "…", "taken": bool, "tells": bool}`. Where `tells` is true (default false), its page
//! says `Welcome` of each agent that it has shown to the customer, and until then that agent is sent nothing of the page. The relay answers with the text
//! `{"user": 1, "next": n}`: `n` is the sequence number that the next delta must have to follow on from what the relay
//! has, or `null` when it needs a keyframe. Where `taken` is true (default false), this has `"taken": 0` too, and it is
//! told from time to time, at most twenty times a second, how many bytes of its binary messages have arrived on this
//! connection: `{"taken": n}`, again as text. What it sent beyond that is still in some buffer on the way. From then on the customer sends keyframes, deltas, and the control messages
//! `ModeChanged`, `Welcome`, `Refused`, `Paused`, `Resumed`, `Ended` and, to one agent or to all, `DocumentState` and `ScreenSignal`. It receives what agents send (`Pointer`, `Scroll`, `Click`,
//! `Input`) and what the relay makes: `Joined` and `Left` for agents, `KeyframeRequest`, `Ended`. Connecting again with
//! the same secret replaces the older connection.
//!
//! **Agent.** The token is all it needs, unless the relay knows agents (`docs/operations.md`, "Who agents are"): then the
//! handshake has a ticket, `Sec-WebSocket-Protocol: cobrowse, ticket.<ticket>`, answered with `cobrowse`, or `Authorization` as where
//! tickets are given; without either it is refused with 401. The name is then the one that the relay knows. It first receives `Joined` for each participant present, then the last
//! `ModeChanged` and a `Paused` that stands, then the last keyframe and every delta since, and goes on live. It may be sent
//! a keyframe at any time, and after one that it was too slow for, a later keyframe instead of the deltas between. It may
//! send `KeyframeRequest`, `RepairRequest`, `Missing`, `Pointer`, `Scroll`, `Click`, `Input`, `Document`, `Screen` and `Ended`.
//!
//! The customer is always user 1; agents count from 2 and get a new number each time they join. `Ended` from either
//! side ends the session for all. The close codes are listed in [`close`].
//!
//! # Invariants
//!
//! - No participant waits for another: every wait, for a socket or for the store, is in the task of the socket that it concerns.
//! - What a session holds is bounded, whatever its agents do (see [`Config`]). There are no unbounded queues.
//! - An agent is sent nothing of the page before the customer's page has shown it, where that page says so.
//! - An agent is sent a delta only if it was sent all since the keyframe before it.
//! - Nothing of a frame's body, no secret, and no more than three digits of a token gets into the logs.

#![forbid(unsafe_code)]

mod api;
pub mod close;
pub mod config;
mod crowding;
mod embedding;
mod error;
pub mod genesys;
mod ice;
pub mod identity;
mod invitation;
mod log;
mod member;
mod metrics;
pub mod network;
mod origin;
mod pages;
pub mod recorder;
mod room;
pub mod rules;
mod server;
mod socket;
pub mod store;
mod throttle;
pub mod tls;
pub mod token;
mod upgrade;

pub use close::Close;
pub use config::{Config, ConfigError};
pub use error::Error;
pub use identity::Agent;
pub use recorder::{Recorded, Recorder, Recording};
pub use rules::{Rules, RulesError};
pub use server::{App, router, serve, serve_app};
