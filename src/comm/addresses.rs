//! The addresses at which this host may be reached.

use std::io;
use std::net::{IpAddr, Ipv4Addr};

/// All IPv4 addresses of this host; loopback last, since on another host it leads to a stranger at best.
///
/// # Errors
/// If the system doesn't tell them.
pub(crate) fn own_addresses() -> io::Result<Vec<Ipv4Addr>> {
    let found = if_addrs::get_if_addrs()?;
    let mut addresses: Vec<Ipv4Addr> = found
        .iter()
        .filter_map(|interface| match interface.ip() {
            IpAddr::V4(address) => Some(address),
            IpAddr::V6(_) => None,
        })
        .collect();
    addresses.sort_by_key(Ipv4Addr::is_loopback);
    Ok(addresses)
}
