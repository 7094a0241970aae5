{{- /* What the restricted Pod Security Standard asks of a pod, and then of a container. */ -}}
{{- define "tiphys.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "tiphys.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{- /* Annotations of pods: those that are given, and Datadog's. */ -}}
{{- define "tiphys.annotations" -}}
{{- $all := deepCopy .given }}
{{- if .root.Values.metrics.datadog }}
{{- $instance := dict "openmetrics_endpoint" "http://%%host%%:8080/metrics" "namespace" "" "metrics" .metrics }}
{{- $_ := set $all (printf "ad.datadoghq.com/%s.checks" .container) (dict "openmetrics" (dict "init_config" dict "instances" (list $instance)) | toJson) }}
{{- end }}
{{- with $all }}
annotations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "tiphys.spread" -}}
{{- with .given }}
{{- toYaml . }}
{{- else }}
{{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
- topologyKey: {{ . }}
  maxSkew: 1
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels: {{- $.selector | nindent 6 }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* The pods of helm test. */ -}}
{{- define "tiphys.testSelector" -}}
app.kubernetes.io/name: tiphys
app.kubernetes.io/component: test
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "tiphys.hook" -}}
helm.sh/hook: test
helm.sh/hook-weight: {{ . | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}
