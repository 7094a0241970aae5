{{- define "tiphys.controllerArgs" -}}
- --namespace=$(POD_NAMESPACE)
- --leader-elect
- --concurrency={{ (include "tiphys.sized" . | fromYaml).controller.concurrency }}
- --metrics-address=:8080
- --hook-address={{ ternary ":8081" "" .Values.controller.hook }}
- --page-address={{ ternary ":8082" "" .Values.controller.page }}
{{- if and .Values.controller.page .Values.controller.pageSessionSecret }}
- --page-session-key-file=/etc/tiphys/page/key
{{- end }}
- --log-level={{ .Values.log.level }}
{{- with .Values.argo.version }}
- --argo-version={{ . }}
{{- end }}
{{- with .Values.controller.argoURL }}
- --argo-url={{ . }}
{{- end }}
{{- with .Values.controller.prometheus }}
- --prometheus={{ . }}
{{- end }}
{{- end -}}
