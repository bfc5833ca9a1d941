# SPDX-License-Identifier: Apache-2.0
"""What the tests of the rendered chart share: values that turn everything on, and others that are likely."""
import pathlib
import unittest

from rendered import CHART, Refused, template

SOURCE = CHART.parents[1]

EVERYTHING = {
    "global": {"imageRegistry": "mirror.example.org", "imagePullSecrets": ["one", {"name": "two"}]},
    "image": {"digest": "sha256:" + "0" * 64, "pullSecrets": ["three"]},
    "commonLabels": {"team": "chat"}, "commonAnnotations": {"owner": "sre"},
    "config": {"cluster": "eu",
               "shards": [{"name": "eu-1", "match": {"listen_ports": [8080], "exe": "/usr/bin/chatd"}}]},
    "security": {"scopeProof": "sysAdmin", "extraCapabilities": ["SYSLOG"], "seLinuxOptions": {"type": "spc_t"},
                 "seccompProfile": {"type": "Localhost", "localhostProfile": "fanfare.json"}},
    "metrics": {"podMonitor": {"enabled": True, "labels": {"release": "kps"}, "spec": {"sampleLimit": 5000},
                               "endpoint": {"relabelings": [{"action": "labeldrop", "regex": "pod"}]}}},
    "prometheusRule": {"enabled": True, "labels": {"release": "kps"}, "alertLabels": {"team": "chat"}},
    "dashboards": {"enabled": True, "folder": "Chat"},
    "networkPolicy": {"enabled": True, "from": [{"namespaceSelector": {}}], "egress": [{"ports": [{"port": 53}]}]},
    "serviceAccount": {"annotations": {"a": "b"}}, "doctor": {"initContainer": True},
    "resources": {"requests": {"memory": "256Mi"}}, "priorityClassName": "system-node-critical",
    "podLabels": {"app.kubernetes.io/name": "not-this", "x": "z"}, "podAnnotations": {"p": "q"},
    "extraArgs": ["--record=/run/fanfare/record"],
    "extraEnv": [{"name": "SSL_CERT_FILE", "value": "/ca/ca.crt"}], "extraEnvFrom": [{"secretRef": {"name": "s"}}],
    "extraVolumes": [{"name": "ca", "secret": {"secretName": "ca"}}],
    "extraVolumeMounts": [{"name": "ca", "mountPath": "/ca"}],
    "extraInitContainers": [{"name": "i", "image": "i"}], "extraContainers": [{"name": "c", "image": "c"}],
    "extraObjects": ["apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ .Release.Name }}-more'}"],
}
MATRIX = {
    "defaults": {}, "everything": EVERYTHING,
    "without pod names": {"kubernetes": {"podNames": False}},
    "without the host's pids": {"hostPID": False, "runDir": {"type": "emptyDir"}},
    "annotations": {"metrics": {"annotations": True}},
    "a secret's configuration": {"existingSecret": {"name": "s", "key": "k"}},
    "a config map of the user's": {"existingConfigMap": {"name": "m"}},
    "an account of the user's": {"serviceAccount": {"create": False, "name": "mine"}},
    "RuntimeDefault": {"security": {"seccompProfile": {"type": "RuntimeDefault"}, "scopeProof": "sysAdmin"}},
    "IPv6": {"metrics": {"address": "[::]"}},
}


class Chart(unittest.TestCase):
    tools: pathlib.Path  # what setup.sh brought; set by the test's main program

    def render(self, values=None, **options):
        return template(self.tools, values, **options)

    def refusal(self, values) -> str:
        with self.assertRaises(Refused) as caught:
            self.render(values)
        return str(caught.exception)
