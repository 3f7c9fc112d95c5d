"""The compose file and the Dockerfile mean what they say, with or without a Docker engine."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from deploy.exercise_dockerfile import Stage, stages
from workers._engine_build import SCHEMA_TOOL, SERVER, WEB_UI, GoProgram
from workers._settings_sources import PREFIX, is_setting
from workers.settings import Settings

ROOT = Path(__file__).resolve().parents[2]

# The command line of the design; it is stable.
COMMANDS = {"up", "worker", "gateway", "watch", "engine", "doctor"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The compose file, merged as compose would merge it."""
    loaded: dict[str, Any] = YAML(typ="safe").load(ROOT / "docker-compose.yml")
    return loaded


@pytest.fixture(scope="module")
def dockerfile() -> dict[str, Stage]:
    """The Dockerfile's stages by name."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    return {stage.name: stage for stage in stages(text)}


def test_docker_compose_accepts_the_file_where_it_is_installed() -> None:
    """Compose itself is asked if it is there; the tests below hold the rules that matter anyway."""
    docker = shutil.which("docker")
    found = docker and subprocess.run(
        [docker, "compose", "version"], check=False, capture_output=True
    )
    if not docker or not found or found.returncode != 0:
        return

    asked = subprocess.run(
        [docker, "compose", "--file", str(ROOT / "docker-compose.yml"), "config", "--quiet"],
        check=False,
        capture_output=True,
        text=True,
        env={"POSTGRES_PASSWORD": "synthetic", "PATH": "/usr/bin:/bin"},
    )

    assert asked.returncode == 0, asked.stderr


def test_the_set_is_complete(compose: dict[str, Any]) -> None:
    """Temporal on Postgres, the preparation, worker, gateway, watch, and Temporal's Web UI."""
    wanted = {"postgres", "prepare", "temporal", "worker", "gateway", "watch", "temporal-ui"}
    assert set(compose["services"]) == wanted


def test_what_a_service_waits_for_exists_and_can_be_waited_for(compose: dict[str, Any]) -> None:
    """`service_healthy` needs a health check, `service_completed_successfully` a job that ends."""
    services = compose["services"]

    for service in services.values():
        for name, wait in service.get("depends_on", {}).items():
            if wait["condition"] == "service_healthy":
                assert "healthcheck" in services[name]
            else:
                assert wait["condition"] == "service_completed_successfully"
                assert services[name]["restart"] == "on-failure"


def test_nothing_waits_in_a_circle(compose: dict[str, Any]) -> None:
    """Some order starts every service."""
    waiting = {
        name: set(service.get("depends_on", {})) for name, service in compose["services"].items()
    }
    while waiting:
        free = {name for name, others in waiting.items() if not others & waiting.keys()}
        assert free, f"these wait for each other: {sorted(waiting)}"
        waiting = {name: others for name, others in waiting.items() if name not in free}


def test_watch_and_gateway_do_not_wait_for_temporal(compose: dict[str, Any]) -> None:
    """What must work while Temporal is down must also start while it is down."""
    for name in ("watch", "gateway"):
        assert "temporal" not in compose["services"][name]["depends_on"]


def test_volumes_are_declared_and_used(compose: dict[str, Any]) -> None:
    """No data lands in a container's own layer by a misspelt volume."""
    used = {
        str(mount).split(":", maxsplit=1)[0]
        for service in compose["services"].values()
        for mount in service.get("volumes", [])
    }
    assert used == set(compose["volumes"])


def test_every_command_is_one_the_image_has(
    compose: dict[str, Any], dockerfile: dict[str, Stage]
) -> None:
    """Our services run commands of `escalate`; the others run programs their image copies in."""
    copied = {rest.split("/")[-1] for word, rest in dockerfile["temporal"].steps if word == "COPY"}

    for service in compose["services"].values():
        target = service.get("build", {}).get("target")
        assert target is None or target in dockerfile
        if target == "escalate" and "entrypoint" not in service:
            assert service["command"][0] in COMMANDS
        if target == "temporal" and "command" in service:
            assert service["command"][0] in copied


def test_every_setting_is_one_the_code_reads(compose: dict[str, Any]) -> None:
    """A misspelt setting would stop the service: it is found here first."""
    for service in compose["services"].values():
        for name in service.get("environment", {}):
            if name.startswith(PREFIX):
                assert is_setting(Settings, name.removeprefix(PREFIX).lower()), name


def test_no_password_stands_in_the_file(compose: dict[str, Any]) -> None:
    """Without a password from outside, compose refuses to start anything."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")

    assert text.count("${POSTGRES_PASSWORD:?") == 4
    assert compose["services"]["postgres"]["environment"]["POSTGRES_PASSWORD"].startswith("${")


def test_doors_are_open_to_this_machine_only(compose: dict[str, Any]) -> None:
    """Nothing is published beyond the machine until somebody decides so."""
    ports = [p for service in compose["services"].values() for p in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


@pytest.mark.parametrize("program", [SERVER, SCHEMA_TOOL, WEB_UI], ids=lambda p: p.name)
def test_images_build_the_versions_the_engine_pins(
    program: GoProgram, dockerfile: dict[str, Stage]
) -> None:
    """What runs in production is what the tests ran on."""
    runs = [rest for word, rest in dockerfile["temporal-build"].steps if word == "RUN"]
    assert any(f"{program.package}@v{program.version}" in run for run in runs)


def test_nothing_runs_as_root(dockerfile: dict[str, Stage]) -> None:
    """Both images that are run end up as a numbered user without privileges."""
    for name in ("escalate", "temporal"):
        users = [rest for word, rest in dockerfile[name].steps if word == "USER"]
        assert users == ["10001"]


def test_every_package_of_an_image_is_checked_by_hash(dockerfile: dict[str, Stage]) -> None:
    """Pip installs what the lock pins, and the project itself without asking for anything more."""
    runs = [rest for word, rest in dockerfile["build"].steps if word == "RUN" and "pip" in rest]
    assert all("--require-hashes" in run or "--no-deps --no-build-isolation" in run for run in runs)


@pytest.mark.parametrize("lock", ["requirements.lock", "deploy/runtime.lock"])
def test_locks_pin_by_hash_and_name_no_registry(lock: str) -> None:
    """Where packages come from is the machine's business; what they are is ours."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    pins = re.findall(r"^[a-z][\w.-]*(?:\[.*\])?==", text, re.MULTILINE)
    blocks = re.split(r"\n(?=[a-z])", text.strip())

    assert len(pins) > 40
    assert "://" not in text
    assert all("--hash=sha256:" in block for block in blocks if "==" in block)
