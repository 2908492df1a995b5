"""Refusals an operator reads. Code decides by class; the sentence is for people."""


class Refusal(Exception):
    """Base of every refusal; the message is a whole sentence."""


class NotFound(Refusal):
    pass


class Conflict(Refusal):
    pass


class Invalid(Refusal):
    pass


class Unavailable(Refusal):
    pass


class ScanNotFound(NotFound):
    def __init__(self, scan_id: str) -> None:
        super().__init__(f"There is no scan {scan_id}.")


class TenantNotFound(NotFound):
    def __init__(self, tenant: str) -> None:
        super().__init__(f"There is no tenant {tenant}.")


class ResultNotFound(NotFound):
    def __init__(self, recommendation: str) -> None:
        super().__init__(f"This scan has no recommendation {recommendation}.")


class AttemptNotFound(NotFound):
    def __init__(self, number: int) -> None:
        super().__init__(f"This scan has no attempt {number}.")


class DatasetNotFound(NotFound):
    def __init__(self, name: str) -> None:
        super().__init__(f"This scan holds no evidence of the dataset {name}.")


class ScanAlreadyRunning(Conflict):
    def __init__(self, tenant_name: str, scan_id: str) -> None:
        super().__init__(f"{tenant_name} is already being scanned.")
        self.scan_id = scan_id


class ScanAlreadyFinished(Conflict):
    def __init__(self, scan_id: str, status: str) -> None:
        super().__init__(f"Scan {scan_id} has already finished: {status}.")
        self.scan_id = scan_id


class TenantExists(Conflict):
    def __init__(self, tenant_id: str) -> None:
        super().__init__(f"Tenant {tenant_id} is registered already.")


class UnknownProfile(Invalid):
    def __init__(self, profile: str) -> None:
        super().__init__(f"There is no profile {profile!r}. Profiles: E5-L1, E5-L2, E3-L1, E3-L2.")


class PackInvalid(Invalid):
    def __init__(self, file: str, why: str) -> None:
        super().__init__(f"{file}: {why}")
        self.file = file


class TemporalUnavailable(Unavailable):
    def __init__(self) -> None:
        super().__init__("The workflow service does not answer; nothing was changed. Try again.")


class ScanNotRunning(Conflict):
    def __init__(self, scan_id: str, status: str) -> None:
        super().__init__(f"Scan {scan_id} is {status}; it must be running for that.")
        self.scan_id = scan_id


class ScanStillRunning(Conflict):
    def __init__(self, scan_id: str, status: str) -> None:
        super().__init__(f"Scan {scan_id} is {status}; it can be retried when it has ended.")
        self.scan_id = scan_id


class NothingToRetry(Conflict):
    def __init__(self, scan_id: str) -> None:
        super().__init__(f"Scan {scan_id} has nothing to do again: no check ended in error.")
        self.scan_id = scan_id


class WishRefused(Conflict):
    """The running scan refused; the sentence is its own."""


class NoWorkerAnswers(Unavailable):
    def __init__(self) -> None:
        super().__init__(
            "No worker answers. The wish is kept and takes effect when one returns; "
            "a cancel is possible at any time."
        )


class CampaignNotFound(NotFound):
    def __init__(self, campaign_id: str) -> None:
        super().__init__(f"There is no campaign {campaign_id}.")


class ScheduleNotFound(NotFound):
    def __init__(self, schedule_id: str) -> None:
        super().__init__(f"There is no schedule {schedule_id}.")


class CampaignRunning(Conflict):
    def __init__(self, campaign_id: str) -> None:
        super().__init__(f"Campaign {campaign_id} is running, or has nothing left to do again.")


class CampaignEnded(Conflict):
    def __init__(self, campaign_id: str) -> None:
        super().__init__(f"Campaign {campaign_id} has ended already.")


class ScheduleNotPossible(Invalid):
    def __init__(self, why: str) -> None:
        super().__init__(f"The schedule is not possible: {why}")


class NoTenantsChosen(Invalid):
    def __init__(self) -> None:
        super().__init__("No tenant fits that choice.")


class CredentialInvalid(Invalid):
    """An uploaded certificate that cannot be used; the sentence says why, never what it holds."""


class CredentialNotFound(NotFound):
    def __init__(self, tenant: str) -> None:
        super().__init__(f"{tenant} has no credential.")


class NotALiveTenant(Conflict):
    def __init__(self, tenant: str) -> None:
        super().__init__(f"{tenant} is a recorded tenant: nobody signs in to it.")


class NoKeyRing(Unavailable):
    def __init__(self) -> None:
        super().__init__("There is no usable key ring here to seal and open secrets with.")


class RemoteRunReplaced(Conflict):
    def __init__(self) -> None:
        super().__init__("A newer token was made for this service; this one no longer counts.")


class RemoteOutOfOrder(Conflict):
    def __init__(self, expected: int) -> None:
        super().__init__(f"Lines were lost: the next sequence is {expected}.")
        self.expected = expected


class RemoteRepeatDiffers(Conflict):
    def __init__(self, sequence: int) -> None:
        super().__init__(f"Sequence {sequence} was sent before, with other lines.")


class RemoteQueueFull(Conflict):
    def __init__(self) -> None:
        super().__init__("Too many lines wait for this service; send the rest later.")


class NotARemoteTenant(Conflict):
    def __init__(self, tenant: str) -> None:
        super().__init__(f"{tenant} is not read remotely: set `remote` in its connection first.")


class TenantIdUnknown(Invalid):
    def __init__(self, domain: str) -> None:
        super().__init__(
            f"The tenant id of {domain} could not be found; give it, or check the cloud."
        )


class ScanIncomplete(Conflict):
    def __init__(self, scan_id: str) -> None:
        super().__init__(
            f"Scan {scan_id} ended before every check was judged: retry it as a whole first."
        )
        self.scan_id = scan_id
