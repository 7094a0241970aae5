{{- /* Head of a ValidatingAdmissionPolicy and the binding that puts it in force. */ -}}
{{- define "tiphys.policy" -}}
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  name: {{ include "tiphys.base" .root }}-{{ .name }}
  labels: {{- include "tiphys.sharedLabels" .root | nindent 4 }}
spec:
  policyName: {{ include "tiphys.base" .root }}-{{ .name }}
  validationActions: [Deny]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: {{ include "tiphys.base" .root }}-{{ .name }}
  labels: {{- include "tiphys.sharedLabels" .root | nindent 4 }}
{{- end -}}

{{- /* Whether who asks may delete a resource in all namespaces, as those may who
collect what belongs to something that is gone: by that they are known, whatever
they are called in a cluster. */ -}}
{{- define "tiphys.collector" -}}
authorizer.group('{{ .group }}').resource('{{ .resource }}').check('delete').allowed()
{{- end -}}
