{{- define "tiphys.args" -}}
- --address=:8443
- --metrics-address=:8080
- --namespace=$(POD_NAMESPACE)
- --service={{ include "tiphys.name" . }}
{{- if eq .Values.certificates.mode "self" }}
- --secret={{ include "tiphys.name" . }}-certificate
- --validating-configuration={{ include "tiphys.name" . }}
{{- if .Values.mutating.enabled }}
- --mutating-configuration={{ include "tiphys.name" . }}
{{- end }}
{{- else }}
- --cert-dir=/certificate
{{- end }}
{{- if .Values.clientCA.secret }}
- --client-ca=/client-ca/ca.crt
{{- end }}
- --drain={{ .Values.drainSeconds }}s
- --audit={{ ternary "-1s" .Values.audit.interval (regexMatch "^(0+(ms|s|m|h)?)+$" (toString .Values.audit.interval)) }}
- --limit-runs={{ .Values.concurrency.enabled }}
- --log-level={{ .Values.log.level }}
{{- with .Values.argo.version }}
- --argo-version={{ . }}
{{- end }}
{{- if not .Values.watch.templates }}
- --unwatched=WorkflowTemplate,ClusterWorkflowTemplate
{{- end }}
{{- if not .Values.watch.secrets }}
- --unwatched=Secret
{{- end }}
{{- if not .Values.watch.configMaps }}
- --unwatched=ConfigMap
{{- end }}
{{- if not .Values.watch.serviceAccounts }}
- --unwatched=ServiceAccount
{{- end }}
{{- if not .Values.watch.persistentVolumeClaims }}
- --unwatched=PersistentVolumeClaim
{{- end }}
{{- end -}}
