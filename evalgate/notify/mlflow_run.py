"""One build as one run in MLflow: its summary metrics, what it was of, and its verdict. No answers go there."""

from __future__ import annotations

import os
from collections.abc import Mapping

from evalgate.errors import ConfigurationError, MeasurementError

EXTRA = "pip install 'phoenix-evalgate[mlflow]'"


def log_run(
    uri: str, experiment: str, *, name: str, metrics: Mapping[str, float], tags: Mapping[str, str], started: float
) -> None:
    """Write one run; `uri` is what MLFLOW_TRACKING_URI says, `started` is in seconds since 1970.

    Raises ConfigurationError where MLflow is not installed, MeasurementError where it did not take the run.
    """
    # It tells its makers how it is used, and waits minutes for a server that is away.
    for variable, value in (
        ("MLFLOW_DISABLE_TELEMETRY", "true"),
        ("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2"),
        ("MLFLOW_HTTP_REQUEST_TIMEOUT", "10"),
    ):
        os.environ.setdefault(variable, value)
    try:
        from mlflow.entities import Metric, RunTag
        from mlflow.tracking import MlflowClient
    except ImportError as error:
        raise ConfigurationError(f"MLflow cannot be imported ({error.name})", next_step=EXTRA) from None
    at = int(started * 1000)
    try:
        client = MlflowClient(tracking_uri=uri)
        found = client.get_experiment_by_name(experiment)
        where = found.experiment_id if found is not None else client.create_experiment(experiment)
        run = client.create_run(where, start_time=at, run_name=name).info.run_id
        client.log_batch(
            run,
            metrics=[Metric(key, value, at, 0) for key, value in metrics.items()],
            tags=[RunTag(key, value) for key, value in tags.items()],
        )
        client.set_terminated(run)
    except Exception as error:  # noqa: BLE001 its stores raise what their libraries do
        # Its own words may have the address, which may hold a password.
        raise MeasurementError(f"MLflow did not take the build ({type(error).__name__})") from None
