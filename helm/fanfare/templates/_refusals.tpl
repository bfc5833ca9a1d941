{{/* SPDX-License-Identifier: Apache-2.0
Values that cannot work together: what, where, and what to do. */}}
{{- define "fanfare.refusals" -}}
{{- range $key, $instead := dict
  "node" "the chart gives each agent the name of its node"
  "listen" "set metrics.address and metrics.port"
  "admin" "set runDir.path"
  "cgroup" "set cgroupPath" -}}
{{- if hasKey $.Values.config $key -}}
{{- fail (printf "config.%s is given by the chart and would be overruled: %s" $key $instead) -}}
{{- end -}}
{{- end -}}
{{- $sources := list -}}
{{- if .Values.config }}{{ $sources = append $sources "config" }}{{ end -}}
{{- if .Values.existingConfigMap.name }}{{ $sources = append $sources "existingConfigMap.name" }}{{ end -}}
{{- if .Values.existingSecret.name }}{{ $sources = append $sources "existingSecret.name" }}{{ end -}}
{{- if gt (len $sources) 1 -}}
{{- fail (printf "the configuration can have one source only, not %s: leave one of them" (join " and " $sources)) -}}
{{- end -}}
{{- if and .Values.metrics.annotations .Values.metrics.podMonitor.enabled -}}
{{- fail "metrics.annotations and metrics.podMonitor.enabled would have every series scraped twice, and ratios would be wrong: turn one of them off" -}}
{{- end -}}
{{- if and (eq .Values.security.seccompProfile.type "RuntimeDefault") (eq .Values.security.scopeProof "userNamespace") -}}
{{- fail "security.seccompProfile.type=RuntimeDefault refuses the user namespace of security.scopeProof=userNamespace, and no agent would get ready: add --set security.scopeProof=sysAdmin" -}}
{{- end -}}
{{- $surge := toString (default 0 (default dict .Values.updateStrategy.rollingUpdate).maxSurge) -}}
{{- if not (has $surge (list "0" "0%")) -}}
{{- fail "updateStrategy.rollingUpdate.maxSurge would start an agent beside the one that it replaces, and both count the same sockets: leave it out" -}}
{{- end -}}
{{- range .Values.config.shards -}}
{{- if and (.match).pod_labels (not $.Values.kubernetes.podNames) -}}
{{- fail (printf "shard %q of config matches by pod_labels, which only the API server knows: set kubernetes.podNames=true" .name) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.kubernetes.podNames (not .Values.serviceAccount.create) (not .Values.serviceAccount.name) .Values.rbac.create -}}
{{- fail "rbac.create with serviceAccount.create=false would give every pod of the namespace's default account the right to list pods: name an account in serviceAccount.name" -}}
{{- end -}}
{{- range $files, $on := dict "files/rules/*.yml" .Values.prometheusRule.enabled "files/dashboards/*.json" .Values.dashboards.enabled -}}
{{- if and $on (not ($.Files.Glob $files)) -}}
{{- fail (printf "this copy of the chart lacks %s, which stand in dashboards/ of its sources: take the packaged chart" $files) -}}
{{- end -}}
{{- end -}}
{{- end }}
