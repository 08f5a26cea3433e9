//! Which addresses a webhook may be sent to: the public internet, and nothing that only our own
//! machines can reach. How a name becomes an address is not known here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How far webhooks may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reach {
    /// Public addresses, by https.
    #[default]
    Public,
    /// This machine as well, also by http: for trying webhooks out on a laptop.
    Loopback,
}

/// A network: an address, how many of its first bits count, and what it is.
struct Network<Address>(Address, u32, &'static str);

/// What is not public of IPv4: the registry of special-purpose addresses (RFC 6890).
const FORBIDDEN_V4: [Network<Ipv4Addr>; 15] = [
    Network(Ipv4Addr::new(0, 0, 0, 0), 8, "this network"),
    Network(Ipv4Addr::new(10, 0, 0, 0), 8, "private"),
    Network(Ipv4Addr::new(100, 64, 0, 0), 10, "shared by a carrier"),
    Network(Ipv4Addr::new(127, 0, 0, 0), 8, "loopback"),
    // Here clouds keep their machines' credentials.
    Network(Ipv4Addr::new(169, 254, 0, 0), 16, "link-local"),
    Network(Ipv4Addr::new(172, 16, 0, 0), 12, "private"),
    Network(Ipv4Addr::new(192, 0, 0, 0), 24, "protocol assignments"),
    Network(Ipv4Addr::new(192, 0, 2, 0), 24, "documentation"),
    Network(Ipv4Addr::new(192, 88, 99, 0), 24, "6to4 relays"),
    Network(Ipv4Addr::new(192, 168, 0, 0), 16, "private"),
    Network(Ipv4Addr::new(198, 18, 0, 0), 15, "benchmarks"),
    Network(Ipv4Addr::new(198, 51, 100, 0), 24, "documentation"),
    Network(Ipv4Addr::new(203, 0, 113, 0), 24, "documentation"),
    Network(Ipv4Addr::new(224, 0, 0, 0), 4, "multicast"),
    // The broadcast address is the last of them.
    Network(Ipv4Addr::new(240, 0, 0, 0), 4, "reserved"),
];

/// The one part of IPv6 that is given out for the public internet.
const GLOBAL_UNICAST: Network<Ipv6Addr> =
    Network(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3, "global unicast");

/// What is not public of [`GLOBAL_UNICAST`].
const FORBIDDEN_V6: [Network<Ipv6Addr>; 3] = [
    // Teredo, ORCHID and benchmarks are among them.
    Network(Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, "protocol assignments"),
    Network(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, "documentation"),
    Network(Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, "documentation"),
];

/// Networks that are IPv4 in another spelling, and which of an address's eight groups hold it.
const EMBEDDING: [(Network<Ipv6Addr>, [usize; 2]); 3] = [
    (Network(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96, "IPv4-mapped"), [6, 7]),
    (Network(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96, "NAT64"), [6, 7]),
    (Network(Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, "6to4"), [1, 2]),
];

impl Network<Ipv4Addr> {
    fn has(&self, address: Ipv4Addr) -> bool {
        (self.0.to_bits() ^ address.to_bits()).leading_zeros() >= self.1
    }
}

impl Network<Ipv6Addr> {
    fn has(&self, address: Ipv6Addr) -> bool {
        (self.0.to_bits() ^ address.to_bits()).leading_zeros() >= self.1
    }
}

fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let (_, groups) = EMBEDDING.iter().find(|(network, _)| network.has(address))?;
    let segments = address.segments();
    let [high, low] = groups.map(|group| segments.get(group).copied().unwrap_or_default());
    let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
    Some(Ipv4Addr::new(a, b, c, d))
}

fn forbidden_v4(address: Ipv4Addr) -> Option<&'static str> {
    let network = FORBIDDEN_V4.iter().find(|network| network.has(address));
    network.map(|Network(_, _, what)| *what)
}

fn forbidden_v6(address: Ipv6Addr) -> Option<&'static str> {
    if let Some(address) = embedded(address) {
        return forbidden_v4(address);
    }
    if address == Ipv6Addr::LOCALHOST {
        return Some("loopback");
    }
    // Unspecified, link-local, unique-local, multicast, discarded, and what nobody has yet.
    if !GLOBAL_UNICAST.has(address) {
        return Some("not global unicast");
    }
    let network = FORBIDDEN_V6.iter().find(|network| network.has(address));
    network.map(|Network(_, _, what)| *what)
}

/// Why nothing may be sent to an address; `None`: it may.
#[must_use]
pub fn forbidden(address: IpAddr, reach: Reach) -> Option<&'static str> {
    if reach == Reach::Loopback && address.is_loopback() {
        return None;
    }
    match address {
        IpAddr::V4(address) => forbidden_v4(address),
        IpAddr::V6(address) => forbidden_v6(address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(address: &str) -> Option<&'static str> {
        forbidden(address.parse().expect("an address"), Reach::Public)
    }

    #[test]
    fn an_address_of_the_public_internet_may_be_sent_to() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700::1111",
            "2001:200::1",
            "2a00::1",
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
            "2002:101:101::1",
        ] {
            assert_eq!(why(address), None, "{address}");
        }
    }

    #[test]
    fn no_range_of_ipv4_that_is_not_public_may_be_sent_to() {
        for (first, last) in [
            ("0.0.0.0", "0.255.255.255"),
            ("10.0.0.0", "10.255.255.255"),
            ("100.64.0.0", "100.127.255.255"),
            ("127.0.0.0", "127.255.255.255"),
            ("169.254.0.0", "169.254.255.255"),
            ("172.16.0.0", "172.31.255.255"),
            ("192.0.0.0", "192.0.0.255"),
            ("192.0.2.0", "192.0.2.255"),
            ("192.88.99.0", "192.88.99.255"),
            ("192.168.0.0", "192.168.255.255"),
            ("198.18.0.0", "198.19.255.255"),
            ("198.51.100.0", "198.51.100.255"),
            ("203.0.113.0", "203.0.113.255"),
            ("224.0.0.0", "239.255.255.255"),
            ("240.0.0.0", "255.255.255.255"),
        ] {
            for address in [first, last] {
                assert!(why(address).is_some(), "{address}");
                // Nor in the other spellings of the same address.
                for prefix in ["::ffff:", "64:ff9b::"] {
                    assert_eq!(why(&format!("{prefix}{address}")), why(address), "{prefix}");
                }
                let [a, b, c, d] = address.parse::<Ipv4Addr>().expect("IPv4").octets();
                let within_6to4 = format!("2002:{a:02x}{b:02x}:{c:02x}{d:02x}::1");
                assert_eq!(why(&within_6to4), why(address), "{within_6to4}");
            }
        }
    }

    #[test]
    fn no_range_of_ipv6_that_is_not_public_may_be_sent_to() {
        for address in [
            "::",
            "::1",
            "::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:1ff:ffff::1",
            "2001:db8::1",
            "3fff:fff::1",
            "4000::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(why(address).is_some(), "{address}");
        }
    }

    #[test]
    fn only_the_loopback_itself_is_opened_to_a_laptop() {
        let why = |address: &str| forbidden(address.parse().expect("IP"), Reach::Loopback);
        assert_eq!([why("127.0.0.1"), why("::1"), why("1.1.1.1")], [None; 3]);
        for address in ["10.0.0.1", "169.254.169.254", "0.0.0.0", "::", "::ffff:127.0.0.1"] {
            assert!(why(address).is_some(), "{address}");
        }
    }
}
