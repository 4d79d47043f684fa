"""deploy/: the compose file and the Kubernetes manifests of a cluster say what is so, and are valid. Nothing of it is run here."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

from rag.settings import Settings
from tests.unit.test_containers import PORT, SETTINGS
from tests.unit.test_design import ROOT

CLUSTER, KUBERNETES = ROOT / "deploy/cluster", ROOT / "deploy/kubernetes"
OVERLAYS = sorted(path.parent for path in KUBERNETES.glob("overlays/*/kustomization.yaml"))
KUSTOMIZATIONS = sorted(KUBERNETES.rglob("kustomization.yaml"))
UNKNOWN = {"RayCluster"}  # KubeRay's own: Kubernetes ships no schema of it
ELSEWHERE = {"AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "OTEL_EXPORTER_OTLP_ENDPOINT"}
"""Variables that libraries of ours read by themselves."""

Document = dict[str, Any]


def documents(path: Path) -> list[Document]:
    return [each for each in yaml.safe_load_all(path.read_text(encoding="utf-8")) if each]


def resources(kustomization: Path) -> Iterator[Document]:
    """The objects that a kustomization has, with those of what it builds on."""
    (about,) = documents(kustomization)
    for name in [*about.get("resources", ()), *about.get("components", ())]:
        found = kustomization.parent / name
        yield from resources(found / "kustomization.yaml") if found.is_dir() else documents(found)


ALL = [
    each
    for path in sorted(KUBERNETES.rglob("*.yaml"))
    for each in documents(path)
    if "kind" in each and "kustomize" not in each["apiVersion"]
]
PINS = {
    (pin := Requirement(line)).name: str(pin.specifier).removeprefix("==")
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
}


def named(*kinds: str) -> list[Document]:
    return [each for each in ALL if each["kind"] in kinds]


def pods(objects: list[Document]) -> Iterator[tuple[str, Document]]:
    """The templates of pods, with the name of what they are of."""
    for each in objects:
        spec, name = each.get("spec", {}), each["metadata"]["name"]
        groups = [spec, *filter(None, [spec.get("headGroupSpec")]), *spec.get("workerGroupSpecs", ())]
        yield from ((name, group["template"]) for group in groups if "template" in group)


PODS = list(pods(ALL))
SERVERS = {
    each["metadata"]["labels"]["app.kubernetes.io/component"]: each
    for each in named("StatefulSet", "Deployment")
    if "labels" in each["metadata"]
}


def variables_of(path: Path) -> set[str]:
    """The variables that a file of the form NAME=VALUE names, also those that are not set."""
    return set(re.findall(r"^#?([A-Z][A-Z_]+)=", path.read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize(
    "found", [each for each in ALL if each["kind"] not in UNKNOWN], ids=lambda each: f"{each['kind']}-{each['metadata']['name']}"
)
def test_each_object_is_valid(found: Document) -> None:
    kubernetes_validate.validate(found, kubernetes_validate.latest_version(), strict=True)


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed; the objects are checked one by one above")
@pytest.mark.parametrize("overlay", OVERLAYS, ids=lambda path: path.name)
def test_each_overlay_renders_to_valid_objects(overlay: Path) -> None:
    rendered = subprocess.run(["kubectl", "kustomize", str(overlay)], capture_output=True, text=True, check=True).stdout
    objects = list(yaml.safe_load_all(rendered))
    assert len(objects) == 1 + len(list(resources(overlay / "kustomization.yaml")))  # and the map of settings
    (settings,) = (each for each in objects if each["kind"] == "ConfigMap")
    for each in objects:
        if each["kind"] not in UNKNOWN:
            kubernetes_validate.validate(each, kubernetes_validate.latest_version(), strict=True)
        assert each["kind"] == "Namespace" or each["metadata"]["namespace"] == "footnote"
    containers = [container for _, pod in pods(objects) for container in pod["spec"]["containers"]]
    ours = [each for each in containers if "footnote" in each["image"]]
    assert len({each["image"] for each in ours}) == 1
    assert not [each["image"] for each in containers if each["image"].partition(":")[2] in {"", "latest"}]
    taken = {source["configMapRef"]["name"] for each in ours for source in each.get("envFrom", ()) if "configMapRef" in source}
    assert taken == {settings["metadata"]["name"]}
    assert {"RAG_CHROMA_URL", "RAG_ORIGINALS_URL"} <= settings["data"].keys() <= SETTINGS | ELSEWHERE
    Settings(_env_file=None, **{name.removeprefix("RAG_").lower(): value for name, value in settings["data"].items() if name in SETTINGS})


def test_what_a_kustomization_names_is_there_and_all_there_is_is_named() -> None:
    used: set[Path] = set()
    for path in KUSTOMIZATIONS:
        (about,) = documents(path)
        used |= {(path.parent / name).resolve() for part in ("resources", "components", "configurations") for name in about.get(part, ())}
    assert all(path.exists() for path in used)
    files = {path for path in KUBERNETES.rglob("*.yaml") if path.name != "kustomization.yaml"}
    assert files == {path for path in used if path.is_file()}
    assert {path.parent for path in KUSTOMIZATIONS} - {*OVERLAYS} == {path for path in used if path.is_dir()} - {*OVERLAYS}


def test_every_variable_is_a_setting() -> None:
    literals = [line for path in KUSTOMIZATIONS for made in documents(path)[0].get("configMapGenerator", ()) for line in made["literals"]]
    names = {line.partition("=")[0] for line in literals} | variables_of(KUBERNETES / "secrets.env.example")
    names |= {each["name"] for server in SERVERS.values() for each in server["spec"]["template"]["spec"]["containers"][0]["env"]}
    assert names - {"POD_IP"} <= SETTINGS | ELSEWHERE
    assert {"RAG_DATABASE_URL", "RAG_CHROMA_URL", "RAG_ORIGINALS_URL", "RAG_REPLICA", "RAG_SERVER_URL"} <= names


@pytest.mark.parametrize(("name", "pod"), PODS, ids=[name for name, _ in PODS])
def test_no_pod_is_root_or_writes_to_its_image(name: str, pod: Document) -> None:
    spec = pod["spec"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] > 0
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    for container in spec["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
        assert "memory" in container["resources"]["limits"]
        mounted = {each["name"] for each in container["volumeMounts"]}
        claimed = {each["metadata"]["name"] for owner in named("StatefulSet") for each in owner["spec"]["volumeClaimTemplates"]}
        assert mounted <= {each["name"] for each in spec["volumes"]} | claimed


def test_the_servers_are_probed_drained_and_found() -> None:
    assert SERVERS.keys() == {"writer", "replica"}
    assert SERVERS["writer"]["spec"]["replicas"] == 2
    assert "replicas" not in SERVERS["replica"]["spec"]  # each rollout would undo what the autoscaler has done
    for component, server in SERVERS.items():
        pod, (container,) = server["spec"]["template"]["spec"], server["spec"]["template"]["spec"]["containers"]
        paths = {probe: container[f"{probe}Probe"]["httpGet"]["path"] for probe in ("startup", "liveness", "readiness")}
        assert paths == {"startup": "/healthz", "liveness": "/healthz", "readiness": "/readyz"}
        assert container["ports"] == [{"name": "http", "containerPort": PORT}]
        drain = next(line for line in settings_of_base() if line.startswith("RAG_DRAIN_SECONDS="))
        wait = container["lifecycle"]["preStop"]["sleep"]["seconds"] + int(drain.partition("=")[2])
        assert wait + 10 < pod["terminationGracePeriodSeconds"]
        values = {each["name"]: each.get("value") for each in container["env"]}
        assert values["RAG_SERVER_URL"] == f"http://$(POD_IP):{PORT}"
        assert values.get("RAG_REPLICA") == ("true" if component == "replica" else None)
    assert {each["spec"]["scaleTargetRef"]["name"] for each in named("HorizontalPodAutoscaler")} == {"footnote-replica"}


def settings_of_base() -> list[str]:
    (about,) = documents(KUBERNETES / "base/kustomization.yaml")
    literals: list[str] = about["configMapGenerator"][0]["literals"]
    return literals


def test_selectors_find_pods_and_names_lead_somewhere() -> None:
    labels = [pod["metadata"]["labels"] for _, pod in PODS]
    for each in named("Service", "PodDisruptionBudget", "Deployment", "StatefulSet"):
        selector = each["spec"]["selector"].get("matchLabels", each["spec"]["selector"])
        assert [one for one in labels if selector.items() <= one.items()], each["metadata"]["name"]
    services = {each["metadata"]["name"]: each for each in named("Service")}
    assert {each["spec"]["serviceName"] for each in named("StatefulSet")} <= services.keys()
    (ingress,) = named("Ingress")
    (backend,) = (path["backend"]["service"] for rule in ingress["spec"]["rules"] for path in rule["http"]["paths"])
    assert backend["name"] == "footnote-replica"
    assert backend["port"]["name"] in {port["name"] for port in services[backend["name"]]["spec"]["ports"]}
    addresses = [
        line.partition("=")[2]
        for path in KUSTOMIZATIONS
        for made in documents(path)[0].get("configMapGenerator", ())
        for line in made["literals"]
    ]
    inner = {found[1]: int(found[2]) for line in addresses if (found := re.fullmatch(r"http://(\w+):(\d+)", line))}
    assert inner == {"chroma": 8000, "minio": 9000}
    assert all(port in {one["port"] for one in services[name]["spec"]["ports"]} for name, port in inner.items())


def test_whatever_stores_is_closed_to_all_but_who_uses_it() -> None:
    closed = {each["metadata"]["name"]: each["spec"] for each in named("NetworkPolicy")}
    assert closed["nothing"] == {"podSelector": {}, "policyTypes": ["Ingress"]}
    for name in ("chroma", "postgresql", "minio", "footnote-ray"):
        assert closed[name]["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": name}
        assert "footnote" in str([rule["from"] for rule in closed[name]["ingress"]])
        assert not [rule for rule in closed[name]["ingress"] if not rule.get("from")]


def test_secrets_are_named_and_nowhere_written() -> None:
    assert not named("Secret")
    known = variables_of(KUBERNETES / "secrets.env.example")
    for _, pod in PODS:
        for container in pod["spec"]["containers"]:
            for variable in container.get("env", ()):
                secret = variable.get("valueFrom", {}).get("secretKeyRef")
                assert secret is None or secret in [
                    {"name": "postgresql", "key": "password"},
                    *({"name": "footnote", "key": key} for key in known),
                ]
                assert "PASSWORD" not in variable["name"] or secret


def test_images_are_of_the_versions_that_footnote_was_tested_with() -> None:
    images = {container["image"] for _, pod in PODS for container in pod["spec"]["containers"]}
    composed = {service["image"] for service in compose()["services"].values()}
    assert f"chromadb/chroma:{PINS['chromadb']}" in images & composed
    assert images == composed - {image for image in composed if image.startswith("caddy:")}
    assert not [image for image in images | composed if image.endswith(":latest") or (":" not in image and image != "footnote")]
    (ray,) = named("RayCluster")
    assert Version(str(ray["spec"]["rayVersion"])) == Version(PINS["ray"])


def compose() -> Document:
    made: Document = yaml.safe_load((CLUSTER / "compose.yaml").read_text(encoding="utf-8"))
    return made


def servers() -> dict[str, Document]:
    return {name: service for name, service in compose()["services"].items() if service["image"] == "footnote"}


def test_the_compose_file_has_two_writers_and_two_replicas_that_share_all_but_their_folders() -> None:
    assert {name: service["environment"].get("RAG_REPLICA") for name, service in servers().items()} == {
        "writer": None,
        "standby": None,
        "replica-1": "true",
        "replica-2": "true",
    }
    for name, service in servers().items():
        environment = service["environment"]
        assert environment.keys() <= SETTINGS | ELSEWHERE
        assert environment["RAG_SERVER_URL"] == f"http://{service['hostname']}:{PORT}"
        assert service["hostname"] == name  # a server answers to its own name
        assert service["volumes"] == [f"{name}:/data"]
        assert service["read_only"] is True
        assert int(service["stop_grace_period"].removesuffix("s")) > int(environment["RAG_DRAIN_SECONDS"]) + 10
        assert f"http://127.0.0.1:{PORT}/readyz" in service["healthcheck"]["test"][-1]
    shared = {"RAG_DATABASE_URL", "RAG_CHROMA_URL", "RAG_ORIGINALS_URL"}
    assert len({tuple(service["environment"][name] for name in sorted(shared)) for service in servers().values()}) == 1


def test_only_the_proxy_is_reached_from_outside_and_it_leads_to_the_replicas() -> None:
    services = compose()["services"]
    assert [name for name, service in services.items() if "ports" in service] == ["caddy"]
    assert all(port.startswith("${FOOTNOTE") and ":-127.0.0.1:" in port for port in services["caddy"]["ports"])
    (address,) = (network["ipv4_address"] for network in services["caddy"]["networks"].values())
    assert {service["environment"]["RAG_TRUSTED_PROXIES"] for service in servers().values()} == {address}
    proxy = (CLUSTER / "Caddyfile").read_text(encoding="utf-8")
    (upstreams,) = re.findall(r"reverse_proxy (.*) \{", proxy)
    assert upstreams.split() == [f"replica-{number}:{PORT}" for number in (1, 2)]
    assert "lb_policy cookie" in proxy
    assert "health_uri /readyz" in proxy
    assert proxy.count("{") == proxy.count("}")
    assert set(re.findall(r"\{\$(\w+)\}", proxy)) == services["caddy"]["environment"].keys()


def test_the_compose_file_mounts_what_it_declares_and_asks_for_what_the_example_names() -> None:
    made = compose()
    mounted = {volume.partition(":")[0] for service in made["services"].values() for volume in service.get("volumes", ())}
    assert mounted - {"./Caddyfile"} == made["volumes"].keys()
    assert (CLUSTER / "Caddyfile").is_file()
    text = (CLUSTER / "compose.yaml").read_text(encoding="utf-8")
    asked = set(re.findall(r"(?<!\$)\$\{(\w+)", text))
    assert asked == variables_of(CLUSTER / ".env.example")
    needed = set(re.findall(r"\$\{(\w+):\?", text))
    assert needed == set(re.findall(r"^(\w+)=$", (CLUSTER / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))
    for service in made["services"].values():
        assert set(service.get("depends_on", ())) <= made["services"].keys()
