//! The two ends as JavaScript holds them. Events are lists of a name and what belongs to it.

#![allow(unsafe_code, reason = "what wasm-bindgen generates")]

use crate::{
    Error, Token,
    agent::{self, Agent, Why},
    customer::{self, Customer},
    random::Random,
};
use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;

#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    fn get_random_values(out: &Uint8Array);
}

fn random() -> Random {
    Random::new(|out| {
        let length = u32::try_from(out.len()).unwrap_or(u32::MAX);
        let drawn = Uint8Array::new_with_length(length);
        get_random_values(&drawn);
        drawn.copy_to(out);
    })
}

fn error(error: impl std::fmt::Display) -> JsError {
    JsError::new(&format!("cobrowse: {error}"))
}

fn token(text: &str) -> Result<Token, JsError> {
    text.parse().map_err(error)
}

fn bytes(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}

/// With whether something that was said is missing now.
fn refused(why: &Error) -> Array {
    let is_missing = matches!(why, Error::Altered | Error::Malformed(_));
    Array::of3(&"refused".into(), &JsError::new(&format!("cobrowse: {why}")).into(), &is_missing.into())
}

/// See [`Customer`].
#[wasm_bindgen]
#[derive(Debug)]
pub struct CustomerSeal(Customer);

#[wasm_bindgen]
impl CustomerSeal {
    /// A session that begins, or, with what a page has saved, goes on. `now`: seconds since 1970.
    #[wasm_bindgen(constructor)]
    pub fn new(digits: &str, now: u32, saved: Option<Vec<u8>>) -> Result<CustomerSeal, JsError> {
        let token = token(digits)?;
        Ok(Self(match saved {
            Some(saved) => Customer::resume(token, random(), now, &saved).map_err(error)?,
            None => Customer::new(token, random(), now),
        }))
    }

    /// See [`Customer::saved`].
    #[must_use]
    pub fn saved(&self) -> Vec<u8> {
        self.0.saved()
    }

    /// See [`Customer::link`].
    #[must_use]
    pub fn link(&self) -> String {
        self.0.link()
    }

    /// See [`Customer::code`].
    #[must_use]
    pub fn code(&self) -> Option<String> {
        self.0.code().map(str::to_owned)
    }

    /// See [`Customer::is_asked`].
    #[must_use]
    #[wasm_bindgen(js_name = isAsked)]
    pub fn is_asked(&self) -> bool {
        self.0.is_asked()
    }

    /// See [`Customer::seal`].
    pub fn seal(&mut self, clear: &[u8]) -> Result<Option<Vec<u8>>, JsError> {
        self.0.seal(clear).map_err(error)
    }

    /// See [`Customer::take`].
    #[must_use]
    pub fn take(&mut self, bytes: &[u8]) -> Array {
        of_customer(self.0.take(bytes))
    }

    /// See [`Customer::present`].
    #[must_use]
    pub fn present(&mut self, users: &[u32]) -> Array {
        of_customer(self.0.present(users))
    }
}

fn of_customer(events: Vec<customer::Event>) -> Array {
    use customer::Event::{Changed, Keyed, Keyframe, Pass, Refused, Send};
    let event = |event| match event {
        Pass(clear) => Array::of2(&"pass".into(), &bytes(&clear)),
        Send(sealed) => Array::of2(&"send".into(), &bytes(&sealed)),
        Keyed(user) => Array::of2(&"keyed".into(), &user.into()),
        Keyframe => Array::of1(&"keyframe".into()),
        Changed => Array::of1(&"changed".into()),
        Refused(why) => refused(&why),
    };
    events.into_iter().map(event).collect()
}

/// See [`Agent`].
#[wasm_bindgen]
#[derive(Debug)]
pub struct AgentSeal(Agent);

#[wasm_bindgen]
impl AgentSeal {
    /// See [`Agent::new`].
    #[wasm_bindgen(constructor)]
    pub fn new(digits: &str, name: &str) -> Result<AgentSeal, JsError> {
        Ok(Self(Agent::new(token(digits)?, random(), name)))
    }

    /// See [`Agent::set_link`].
    #[wasm_bindgen(js_name = setLink)]
    pub fn set_link(&mut self, key: &str) -> Result<(), JsError> {
        self.0.set_link(key).map_err(error)
    }

    /// See [`Agent::set_ticket`].
    #[wasm_bindgen(js_name = setTicket)]
    pub fn set_ticket(&mut self, saved: &[u8]) -> Result<(), JsError> {
        self.0.set_ticket(saved).map_err(error)
    }

    /// See [`Agent::ticket`].
    #[must_use]
    pub fn ticket(&self) -> Option<Vec<u8>> {
        self.0.ticket()
    }

    /// See [`Agent::offer`].
    pub fn offer(&mut self, code: &str) -> Result<Array, JsError> {
        self.0.offer(code).map(of_agent).map_err(error)
    }

    /// See [`Agent::seal`].
    pub fn seal(&mut self, clear: &[u8]) -> Result<Option<Vec<u8>>, JsError> {
        self.0.seal(clear).map_err(error)
    }

    /// See [`Agent::take`].
    #[must_use]
    pub fn take(&mut self, bytes: &[u8]) -> Array {
        of_agent(self.0.take(bytes))
    }
}

fn of_agent(events: Vec<agent::Event>) -> Array {
    use agent::Event::{Code, Keyed, Lost, Pass, Refused, Send};
    let event = |event| match event {
        Pass(clear) => Array::of2(&"pass".into(), &bytes(&clear)),
        Send(sealed) => Array::of2(&"send".into(), &bytes(&sealed)),
        Keyed => Array::of1(&"keyed".into()),
        Code(why) => Array::of2(&"code".into(), &reason(why).into()),
        Lost => Array::of1(&"lost".into()),
        Refused(why) => refused(&why),
    };
    events.into_iter().map(event).collect()
}

const fn reason(why: Why) -> &'static str {
    match why {
        Why::First => "first",
        Why::Wrong => "wrong",
        Why::Link => "link",
        Why::Closed => "closed",
        Why::Again => "again",
    }
}
