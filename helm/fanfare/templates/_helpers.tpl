{{/* SPDX-License-Identifier: Apache-2.0 */}}
{{- define "fanfare.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "fanfare.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains (include "fanfare.name" .) .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "fanfare.name" .) | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "fanfare.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride }}
{{- end }}

{{/* Never helm.sh/chart: selectors cannot change. */}}
{{- define "fanfare.selectorLabels" -}}
app.kubernetes.io/name: {{ include "fanfare.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: agent
{{- end }}

{{/* Takes (dict "root" $ "labels" MAP "component" NAME): what stands in every object's metadata. */}}
{{- define "fanfare.metadata" -}}
{{- $fixed := dict
  "app.kubernetes.io/name" (include "fanfare.name" .root)
  "app.kubernetes.io/instance" .root.Release.Name
  "app.kubernetes.io/component" (default "agent" .component) -}}
{{- $usual := dict
  "app.kubernetes.io/part-of" "fanfare"
  "app.kubernetes.io/version" .root.Chart.AppVersion
  "app.kubernetes.io/managed-by" .root.Release.Service
  "helm.sh/chart" (printf "%s-%s" .root.Chart.Name (.root.Chart.Version | replace "+" "_")) -}}
labels:
  {{- toYaml (merge $fixed (deepCopy (default dict .labels)) (deepCopy .root.Values.commonLabels) $usual) | nindent 2 }}
{{- with merge (deepCopy (default dict .annotations)) (deepCopy .root.Values.commonAnnotations) }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "fanfare.image" -}}
{{- $image := .Values.image -}}
{{- $registry := default $image.registry .Values.global.imageRegistry -}}
{{- $name := $image.repository -}}
{{- if $registry }}{{ $name = printf "%s/%s" $registry $image.repository }}{{ end -}}
{{- if $image.digest }}{{ printf "%s@%s" $name $image.digest }}
{{- else }}{{ printf "%s:%s" $name (default .Chart.AppVersion $image.tag) }}{{ end }}
{{- end }}

{{- define "fanfare.pullSecrets" -}}
{{- with concat .Values.global.imagePullSecrets .Values.image.pullSecrets -}}
imagePullSecrets:
  {{- range . }}
  - name: {{ if kindIs "map" . }}{{ .name }}{{ else }}{{ . }}{{ end }}
  {{- end }}
{{- end }}
{{- end }}

{{- define "fanfare.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}{{ default (include "fanfare.fullname" .) .Values.serviceAccount.name }}
{{- else }}{{ default "default" .Values.serviceAccount.name }}{{ end }}
{{- end }}

{{- define "fanfare.admin" -}}
{{ .Values.runDir.path }}/admin.sock
{{- end }}

{{/* Does a shard of the configuration match by executable? "true" or "". */}}
{{- define "fanfare.matchesExe" -}}
{{- range .Values.config.shards }}{{ if (.match).exe }}true{{ break }}{{ end }}{{ end }}
{{- end }}

{{- define "fanfare.wantsPtrace" -}}
{{- if eq .Values.security.sysPtrace "auto" }}{{ include "fanfare.matchesExe" . }}
{{- else if eq .Values.security.sysPtrace "true" }}true{{ end }}
{{- end }}
