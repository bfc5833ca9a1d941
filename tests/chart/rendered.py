# SPDX-License-Identifier: Apache-2.0
"""The chart as `helm template` renders it, and what a pod of it means for a container."""
import pathlib
import subprocess

import yaml

CHART = pathlib.Path(__file__).resolve().parents[2] / "helm" / "fanfare"


class Refused(Exception):
    """helm would not render; its text is what the user reads."""


def template(tools: pathlib.Path, values: dict | None = None, chart: pathlib.Path = CHART,
             release: str = "rel", namespace: str = "ns", version: str = "1.31.0") -> list[dict]:
    """The objects for `values`, tests included, in helm's order."""
    done = subprocess.run(
        [tools / "helm", "template", release, chart, "--namespace", namespace, "--kube-version", version,
         "--values", "-"], input=yaml.safe_dump(values or {}), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Refused(done.stderr)
    return [one for one in yaml.safe_load_all(done.stdout) if one]


def of_kind(objects: list[dict], kind: str) -> list[dict]:
    return [one for one in objects if one["kind"] == kind]


def agent_pod(objects: list[dict]) -> dict:
    return of_kind(objects, "DaemonSet")[0]["spec"]["template"]["spec"]


def container_spec(pod: dict, container: dict, rootfs: pathlib.Path, sources: dict) -> dict:
    """What container.py takes. `sources`: the host's path for each volume that is none of the host (config), and for
    those that a test must not share with the host (run)."""
    context = container["securityContext"]
    volumes = {volume["name"]: volume for volume in pod["volumes"]}

    def source(name: str) -> str:
        return str(sources.get(name) or volumes[name]["hostPath"]["path"])
    assert context["capabilities"]["drop"] == ["ALL"], context
    return {
        "rootfs": str(rootfs),
        "mounts": [{"source": source(mount["name"]), "target": mount["mountPath"],
                    "read_only": mount.get("readOnly", False)} for mount in container["volumeMounts"]],
        "capabilities": context["capabilities"].get("add", []),
        "read_only_root": context["readOnlyRootFilesystem"],
        "no_new_privileges": context.get("allowPrivilegeEscalation") is False,
        "environment": {"NODE_NAME": "node-of-the-test", "LANG": "C.UTF-8"},
        "without_namespaces": False,
        "host_pid": pod["hostPID"],
        "own_network": not pod.get("hostNetwork", False),
    }
