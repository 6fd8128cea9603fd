//! Which addresses may be connected to.

use crate::Fault;
use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The local networks that may be connected to, and to which plain HTTP may be spoken. Public addresses may always be
/// connected to, over TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed(Vec<IpNet>);

impl Allowed {
    /// Networks such as `10.1.0.0/16`, or single addresses.
    pub fn parse<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Allowed, String> {
        let network = |text: &str| {
            let one = text.parse::<IpAddr>().map(IpNet::from);
            one.or_else(|_| text.parse()).map_err(|_| text.to_owned())
        };
        texts.into_iter().map(network).collect::<Result<_, _>>().map(Allowed)
    }

    /// Refuses a name of which one address may not be connected to: whoever answers for it may answer anything.
    pub(crate) fn check(&self, addresses: &[SocketAddr], secure: bool) -> Result<(), Fault> {
        for address in addresses {
            let ip = address.ip().to_canonical();
            if self.0.iter().any(|network| network.contains(&ip)) {
                continue;
            }
            if is_local(ip) {
                return Err(Fault::Local(ip));
            }
            if !secure {
                return Err(Fault::Plain(ip));
            }
        }
        Ok(())
    }
}

/// Whether an address is of a network that the public does not reach: private, loopback, link-local, reserved.
fn is_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_local_v4(ip),
        IpAddr::V6(ip) => is_local_v6(ip),
    }
}

fn is_local_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 198 && (18..20).contains(&b))
        || (a, b, c) == (192, 0, 0)
}

fn is_local_v6(ip: Ipv6Addr) -> bool {
    let [a, b, c, d, ..] = ip.segments();
    let [.., high, low] = ip.segments();
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_local_v4(Ipv4Addr::new(a, b, c, d))
    };
    match (a, b) {
        // Translated and tunnelled addresses lead to the IPv4 address within.
        (0x64, 0xff9b) if (c, d) == (0, 0) => embedded(high, low),
        (0x64, 0xff9b) => true,
        (0x2002, _) => embedded(b, c),
        // Only 2000::/3 is given out to the public; a part of it is for documents, tunnels and tests.
        (0x2001, 0xdb8) | (0x2001, 0..=0x1ff) | (0x3fff, 0..=0xfff) => true,
        _ => a & 0xe000 != 0x2000,
    }
}
