"""Answers to TXT look-ups in wire shape."""

from typing import Any

MICROSOFT_SPF = "v=spf1 include:spf.protection.outlook.com -all"
FULL_DMARC = "v=DMARC1; p=reject; rua=mailto:a@contoso.com; ruf=mailto:f@contoso.com"


def txt(name: str, *strings: str, **changes: Any) -> dict[str, Any]:
    """One row a name; without strings the name has no TXT record."""
    return {
        "name": name,
        "status": "noerror" if strings else "nodata",
        "strings": list(strings),
        "cname_chain": [],
    } | changes


def microsoft_host() -> dict[str, Any]:
    return txt("spf.protection.outlook.com", "v=spf1 ip4:40.92.0.0/15 ip6:2a01:111:f400::/48 -all")
