//! How often one address may guess, or one session be joined: a token bucket for each.

use crate::token::Token;
use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Above this many addresses, those that have earned back all their attempts are forgotten.
const ADDRESSES: usize = 65_536;

/// What has a bucket of its own.
pub(crate) trait Counted: Copy + Eq + Hash {
    /// What counts as one with it.
    fn whole(self) -> Self;
}

impl Counted for IpAddr {
    fn whole(self) -> Self {
        network(self)
    }
}

impl Counted for Token {
    fn whole(self) -> Self {
        self
    }
}

/// All there is together.
impl Counted for () {
    fn whole(self) -> Self {}
}

/// The buckets of all addresses that guessed wrong lately.
#[derive(Debug)]
pub(crate) struct Throttle<K = IpAddr> {
    burst: u32,
    refill: Duration,
    /// When each address will have earned back all its attempts. The time from now until then says how many are spent.
    full_at: Mutex<HashMap<K, Instant>>,
}

impl<K: Counted> Throttle<K> {
    /// `burst` wrong attempts in a row, one more earned back each `refill`. A burst of 0 lets everything through.
    pub(crate) fn new(burst: u32, refill: Duration) -> Self {
        Self { burst, refill, full_at: Mutex::default() }
    }

    /// Whether an address may try.
    ///
    /// # Errors
    /// How long it has to wait.
    pub(crate) fn check(&self, address: K, now: Instant) -> Result<(), Duration> {
        if self.burst == 0 {
            return Ok(());
        }
        let spent = self.lock().get(&address.whole()).map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
        // One attempt has to be left: what is spent may fill all but one share.
        let most = self.refill * (self.burst - 1);
        if spent > most { Err(spent - most) } else { Ok(()) }
    }

    /// An address was wrong.
    pub(crate) fn miss(&self, address: K, now: Instant) {
        if self.burst == 0 {
            return;
        }
        let mut full_at = self.lock();
        if full_at.len() >= ADDRESSES {
            full_at.retain(|_, at| *at > now);
        }
        // While the table is full of addresses that still wait, further ones go unlimited: memory is the scarcer good.
        if full_at.len() < ADDRESSES || full_at.contains_key(&address.whole()) {
            let at = full_at.entry(address.whole()).or_insert(now);
            *at = (*at).max(now) + self.refill;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Instant>> {
        self.full_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What counts as one address: a whole /64 of IPv6, because that is what one customer of a provider gets.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn wrong_attempts_are_spent_and_earned_back() {
        let throttle = Throttle::new(3, SECOND);
        let (now, here) = (Instant::now(), address("192.0.2.1"));
        for _ in 0..3 {
            assert_eq!(throttle.check(here, now), Ok(()));
            throttle.miss(here, now);
        }
        assert_eq!(throttle.check(here, now), Err(SECOND));
        assert_eq!(throttle.check(address("192.0.2.2"), now), Ok(()));
        assert_eq!(throttle.check(here, now + SECOND), Ok(()));
        throttle.miss(here, now + SECOND);
        assert_eq!(throttle.check(here, now + SECOND), Err(SECOND));
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_address() {
        let throttle = Throttle::new(1, SECOND);
        let now = Instant::now();
        throttle.miss(address("2001:db8::1"), now);
        assert!(throttle.check(address("2001:db8::ffff:2"), now).is_err());
        assert!(throttle.check(address("2001:db8:0:1::1"), now).is_ok());
        throttle.miss(address("::ffff:192.0.2.9"), now);
        assert!(throttle.check(address("192.0.2.9"), now).is_err());
    }

    #[test]
    fn a_burst_of_zero_limits_nothing() {
        let throttle = Throttle::new(0, SECOND);
        let (now, here) = (Instant::now(), address("192.0.2.1"));
        (0..100).for_each(|_| throttle.miss(here, now));
        assert_eq!(throttle.check(here, now), Ok(()));
        assert!(throttle.lock().is_empty());
    }

    #[test]
    fn addresses_that_earned_all_back_are_forgotten() {
        let throttle = Throttle::new(3, SECOND);
        let now = Instant::now();
        for n in 0..u32::try_from(ADDRESSES).unwrap() {
            throttle.miss(IpAddr::from(n.to_be_bytes()), now);
        }
        throttle.miss(address("192.0.2.1"), now);
        assert_eq!(throttle.check(address("192.0.2.1"), now), Ok(()));
        assert_eq!(throttle.lock().len(), ADDRESSES);
        throttle.miss(address("192.0.2.1"), now + SECOND);
        assert_eq!(throttle.lock().len(), 1);
    }
}
