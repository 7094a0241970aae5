{{/*
workflows.all emits every document of every file below workflows/ of the chart
that includes it. Call it with the root context:

  {{ include "workflows.all" . }}

A document that no overlay changes is emitted as it stands in its file.
*/}}
{{- define "workflows.all" -}}
{{- if not (and (hasKey . "Files") (hasKey . "Values")) -}}
  {{- fail "workflows.all needs the root context: {{ include \"workflows.all\" . }}, or $ within range and with" -}}
{{- end -}}
{{- $run := dict "documents" dict "overlays" (omit (.Values.workflows | default dict) "global") -}}
{{- include "workflows.read" (dict "run" $run "files" (.Files.Glob "workflows/**.{yaml,yml,json}")) -}}
{{- if $run.overlays -}}
  {{- include "workflows.find" $run -}}
  {{- include "workflows.overlay" $run -}}
{{- end -}}
{{- range $run.documents -}}
  {{- include "workflows.emit" . -}}
{{- end -}}
{{- end -}}

{{/*
workflows.read splits files into documents: dicts of path, line and text, by a
number that keeps their order, as a list takes ever longer to grow. The line is
the one that the text begins on.

A hidden file is no workflow: editors leave them behind.
*/}}
{{- define "workflows.read" -}}
{{- $run := .run -}}
{{- range $path, $bytes := .files -}}
  {{- if not (regexMatch "/\\." $path) -}}
    {{- $text := toString $bytes | trimPrefix "\ufeff" -}}
    {{- if or (hasPrefix "\xff\xfe" $text) (hasPrefix "\xfe\xff" $text) -}}
      {{- fail (printf "%s is UTF-16: save it as UTF-8" $path) -}}
    {{- end -}}
    {{- $line := 1 -}}
    {{- range $i, $part := regexSplit "(?m)^(?:---|\\.\\.\\.)(?:[ \\t]|\\r?$)" $text -1 -}}
      {{- $count := sub (len (splitList "\n" $part)) 1 -}}
      {{- if regexMatch "(?m)^\\s*[^#%\\s]" $part -}}
        {{- $rest := regexReplaceAll "^[ \\t]*\\r?\\n" $part "" -}}
        {{- $at := add $line (sub $count (sub (len (splitList "\n" $rest)) 1)) -}}
        {{- $_ := set $run.documents (len $run.documents | printf "%09d") (dict "path" $path "line" $at "text" $rest) -}}
      {{- end -}}
      {{- $line = add $line $count -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/*
workflows.emit prints one document below a line that tells where it is from.
That line also keeps Helm from eating the indentation of the first one.
*/}}
{{- define "workflows.emit" -}}
{{- if not .gone -}}
{{- $from := printf "# From %s:%d" (regexReplaceAll "[[:cntrl:]]" .path "?") .line -}}
{{- $touched := false -}}
{{- if .touched -}}{{- $touched = ne (toJson .object) .before -}}{{- end -}}
{{- if $touched -}}
{{- $text := toYaml .object -}}
{{- if contains "\u0085" (toJson .object) -}}{{/* which toYaml reads as a line break */}}
  {{- $text = toPrettyJson .object | replace "\u0085" "\\u0085" -}}
{{- end -}}
{{- if not $text -}}
  {{- fail (printf "%s:%d: Helm cannot write this document as YAML" .path .line) -}}
{{- end }}
---
{{ $from }}, with an overlay
{{ $text }}
{{- else }}
---
{{ $from }}
{{ .text | trimSuffix "\n" }}
{{- end -}}
{{- end -}}
{{- end -}}
