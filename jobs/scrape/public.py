"""Which IP addresses belong to the open internet."""

import ipaddress

GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")  # all of IPv6 that is handed out to anybody (IANA)
NAT64 = ipaddress.ip_network("64:ff9b::/96")  # IPv4 addresses behind a translator (RFC 6052)
ISATAP = (0x00005EFE, 0x02005EFE)  # third quarter of an address whose last quarter is an IPv4 address (RFC 5214)

# What `ipaddress` of the oldest Python in use takes for global, and is not.
NOT_GLOBAL = tuple(
    map(
        ipaddress.ip_network,
        (
            "192.88.99.0/24",  # relays of 6to4, deprecated (RFC 7526)
            "192.0.0.0/24",  # IETF protocol assignments; one is a cloud's metadata service
            "168.63.129.16/32",  # the host of a virtual machine, in one cloud
            "3fff::/20",  # documentation (RFC 9637)
        ),
    )
)


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet, also when it wraps an IPv4 address (mapped, 6to4, NAT64,
    ISATAP). Teredo and the IPv4-compatible addresses of old are not.

    >>> is_public("93.184.215.14"), is_public("::ffff:127.0.0.1"), is_public("169.254.169.254")
    (True, False, False)
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if any(ip in network for network in NOT_GLOBAL if network.version == ip.version):
        return False
    if ip.version == 4:
        return ip.is_global and not ip.is_multicast
    inner = ip.ipv4_mapped or ip.sixtofour
    last = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    if ip in NAT64:
        inner = last
    if inner is not None:
        return is_public(str(inner))
    if int(ip) >> 32 & 0xFFFFFFFF in ISATAP and not is_public(str(last)):
        return False
    return ip in GLOBAL_UNICAST and ip.is_global
