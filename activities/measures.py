"""Figures of this process for operators. Every label has a closed set of values: services,
datasets, outcomes; never a tenant."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from activities.progress import News, Told
from contracts.collector import DatasetStatus
from contracts.events import PowershellFinishedEvent, StatusEvent
from contracts.results import DatasetLine

REGISTRY = CollectorRegistry()

WAITED = Histogram(
    "assay_queue_age_seconds",
    "How long an activity lay in its queue before this worker took it.",
    ["activity"],
    buckets=(0.1, 0.5, 1, 5, 15, 60, 300, 600),
    registry=REGISTRY,
)
RUNNING = Gauge(
    "assay_activities_running", "Activities under way here.", ["activity", "queue"],
    registry=REGISTRY,
)  # fmt: skip
_VERDICTS = Counter("assay_verdicts", "Verdicts stored.", ["outcome"], registry=REGISTRY)
_FAILURES = Counter(
    "assay_collector_failures",
    "Collectors that crashed, hung, lied or had to be stopped.",
    ["service"],
    registry=REGISTRY,
)
_READS = Counter(
    "assay_dataset_reads", "Reads by how they ended.", ["service", "status"], registry=REGISTRY
)
_THROTTLES = Counter(
    "assay_throttles", "Reads that Microsoft throttled away.", ["service"], registry=REGISTRY
)
_SECONDS = Histogram(
    "assay_dataset_seconds",
    "Time a complete read of a dataset took.",
    ["dataset"],
    buckets=(0.1, 1, 5, 30, 120, 600, 3600),
    registry=REGISTRY,
)


def dataset_settled(line: DatasetLine) -> None:
    status = DatasetStatus(line.status)
    _READS.labels(line.service, status.value).inc()
    if status is DatasetStatus.THROTTLED:
        _THROTTLES.labels(line.service).inc()
    if status is DatasetStatus.OK:
        _SECONDS.labels(line.name).observe(line.duration_ms / 1000)


class CountingNews:
    """Counts what is told, and passes it on."""

    def __init__(self, news: News) -> None:
        self._news = news

    def publish(self, event: Told) -> None:
        match event:
            case StatusEvent(check=check) if check is not None:
                _VERDICTS.labels(check.verdict.value).inc()
            case PowershellFinishedEvent(service=service, exit_code=code) if code != 0:
                _FAILURES.labels(service).inc()
            case _:
                pass
        self._news.publish(event)
