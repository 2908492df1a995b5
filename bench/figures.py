"""Figures as tables: the same on a terminal and in docs/figures.md."""

from collections.abc import Sequence

from bench.evaluation import Evaluation, flatness
from bench.fleet import Fleet
from bench.live import Live, quantile
from bench.product import Product


def of_evaluation(found: Sequence[Evaluation]) -> str:
    rows = [
        (
            f"{one.accounts:,}",
            f"{one.rows:,}",
            f"{one.seconds:.1f}",
            f"{one.row_us:.0f}",
            f"{one.readings:.1f}",
            f"{one.holding_mib:.0f}",
            f"{one.peak_mib:.0f}",
        )
        for one in found
    ]
    largest = found[-1]
    slowest = ", ".join(f"`{slug}` {spent:.1f} s" for slug, spent in largest.slowest[:3])
    return (
        _table(
            (
                "accounts and mailboxes",
                "rows that grow with them",
                f"{largest.checks} verdicts, s of one core",
                "µs a row",
                "parses of a row",
                "MiB with the evidence held",
                "peak MiB",
            ),
            rows,
        )
        + "\nDearest row against cheapest, in parses, from 10,000 accounts on: "
        f"{flatness(list(found)):.2f}. "
        f"Slowest checks of the largest tenant: {slowest}.\n"
    )


def of_live(found: Live) -> str:
    rows = [
        (name, f"{quantile(values, 0.5):.2f}", f"{quantile(values, 0.99):.2f}")
        for name, values in (
            ("NATS alone, publish to subscriber", found.raw),
            ("verdict stored: one transaction on SQLite", found.stored),
            ("check judged to frame at a WebSocket client", found.frame),
        )
    ]
    past = [frame - stored for frame, stored in zip(found.frame, found.stored, strict=True)]
    ratio = quantile(past, 0.5) / quantile(found.raw, 0.5)
    return (
        _table(("", "p50 ms", "p99 ms"), rows)
        + f"\n{len(found.frame)} of each, in turns. After the transaction, an event takes "
        f"{ratio:.1f} times as long to its reader as a bare NATS message (p50 against p50).\n"
    )


def of_product(found: Product) -> str:
    cancels = ", ".join(f"{value / 1000:.2f}" for value in sorted(found.cancels_ms))
    rows = [
        ("importing worker and API in one process: the yardstick", f"{found.import_s:.1f} s"),
        ("`assay demo` in an empty folder until it says it is ready", f"{found.ready_s:.1f} s"),
        ("the same until its first scan is accepted", f"{found.accepted_s:.1f} s"),
        ("… against the yardstick", f"{found.accepted_s / found.import_s:.1f} times"),
        (f"a replayed scan of {found.checks} checks without pacing", f"{found.scan_s:.1f} s"),
        ("judging the same evidence in one process", f"{found.judging_s:.2f} s"),
        ("overhead of a check", f"{found.overhead_ms:.0f} ms"),
        ("judging, as a share of the scan", f"{found.judging_s / found.scan_s:.1%}"),
        ("cancel asked for until no collector is left", f"{cancels} s"),
    ]
    return _table(("what", "how long"), rows)


def of_fleet(found: Fleet) -> str:
    ends = ", ".join(f"{count} {status}" for status, count in sorted(found.statuses.items()))
    rows = [
        ("tenants in one campaign", f"{found.tenants}"),
        ("its scans", ends),
        ("verdicts", f"{found.verdicts:,}"),
        ("scans with a verdict other than the pack's own", f"{found.different}"),
        ("batches tried more than once", f"{found.tries}"),
        ("from the request to the campaign's end", f"{found.seconds / 60:.1f} min"),
        ("scans an hour", f"{found.tenants / found.seconds * 3600:.0f}"),
        (
            "a page meanwhile, p50 and p95",
            f"{quantile(found.pages_s, 0.5):.2f} s, {quantile(found.pages_s, 0.95):.2f} s",
        ),
        (
            "the most memory of worker and API",
            f"{found.worker_mib:.0f} and {found.api_mib:.0f} MiB",
        ),
    ]
    return _table(("what", "figure"), rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)
