{{- define "tiphys.name" -}}
{{- if contains "tiphys" .Release.Name }}{{ .Release.Name | trunc 52 | trimSuffix "-" }}{{ else }}{{ printf "%s-tiphys" (.Release.Name | trunc 45 | trimSuffix "-") }}{{ end }}-webhook
{{- end -}}

{{- define "tiphys.selector" -}}
app.kubernetes.io/name: tiphys
app.kubernetes.io/component: webhook
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "tiphys.labels" -}}
{{ include "tiphys.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{- define "tiphys.image" -}}
{{ .Values.image.repository }}{{ if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end -}}

{{- /* The names of Argo's controllers as the API server knows them, in CEL. */ -}}
{{- define "tiphys.controllers" -}}
[{{ range $i, $c := .Values.argo.controllers }}{{ if $i }}, {{ end }}'system:serviceaccount:{{ $c | replace "/" ":" }}'{{ end }}]
{{- end -}}
