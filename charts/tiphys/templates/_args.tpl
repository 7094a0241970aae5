{{- define "tiphys.args" -}}
- --listen=:8443
- --metrics=:9090
- --namespace=$(POD_NAMESPACE)
- --name={{ include "tiphys.name" . }}
- --certificates={{ .Values.certificates.mode }}
- --drain={{ .Values.drainSeconds }}s
- --audit={{ .Values.audit.interval }}
- --log-level={{ .Values.log.level }}
{{- with .Values.argo.version }}
- --argo={{ . }}
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
