"""A build's summary in MLflow, in a real store of it; where that is away, one line, and the verdict stands."""

import json

import yaml


def told(project, uri, **env):
    config = yaml.safe_load((project.folder / "evalgate.yaml").read_text())
    config["mlflow"] = {"experiment": "support gate"}
    (project.folder / "evalgate.yaml").write_text(yaml.safe_dump(config))
    return project.run("--report-json", "report.json", MLFLOW_TRACKING_URI=uri, **env)


def test_a_build_is_a_run(project, tmp_path, monkeypatch):
    from mlflow.tracking import MlflowClient

    project.prepare()
    uri = (tmp_path / "mlruns").as_uri()
    ended = told(project, uri, MLFLOW_ALLOW_FILE_STORE="true")
    report = json.loads((project.folder / "report.json").read_text())
    assert "Nothing went to MLflow" not in ended.err
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    client = MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name("support gate")
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.data.tags["evalgate.verdict"] == report["verdict"]
    assert run.info.status == "FINISHED"
    (suite,) = report["suites"]
    check = suite["checks"][0]
    means = {side: run.data.metrics[f"{suite['name']}/{check['name']}/{side}"] for side in ("candidate", "baseline")}
    assert means == {"candidate": check["candidate"], "baseline": check["baseline"]}
    assert run.data.metrics["exit_code"] == ended.code


def test_a_server_that_is_away_changes_nothing(project):
    project.prepare()
    code = project.run().code
    ended = told(project, "http://jo:SECRET@127.0.0.1:9", MLFLOW_HTTP_REQUEST_MAX_RETRIES="0")
    assert ended.code == code
    assert "Nothing went to MLflow: MLflow did not take the build" in ended.err
    assert "SECRET" not in ended.out + ended.err
