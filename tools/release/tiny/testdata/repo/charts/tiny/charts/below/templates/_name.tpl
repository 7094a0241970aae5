{{- define "below.name" -}}
{{ .Release.Name }}-tiny
{{- end -}}
