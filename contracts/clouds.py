"""The clouds of Microsoft 365: where one signs in, and what Fabric is called there."""

from dataclasses import dataclass
from typing import Literal

CloudName = Literal["worldwide", "gcc", "gcc-high", "dod", "china"]


@dataclass(frozen=True)
class Cloud:
    title: str
    login: str
    fabric_scope: str


_US_LOGIN = "login.microsoftonline.us"
CLOUDS: dict[CloudName, Cloud] = {
    "worldwide": Cloud(
        "Worldwide",
        "login.microsoftonline.com",
        "https://api.fabric.microsoft.com/.default",
    ),
    "gcc": Cloud(
        "US Government (GCC)",
        "login.microsoftonline.com",
        "https://analysis.usgovcloudapi.net/powerbi/api/.default",
    ),
    "gcc-high": Cloud(
        "US Government (GCC High)",
        _US_LOGIN,
        "https://high.analysis.usgovcloudapi.net/powerbi/api/.default",
    ),
    "dod": Cloud(
        "US Government (DoD)",
        _US_LOGIN,
        "https://mil.analysis.usgovcloudapi.net/powerbi/api/.default",
    ),
    "china": Cloud(
        "China (21Vianet)",
        "login.chinacloudapi.cn",
        "https://analysis.chinacloudapi.cn/powerbi/api/.default",
    ),
}


def cloud_of(name: str) -> Cloud:
    """What was stored before clouds had names is worldwide."""
    return next((cloud for key, cloud in CLOUDS.items() if key == name), CLOUDS["worldwide"])
