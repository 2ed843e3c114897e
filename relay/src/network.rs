//! Addresses and networks that an operator lists, and whose address a request is said to come from.

use http::HeaderMap;
use std::{fmt, net::IpAddr, str::FromStr};

/// One address, or a network: `10.0.0.0/8`, `2001:db8::/32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// The text was neither.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an address or a network such as 10.0.0.0/8, found {0:?}")]
pub struct NoNetwork(String);

impl FromStr for Network {
    type Err = NoNetwork;

    fn from_str(text: &str) -> Result<Self, NoNetwork> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let wrong = || NoNetwork(text.to_owned());
        let address = address.parse::<IpAddr>().map_err(|_| wrong())?.to_canonical();
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), |bits| bits.parse().map_err(|_| wrong()))?;
        if bits > most { Err(wrong()) } else { Ok(Self { address, bits }) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

impl Network {
    /// Whether an address is in it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let bits = u32::from(self.bits);
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                (own.to_bits() ^ other.to_bits()).checked_shr(32 - bits).unwrap_or(0) == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                (own.to_bits() ^ other.to_bits()).checked_shr(128 - bits).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

/// Whether an address is in one of these.
pub(crate) fn lists(networks: &[Network], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(address))
}

/// Whose request it is: the peer's, unless that is a listed proxy. Each proxy appends the address that it was asked from, so
/// the last one that is no proxy of ours is the nearest that can be believed.
pub(crate) fn client(peer: IpAddr, headers: &HeaderMap, proxies: &[Network]) -> IpAddr {
    if !lists(proxies, peer) {
        return peer;
    }
    let values = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let named: Vec<&str> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
    let mut nearest = peer;
    for name in named.into_iter().rev() {
        let Some(address) = read(name) else { break };
        nearest = address;
        if !lists(proxies, address) {
            break;
        }
    }
    nearest
}

/// An address as proxies write it, some with a port.
fn read(name: &str) -> Option<IpAddr> {
    let bare = name.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(name, |(address, _)| address);
    let parsed = bare.parse().ok().or_else(|| name.parse::<std::net::SocketAddr>().ok().map(|address| address.ip()));
    parsed.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn networks_hold_their_addresses() {
        let holds = |network: &str, other: &str| network.parse::<Network>().unwrap().contains(address(other));
        assert!(holds("10.0.0.0/8", "10.255.0.1") && !holds("10.0.0.0/8", "11.0.0.1"));
        assert!(holds("10.1.2.3", "::ffff:10.1.2.3") && !holds("10.1.2.3", "10.1.2.4"));
        assert!(holds("0.0.0.0/0", "1.2.3.4") && !holds("0.0.0.0/0", "::1"));
        assert!(holds("2001:db8::/32", "2001:db8:9::1") && !holds("2001:db8::/32", "2001:db9::1"));
        for wrong in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/-1", "shop.example"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_listed_proxies_are_believed() {
        let proxies = ["10.0.0.0/8".parse().unwrap()];
        let told = |peer: &str, forwarded: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in forwarded {
                headers.append("x-forwarded-for", HeaderValue::from_static(value));
            }
            client(address(peer), &headers, &proxies).to_string()
        };
        assert_eq!(told("192.0.2.1", &["198.51.100.7"]), "192.0.2.1", "anybody may say anything");
        assert_eq!(told("10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(
            told("10.0.0.1", &["1.1.1.1, 198.51.100.7"]),
            "198.51.100.7",
            "what its client claims is not believed"
        );
        assert_eq!(told("10.0.0.1", &["1.1.1.1, 198.51.100.7", "10.9.9.9"]), "198.51.100.7", "two proxies");
        assert_eq!(told("10.0.0.1", &["198.51.100.7:4711"]), "198.51.100.7");
        assert_eq!(told("10.0.0.1", &["[2001:db8::1]:4711"]), "2001:db8::1");
        assert_eq!(told("10.0.0.1", &["1.1.1.1, unknown"]), "10.0.0.1", "what is not understood ends the chain");
        assert_eq!(told("10.0.0.1", &[]), "10.0.0.1");
    }
}
