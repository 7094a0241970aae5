{{- /* What a size comes to. A value that is given goes before it. */ -}}
{{- define "tiphys.sizes" -}}
small:
  replicas: 2
  resources: {requests: {cpu: 100m, memory: 128Mi}, limits: {memory: 512Mi}}
  controller:
    replicas: 2
    concurrency: 8
    tmpSize: 2Gi
    resources: {requests: {cpu: 100m, memory: 256Mi}, limits: {memory: 1Gi}}
large:
  replicas: 3
  resources: {requests: {cpu: 500m, memory: 512Mi}, limits: {memory: 2Gi}}
  controller:
    replicas: 2
    concurrency: 32
    tmpSize: 10Gi
    resources: {requests: {cpu: "1", memory: 1Gi}, limits: {memory: 4Gi}}
{{- end -}}

{{- /* The values of the size, with those that are given, as YAML. */ -}}
{{- define "tiphys.sized" -}}
{{- $size := index (include "tiphys.sizes" . | fromYaml) (.Values.size | default "small") -}}
{{- with .Values -}}
replicas: {{ .replicas | default $size.replicas }}
resources: {{ mergeOverwrite $size.resources (.resources | default dict) | toJson }}
controller:
  replicas: {{ .controller.replicas | default $size.controller.replicas }}
  concurrency: {{ .controller.concurrency | default $size.controller.concurrency }}
  tmpSize: {{ .controller.tmpSize | default $size.controller.tmpSize }}
  resources: {{ mergeOverwrite $size.controller.resources (.controller.resources | default dict) | toJson }}
{{- end }}
{{- end -}}
