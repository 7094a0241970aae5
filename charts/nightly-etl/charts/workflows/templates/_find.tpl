{{/*
workflows.find parses the documents that an overlay may be for and notes the
workflows in them: dicts of kind, name, object, document and, for an item of a
List, its index. With a wildcard among the overlays, every document is parsed;
otherwise only what holds the text of a name, as parsing is what takes time.
*/}}
{{- define "workflows.find" -}}
{{- $names := list -}}
{{- range $key, $_ := .overlays -}}
  {{- $names = append $names (regexReplaceAll "^[^/]*/" $key "") -}}
{{- end -}}
{{- $_ := set . "workflows" dict -}}
{{- range .documents -}}
  {{- $document := . -}}
  {{- $wanted := has "*" $names -}}
  {{- range $names -}}
    {{- if contains . $document.text -}}{{- $wanted = true -}}{{- end -}}
  {{- end -}}
  {{- if and $wanted (contains "argoproj.io" .text) -}}
    {{- include "workflows.parse" (dict "run" $ "document" .) -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/*
workflows.parse parses a document, unless that is done, and notes the workflows
in it.
*/}}
{{- define "workflows.parse" -}}
{{- $run := .run -}}
{{- $document := .document -}}
{{- if not $document.object -}}
  {{- $object := fromYaml $document.text -}}
  {{- if and (hasKey $object "Error") (not (hasKey $object "kind")) -}}
    {{- fail (printf "%s:%d: %v" $document.path $document.line $object.Error) -}}
  {{- end -}}
  {{- if regexMatch "[0-9_]{16,}|0[xX][0-9a-fA-F_]{14,}" $document.text -}}
    {{- $numbers := list -}}
    {{- if not (regexMatch "[0-9]_[0-9_]{13,}|0[xX][0-9a-fA-F_]{14,}" $document.text) -}}
      {{- $numbers = uniq (regexFindAll "-?[0-9]{16,}" $document.text -1) -}}
    {{- end -}}
    {{- include "workflows.exact" (dict "node" $object "numbers" $numbers "at" (printf "%s:%d" $document.path $document.line)) -}}
  {{- end -}}
  {{- $_ := set $document "object" $object -}}
  {{- include "workflows.note" (dict "run" $run "document" $document "object" $object) -}}
  {{- if and (eq (toString $object.kind) "List") (kindIs "slice" $object.items) -}}
    {{- range $object.items -}}
      {{- if kindIs "map" . -}}
        {{- include "workflows.note" (dict "run" $run "document" $document "object" . "item" true) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- $_ := set $document "before" (toJson $object) -}}
{{- end -}}
{{- end -}}

{{- define "workflows.note" -}}
{{- $object := .object -}}
{{- if and (has $object.kind (include "workflows.kinds" . | splitList " ")) (hasPrefix "argoproj.io/" (toString $object.apiVersion)) -}}
  {{- $metadata := $object.metadata | default dict -}}
  {{- $name := $metadata.name | default ($metadata.generateName | default "" | toString | trimSuffix "-") | toString -}}
  {{- range $part := list "metadata" "spec" -}}
    {{- if not (get $object $part) -}}
      {{- $_ := set $object $part dict -}}
    {{- else if not (kindIs "map" (get $object $part)) -}}
      {{- fail (printf "%s:%d: %s of %s %q is no map" $.document.path $.document.line $part $object.kind $name) -}}
    {{- end -}}
  {{- end -}}
  {{- $found := dict "kind" $object.kind "name" $name "object" $object "document" .document "item" .item -}}
  {{- $_ := set .run.workflows (len .run.workflows | printf "%09d") $found -}}
{{- end -}}
{{- end -}}

{{- define "workflows.kinds" -}}
Workflow WorkflowTemplate ClusterWorkflowTemplate CronWorkflow
{{- end -}}

{{/*
workflows.exact gives whole numbers beyond 2^53 back their digits, which Helm
has rounded: numbers holds the digits that stand in the text. Where it is not
clear which ones are meant, it fails.
*/}}
{{- define "workflows.exact" -}}
{{- if or (kindIs "map" .node) (kindIs "slice" .node) -}}
  {{- range $key, $value := .node -}}
    {{- if or (kindIs "map" $value) (kindIs "slice" $value) -}}
      {{- include "workflows.exact" (dict "node" $value "numbers" $.numbers "at" $.at) -}}
    {{- else if kindIs "float64" $value -}}
      {{- if or (ge $value 9007199254740992.0) (le $value -9007199254740992.0) -}}
        {{- $meant := list -}}
        {{- range $.numbers -}}
          {{- if eq (float64 .) $value -}}{{- $meant = append $meant . -}}{{- end -}}
        {{- end -}}
        {{- if ne (len $meant) 1 -}}
          {{- fail (printf "%s: %v holds a number that is too large for Helm to keep its digits: put it in quotes" $.at $key) -}}
        {{- end -}}
        {{- $value = int64 (first $meant) -}}
        {{- if ne (toString $value) (first $meant) -}}
          {{- fail (printf "%s: %s is too large for a number: put it in quotes" $.at (first $meant)) -}}
        {{- end -}}
        {{- if kindIs "map" $.node -}}
          {{- $_ := set $.node $key $value -}}
        {{- else -}}
          {{- fail (printf "%s: a list holds %s, which is too large for Helm to keep its digits: put it in quotes" $.at (first $meant)) -}}
        {{- end -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end -}}
