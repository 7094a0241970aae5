{{- /* What names of all begin with. */ -}}
{{- define "tiphys.base" -}}
{{- if contains "tiphys" .Release.Name }}{{ .Release.Name | trunc 52 | trimSuffix "-" }}{{ else }}{{ printf "%s-tiphys" (.Release.Name | trunc 45 | trimSuffix "-") }}{{ end }}
{{- end -}}

{{- define "tiphys.name" -}}
{{ include "tiphys.base" . }}-webhook
{{- end -}}

{{- define "tiphys.controller" -}}
{{ include "tiphys.base" . }}-controller
{{- end -}}

{{- define "tiphys.selector" -}}
app.kubernetes.io/name: tiphys
app.kubernetes.io/component: webhook
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "tiphys.controllerSelector" -}}
app.kubernetes.io/name: tiphys
app.kubernetes.io/component: controller
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "tiphys.labels" -}}
{{ include "tiphys.selector" . }}
{{ include "tiphys.common" . }}
{{- end -}}

{{- define "tiphys.controllerLabels" -}}
{{ include "tiphys.controllerSelector" . }}
{{ include "tiphys.common" . }}
{{- end -}}

{{- /* Labels of what belongs to neither of the two. */ -}}
{{- define "tiphys.sharedLabels" -}}
app.kubernetes.io/name: tiphys
app.kubernetes.io/instance: {{ .Release.Name }}
{{ include "tiphys.common" . }}
{{- end -}}

{{- define "tiphys.common" -}}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{- define "tiphys.image" -}}
{{ .Values.image.repository }}{{ if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end -}}

{{- define "tiphys.controllerImage" -}}
{{- with .Values.controller.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end -}}
{{- end -}}

{{- /* The names of Argo's controllers as the API server knows them, in CEL. */ -}}
{{- define "tiphys.controllers" -}}
[{{ range $i, $c := .Values.argo.controllers }}{{ if $i }}, {{ end }}'system:serviceaccount:{{ $c | replace "/" ":" }}'{{ end }}]
{{- end -}}
