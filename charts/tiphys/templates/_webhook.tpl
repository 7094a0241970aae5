{{- /* What all webhooks of the configurations share. */ -}}
{{- define "tiphys.client" -}}
admissionReviewVersions: [v1]
matchPolicy: Equivalent
clientConfig:
  service:
    name: {{ include "tiphys.name" .root }}
    namespace: {{ .root.Release.Namespace }}
    path: /{{ .path }}
    port: 443
{{- end -}}

{{- define "tiphys.namespaces" -}}
{{- if or .Values.namespaces.exclude .Values.namespaces.selector }}
namespaceSelector:
  {{- with .Values.namespaces.selector.matchLabels }}
  matchLabels: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if or .Values.namespaces.exclude .Values.namespaces.selector.matchExpressions }}
  matchExpressions:
    {{- with .Values.namespaces.selector.matchExpressions }}{{ toYaml . | nindent 4 }}{{ end }}
    {{- with .Values.namespaces.exclude }}
    - key: kubernetes.io/metadata.name
      operator: NotIn
      values: {{- toYaml . | nindent 8 }}
    {{- end }}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "tiphys.kinds" -}}
- apiGroups: [argoproj.io]
  apiVersions: ["*"]
  operations: [CREATE, UPDATE]
  resources: [workflows, workflowtemplates, clusterworkflowtemplates, cronworkflows, sensors]
{{- end -}}

{{- define "tiphys.approvals" -}}
- apiGroups: [tiphys.dev]
  apiVersions: ["*"]
  operations: {{ toJson . }}
  resources: [approvals]
{{- end -}}

{{- /* Argo's controller writes the whole object for each step of a run, and
people label and annotate: what leaves spec alone is none of our business. */ -}}
{{- define "tiphys.conditions" -}}
{{- if .Values.argo.controllers }}
- name: not-argo
  expression: >-
    !(request.userInfo.username in {{ include "tiphys.controllers" . }})
{{- end }}
- name: spec-changed
  expression: >-
    request.operation != 'UPDATE' || has(object.spec) != has(oldObject.spec) || has(object.spec) && object.spec != oldObject.spec
    {{- if and .Values.argo.guardStatus .Values.argo.controllers }}
    || object.?status.?storedWorkflowTemplateSpec != oldObject.?status.?storedWorkflowTemplateSpec
    || object.?status.?storedTemplates != oldObject.?status.?storedTemplates
    {{- end }}
{{- end -}}

{{- define "tiphys.inject" -}}
{{- if eq .Values.certificates.mode "cert-manager" }}
annotations:
  cert-manager.io/inject-ca-from: {{ .Release.Namespace }}/{{ include "tiphys.name" . }}
{{- end }}
{{- end -}}
