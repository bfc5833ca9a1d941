{{/* SPDX-License-Identifier: Apache-2.0
Takes (dict "rule" RULE "values" prometheusRule "known" DICT): the rule as YAML with what the values change in it, or
nothing where they turn it off. Notes the names of alerts and thresholds in `known`. */}}
{{- define "fanfare.rule" -}}
{{- $rule := deepCopy .rule -}}
{{- $values := .values -}}
{{- if hasKey $rule "alert" -}}
{{- $_ := set .known $rule.alert "alerts" -}}
{{- $change := default dict (get $values.alerts $rule.alert) -}}
{{- if ne (toString $change.enabled) "false" -}}
{{- with $change.for }}{{ $_ := set $rule "for" . }}{{ end -}}
{{- $severity := dict -}}
{{- with $change.severity }}{{ $_ := set $severity "severity" . }}{{ end -}}
{{- $_ := set $rule "labels" (merge $severity (default dict $change.labels) $values.alertLabels $rule.labels) -}}
{{- $_ := set $rule "annotations" (merge (deepCopy (default dict $change.annotations)) $rule.annotations) -}}
{{- if and $values.runbookUrl (not (hasKey (default dict $change.annotations) "runbook_url")) -}}
{{- $page := base $rule.annotations.runbook_url -}}
{{- $_ := set $rule.annotations "runbook_url" (printf "%s/%s" (trimSuffix "/" $values.runbookUrl) $page) -}}
{{- end -}}
{{- toYaml $rule -}}
{{- end -}}
{{- else -}}
{{- if hasPrefix "fanfare:threshold:" $rule.record -}}
{{- $name := trimPrefix "fanfare:threshold:" $rule.record -}}
{{- $window := get (default dict $rule.labels) "window" -}}
{{- $_ := set .known $name "thresholds" -}}
{{- if hasKey $values.thresholds $name -}}
{{- $number := get $values.thresholds $name -}}
{{- if kindIs "map" $number }}{{ $number = get $number $window }}{{ end -}}
{{- if ne (toString $number) "" }}{{ $_ := set $rule "expr" (printf "vector(%v)" $number) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- if and (eq $rule.record "fanfare:expected_by_rules:shard") $values.expectedShards -}}
{{- $each := list -}}
{{- range $values.expectedShards -}}
{{- $each = append $each (printf "label_replace(label_replace(vector(1), \"cluster\", %q, \"\", \"\"), \"shard\", %q, \"\", \"\")" .cluster .shard) -}}
{{- end -}}
{{- $_ := set $rule "expr" (join " or " $each) -}}
{{- end -}}
{{- toYaml $rule -}}
{{- end -}}
{{- end }}

{{/* Takes (dict "what" KIND "named" MAP "known" DICT): a name that no rule has is refused. */}}
{{- define "fanfare.knowsAll" -}}
{{- $what := .what -}}
{{- $names := list -}}
{{- range $name, $kind := .known }}{{ if eq $kind $what }}{{ $names = append $names $name }}{{ end }}{{ end -}}
{{- range $name, $_ := .named -}}
{{- if not (has $name $names) -}}
{{- fail (printf "prometheusRule.%s.%s: the rules have none of that name, only %s" $what $name (join ", " (sortAlpha $names))) -}}
{{- end -}}
{{- end -}}
{{- end }}
