{{/* SPDX-License-Identifier: Apache-2.0
Parts of pods that the agent, the doctor in front of it and the tests share. */}}
{{- define "fanfare.securityContext" -}}
privileged: false
{{- if ne .Values.security.scopeProof "sysAdmin" }}
allowPrivilegeEscalation: false
{{- end }}
readOnlyRootFilesystem: true
# Root without root's powers: files of the host's cgroup tree and the admin socket belong to it.
runAsUser: 0
runAsGroup: 0
runAsNonRoot: false
capabilities:
  drop: [ALL]
  add:
    # Loads the programs and makes their maps.
    - BPF
    # The programs read kernel structures: the life of sockets, and who holds them.
    - PERFMON
    # Attaches the programs to the sockets of the host's cgroup tree.
    - NET_ADMIN
    {{- if include "fanfare.wantsPtrace" . }}
    # Reads which executable a process of another user runs (match.exe).
    - SYS_PTRACE
    {{- end }}
    {{- if eq .Values.security.scopeProof "sysAdmin" }}
    # Makes a network namespace for a moment at the start, to prove that the whole host is seen.
    - SYS_ADMIN
    {{- end }}
    {{- range .Values.security.extraCapabilities }}
    - {{ . }}
    {{- end }}
seccompProfile:
  {{- toYaml .Values.security.seccompProfile | nindent 2 }}
{{- with .Values.security.appArmorProfile }}
appArmorProfile:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.security.seLinuxOptions }}
seLinuxOptions:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "fanfare.flags" -}}
- --config=/etc/fanfare/fanfare.yaml
- --listen={{ .Values.metrics.address }}:{{ .Values.metrics.port }}
- --admin={{ include "fanfare.admin" . }}
{{- if ne .Values.cgroupPath "auto" }}
- --cgroup={{ .Values.cgroupPath }}
{{- end }}
{{- end }}

{{- define "fanfare.cgroupMount" -}}
{{ eq .Values.cgroupPath "auto" | ternary "/sys/fs/cgroup" .Values.cgroupPath }}
{{- end }}

{{- define "fanfare.environment" -}}
# The name by which the API server knows this node: its pods are asked for by that.
- name: NODE_NAME
  valueFrom:
    fieldRef:
      fieldPath: spec.nodeName
{{- end }}

{{- define "fanfare.memoryLimit" -}}
# The agent does not see its own limit, and over it is killed without a word: by this it and the doctor say so before.
- name: FANFARE_MEMORY_LIMIT
  valueFrom:
    resourceFieldRef: {containerName: agent, resource: limits.memory}
{{- end }}

{{- define "fanfare.volumeMounts" -}}
- name: config
  mountPath: /etc/fanfare
  readOnly: true
# The host's tree: the container's own shows the agent only itself. Programs are attached to its root.
- name: cgroup
  mountPath: {{ include "fanfare.cgroupMount" . }}
  readOnly: true
  mountPropagation: HostToContainer
# The admin socket for the command line, and what is normal for each shard.
- name: run
  mountPath: {{ .Values.runDir.path }}
{{- end }}

{{- define "fanfare.volumes" -}}
- name: config
  {{- if .Values.existingSecret.name }}
  secret:
    secretName: {{ .Values.existingSecret.name }}
    defaultMode: 0400
    items: [{key: {{ .Values.existingSecret.key }}, path: fanfare.yaml}]
  {{- else }}
  configMap:
    name: {{ default (include "fanfare.fullname" .) .Values.existingConfigMap.name }}
    items: [{key: {{ empty .Values.existingConfigMap.name | ternary "fanfare.yaml" .Values.existingConfigMap.key }}, path: fanfare.yaml}]
  {{- end }}
- name: cgroup
  hostPath:
    path: {{ include "fanfare.cgroupMount" . }}
    type: Directory
{{ include "fanfare.runVolume" . }}
{{- end }}

{{- define "fanfare.runVolume" -}}
- name: run
  {{- if eq .Values.runDir.type "hostPath" }}
  hostPath:
    path: {{ .Values.runDir.path }}
    type: DirectoryOrCreate
  {{- else }}
  emptyDir: {}
  {{- end }}
{{- end }}

{{/* The user's affinity, each of its required node terms joined with ours; ours alone where it has none. */}}
{{- define "fanfare.affinity" -}}
{{- $affinity := deepCopy .Values.affinity -}}
{{- if .Values.avoidVirtualNodes -}}
{{- $ours := list
  (dict "key" "eks.amazonaws.com/compute-type" "operator" "NotIn" "values" (list "fargate"))
  (dict "key" "type" "operator" "NotIn" "values" (list "virtual-kubelet")) -}}
{{- $node := default dict $affinity.nodeAffinity -}}
{{- $required := default dict $node.requiredDuringSchedulingIgnoredDuringExecution -}}
{{- $terms := list -}}
{{- range default (list dict) $required.nodeSelectorTerms -}}
{{- $term := deepCopy . -}}
{{- $_ := set $term "matchExpressions" (concat (default list $term.matchExpressions) $ours) -}}
{{- $terms = append $terms $term -}}
{{- end -}}
{{- $_ := set $required "nodeSelectorTerms" $terms -}}
{{- $_ := set $node "requiredDuringSchedulingIgnoredDuringExecution" $required -}}
{{- $_ := set $affinity "nodeAffinity" $node -}}
{{- end -}}
{{- if $affinity }}{{ toYaml $affinity }}{{ end }}
{{- end }}
