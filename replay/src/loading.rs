//! What an agent's browser may load for a rebuilt page: pictures, styles, fonts and media, by the host that has them.
//!
//! A page is its customer's, and may be hostile: what it names, an agent's browser would ask for from within the agent's own
//! network. By default only hosts with a name of the public web are asked. A list of origins takes the default's place. What may
//! not be loaded comes from the customer's browser instead, as what cannot be loaded does.
//!
//! The rule is kept twice: as a Content-Security-Policy of the rebuilt documents, which browsers also hold against redirects and
//! against what style sheets of others name, and by [`Loading::allows`], for addresses in attributes, before anything is told to
//! the browser. A policy lists what is allowed and not what is forbidden, so that the public web is written out in it: by the last
//! parts of names (`loading/suffixes.txt`).

use std::{
    collections::HashSet,
    fmt::Write as _,
    net::{Ipv4Addr, Ipv6Addr},
    sync::OnceLock,
};

/// The last parts of names in the public web, as the Public Suffix List has them, without those that never lead there.
const SUFFIXES: &str = include_str!("loading/suffixes.txt");

/// Last parts that are kept free for tests and examples (RFC 6761).
const RESERVED: &[&str] = &["test", "example", "invalid"];

/// What is never loaded or run, whatever may be loaded.
const NEVER: &str = "script-src 'none'; worker-src 'none'; object-src 'none'; child-src 'none'; frame-src 'none'; \
    connect-src 'none'; manifest-src 'none'; form-action 'none'";

/// How long an address of a host gets at most: longer ones are no names.
const HOST_BYTES: usize = 253;

/// What may be loaded for one page.
#[derive(Debug, Clone, Default)]
pub struct Loading {
    /// The only origins, where there is a list.
    list: Option<Vec<String>>,
    /// Hosts beside those of the public web, of any port; `*.` for what is below one.
    more: Vec<String>,
}

impl Loading {
    /// For a page of the host `page`, shown on a page of the host `here`: hosts as browsers write them, in small letters, empty
    /// where there is none. `list` are origins, `https://cdn.example` or `https://*.cdn.example`; what is none is left out.
    ///
    /// What `page` is, the stream says, and may lie: it allows nothing in a private network but what `here` has.
    #[must_use]
    pub fn new(list: Option<&[&str]>, page: &str, here: &str) -> Self {
        if let Some(list) = list {
            let list = list.iter().filter(|origin| is_origin(origin)).map(|origin| origin.to_ascii_lowercase());
            return Self { list: Some(list.collect()), more: Vec::new() };
        }
        let mut more = Vec::new();
        let reserved = |host: &str| RESERVED.iter().copied().find(|name| is_below(host, name));
        if is_loopback(here) && (is_loopback(page) || reserved(page).is_some()) {
            // Who develops a site has all of it on one machine.
            more.extend(["localhost", "*.localhost", "127.0.0.1"].map(str::to_owned));
        }
        if let Some(name) = reserved(page).filter(|name| is_loopback(here) || is_below(here, name)) {
            more.push(format!("*.{name}"));
        }
        let is_here = page == here || is_loopback(page) && is_loopback(here);
        if (is_here || page.parse().is_ok_and(is_public)) && is_host(page) && !more.iter().any(|host| host == page) {
            more.push(page.to_owned());
        }
        Self { list: None, more }
    }

    /// The Content-Security-Policy of the page's documents.
    #[must_use]
    pub fn policy(&self) -> String {
        let mut policy = String::with_capacity(32 << 10);
        policy.push_str("default-src data: blob: 'unsafe-inline'");
        match &self.list {
            Some(list) => list.iter().for_each(|origin| _ = write!(policy, " {origin}")),
            None => {
                // With `http:`, `https:` is meant too.
                self.more.iter().for_each(|host| _ = write!(policy, " http://{host}:*"));
                SUFFIXES.split_ascii_whitespace().for_each(|suffix| _ = write!(policy, " http://*.{suffix}:*"));
            }
        }
        policy.push_str("; ");
        policy.push_str(NEVER);
        policy
    }

    /// Whether an address of this scheme (`https:`), host and port (empty for the scheme's own) may be loaded, each as a browser
    /// writes them.
    #[must_use]
    pub fn allows(&self, scheme: &str, host: &str, port: &str) -> bool {
        match scheme {
            "data:" | "blob:" => return true,
            "http:" | "https:" => {}
            _ => return false,
        }
        match &self.list {
            Some(list) => list.iter().any(|origin| lists(origin, scheme, host, port)),
            None => is_web(host) || self.more.iter().any(|allowed| matches_host(allowed, host)),
        }
    }
}

/// Whether it is one of an origin list: a scheme, a host, perhaps with `*.` before it, and perhaps a port.
#[must_use]
pub fn is_origin(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let (host, port) = rest.split_once(':').map_or((rest, None), |(host, port)| (host, Some(port)));
    let host = host.strip_prefix("*.").unwrap_or(host);
    matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https")
        && is_host(host)
        && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|number| number > 0))
}

/// Whether it can stand in a policy: letters, digits, hyphens and dots.
fn is_host(host: &str) -> bool {
    host.len() <= HOST_BYTES
        && host
            .split('.')
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
}

/// Whether an origin of a list is that of an address.
fn lists(origin: &str, scheme: &str, host: &str, port: &str) -> bool {
    let Some((listed, rest)) = origin.split_once("://") else { return false };
    let (listed_host, listed_port) = rest.split_once(':').map_or((rest, None), |(host, port)| (host, Some(port)));
    let scheme = scheme.trim_end_matches(':');
    let own = |scheme: &str| if scheme == "http" { "80" } else { "443" };
    // What is listed without TLS is so with it, too, also at the other port of its own.
    let is_scheme = listed == scheme || listed == "http" && scheme == "https";
    let port = if port.is_empty() { own(scheme) } else { port };
    let listed_port = listed_port.unwrap_or_else(|| own(listed));
    let is_port = listed_port == port || listed != scheme && listed_port == "80" && port == "443";
    is_scheme && is_port && matches_host(listed_host, host)
}

fn matches_host(allowed: &str, host: &str) -> bool {
    allowed.strip_prefix("*.").map_or(allowed == host, |name| is_below(host, name))
}

/// Whether a host is below a name, and not the name itself.
fn is_below(host: &str, name: &str) -> bool {
    host.strip_suffix(name).and_then(|rest| rest.strip_suffix('.')).is_some_and(|rest| !rest.is_empty())
}

/// Whether a host has a name of the public web.
fn is_web(host: &str) -> bool {
    static KNOWN: OnceLock<HashSet<&'static str>> = OnceLock::new();
    let known = KNOWN.get_or_init(|| SUFFIXES.split_ascii_whitespace().collect());
    is_host(host) && host.rsplit_once('.').is_some_and(|(_, suffix)| known.contains(suffix))
}

/// Whether it is this machine itself.
fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || is_below(host, "localhost")
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']')?.parse::<Ipv6Addr>().ok())
            .is_some_and(|address| address.is_loopback())
}

/// Whether an address is one that the internet routes (RFC 6890).
fn is_public(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_shared = a == 100 && (64..128).contains(&b);
    let is_special = a == 0 || a >= 224 || (a, b, c) == (192, 0, 0) || (a == 198 && (18..20).contains(&b));
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || is_shared
        || is_special)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(loading: &Loading, addresses: &[(&str, &str, &str)]) -> Vec<bool> {
        addresses.iter().map(|(scheme, host, port)| loading.allows(scheme, host, port)).collect()
    }

    #[test]
    fn names_of_the_public_web_are_allowed_and_nothing_else() {
        let loading = Loading::new(None, "shop.example.com", "relay.example.com");
        for host in ["cdn.example.com", "a.b.co.uk", "fonts.gstatic.com", "x.xn--p1ai", "10.0.0.1.nip.io"] {
            assert!(loading.allows("https:", host, "") && loading.allows("http:", host, "8443"), "{host}");
        }
        // As a browser writes them: odd spellings of an address are none any more.
        for host in [
            "",
            "10.0.0.1",
            "127.0.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "[::1]",
            "[::ffff:a00:1]",
            "[fd00::1]",
            "93.184.216.34",
            "localhost",
            "a.localhost",
            "printer",
            "printer.local",
            "db.internal",
            "router.home.arpa",
            "app.corp",
            "shop.test",
            "com",
            "example.com.",
            ".com",
            "a..com",
            "a;b.com",
            "a b.com",
        ] {
            assert!(!loading.allows("https:", host, ""), "{host}");
        }
        assert!(
            loading.allows("data:", "", "")
                && !loading.allows("file:", "a.com", "")
                && !loading.allows("ftp:", "a.com", "")
        );
    }

    #[test]
    fn a_page_does_not_allow_private_hosts_by_saying_that_it_is_one() {
        for (page, here) in [
            ("10.0.0.1", "relay.example.com"),
            ("10.0.0.1", "127.0.0.1"),
            ("127.0.0.1", "relay.example.com"),
            ("localhost", "192.168.1.5"),
            ("printer", "relay.corp"),
            ("printer.corp", "relay.corp"),
            ("127.0.0.1", ""),
        ] {
            let loading = Loading::new(None, page, here);
            assert!(
                !loading.allows("http:", page, "") && !loading.policy().contains(&format!("//{page}:")),
                "{page} {here}"
            );
        }
    }

    #[test]
    fn who_develops_a_site_has_it_on_one_machine() {
        let loading = Loading::new(None, "127.0.0.1", "localhost");
        let hosts = ["127.0.0.1", "localhost", "a.localhost", "10.0.0.1", "127.0.0.2"];
        let asked = hosts.map(|host| ("http:", host, "3000"));
        assert_eq!(allowed(&loading, &asked), [true, true, true, false, false]);
        assert!(Loading::new(None, "127.0.0.2", "127.0.0.1").allows("http:", "127.0.0.2", ""));
        assert!(Loading::new(None, "shop.test", "127.0.0.1").allows("http:", "cdn.shop.test", "8000"));
        assert!(Loading::new(None, "shop.test", "agents.test").allows("http:", "shop.test", ""));
        assert!(!Loading::new(None, "shop.test", "relay.example.com").allows("http:", "shop.test", ""));
        // A machine in the network that has both pages.
        let loading = Loading::new(None, "192.168.1.5", "192.168.1.5");
        let asked = ["192.168.1.5", "192.168.1.6", "127.0.0.1"].map(|host| ("http:", host, "3000"));
        assert_eq!(allowed(&loading, &asked), [true, false, false]);
    }

    #[test]
    fn a_list_takes_the_place_of_the_default() {
        let list =
            ["https://cdn.example.com", "http://10.1.1.1:8080", "https://*.img.example", "no origin", "https://a'b"];
        let loading = Loading::new(Some(&list), "127.0.0.1", "127.0.0.1");
        let asked = [
            ("https:", "cdn.example.com", ""),
            ("https:", "cdn.example.com", "443"),
            ("http:", "10.1.1.1", "8080"),
            ("https:", "a.img.example", ""),
            ("http:", "cdn.example.com", ""),
            ("https:", "cdn.example.com", "8443"),
            ("https:", "img.example", ""),
            ("https:", "www.example.com", ""),
            ("http:", "10.1.1.1", ""),
            ("http:", "127.0.0.1", ""),
        ];
        assert_eq!(allowed(&loading, &asked), [true, true, true, true, false, false, false, false, false, false]);
        let expected = "default-src data: blob: 'unsafe-inline' https://cdn.example.com http://10.1.1.1:8080 https://*.img.example; script-src 'none'";
        assert!(loading.policy().starts_with(expected), "{}", loading.policy());
        assert!(
            Loading::new(Some(&[]), "a.com", "b.com").policy().starts_with("default-src data: blob: 'unsafe-inline'; ")
        );
    }

    #[test]
    fn a_policy_says_what_the_rule_says() {
        let loading = Loading::new(None, "93.184.216.34", "relay.example.com");
        let policy = loading.policy();
        assert!(loading.allows("https:", "93.184.216.34", "") && policy.contains(" http://93.184.216.34:*"));
        assert!(policy.contains(" http://*.com:*") && policy.contains("script-src 'none'"));
        let sources = policy.split(';').next().unwrap();
        for bad in [" *", "http:* ", "localhost", "127.", "[", ".local:", ".internal", ".arpa", ".test"] {
            assert!(!sources.contains(bad), "{bad}");
        }
        let suffixes: Vec<&str> = SUFFIXES.split_ascii_whitespace().collect();
        assert!(suffixes.is_sorted() && suffixes.len() > 1400);
        assert!(suffixes.iter().all(|suffix| is_host(suffix) && suffix.parse::<u32>().is_err()));
    }
}
