"""The counts of a cluster in a window of the bound project by environment, the parts of those of cluster_counts.py."""

from __future__ import annotations

from collections import Counter

from diagnosis.statistics.rates import Counts
from diagnosis.window.cluster_counts import Target
from diagnosis.window.deployments import DeploymentExposure, records_by_deployment
from diagnosis.window.shared_reads import shared
from diagnosis.window.stretch_rows import failures_by
from diagnosis.window.traffic import ServiceOperation
from telemetry.windows import Window


def counts_by_environment(window: Window, target: Target) -> dict[str, Counts]:
    """The failures and the exposure of each environment, without the releases that are left out; "" names none."""
    records = records_by_environment(window, target)
    failures: Counter[str] = Counter()
    # A failure in an operation other than these is a further record, as in all counts of a cluster.
    for environment, failed, elsewhere in failures_by(
        "environment", window, target.fingerprint, target.place
    ):
        records[environment] += elsewhere
        failures[environment] += failed
    # More failures than records only in a damaged store.
    return {
        environment: Counts(failures[environment], max(failures[environment], number))
        for environment, number in records.items()
    }


def is_any_named(window: Window, target: Target) -> bool:
    """Whether a record of the target's operations in the window names its environment."""
    return any(records_by_environment(window, target))


@shared
def read_deployments(window: Window, places: frozenset[ServiceOperation]) -> DeploymentExposure:
    """The records of these operations by deployment."""
    return records_by_deployment(window, places)


def records_by_environment(window: Window, target: Target) -> Counter[str]:
    """The records of the target's operations in each environment, without the releases that are left out."""
    records: Counter[str] = Counter()
    places = frozenset(ServiceOperation(target.service, operation) for operation in target.operations)
    for deployments in read_deployments(window, places).values():
        for deployment, number in deployments.items():
            if deployment.release not in target.without_releases:
                records[deployment.environment] += number
    return records
