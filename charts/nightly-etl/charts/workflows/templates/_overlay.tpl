{{/*
workflows.overlay lays every overlay over the workflows that it is for, from
weak to strong: "*", "Kind/*", a name, "Kind/name".
*/}}
{{- define "workflows.overlay" -}}
{{- $run := . -}}
{{- $classes := dict "0" list "1" list "2" list "3" list -}}
{{- range $key, $overlay := .overlays -}}
  {{- if not (kindIs "invalid" $overlay) -}}
    {{- if not (kindIs "map" $overlay) -}}
      {{- fail (printf "workflows.%s is no map; an overlay knows %s" $key (include "workflows.keys" .)) -}}
    {{- end -}}
    {{- $class := ternary "1" "0" (contains "/" $key) -}}
    {{- if ne (regexReplaceAll "^[^/]*/" $key "") "*" -}}{{- $class = ternary "3" "2" (contains "/" $key) -}}{{- end -}}
    {{- $_ := set $classes $class (append (get $classes $class) $key) -}}
  {{- end -}}
{{- end -}}
{{- range $class, $keys := $classes -}}
  {{- range $key := $keys -}}
    {{- $overlay := get $run.overlays $key -}}
    {{- include "workflows.check" (dict "key" $key "overlay" $overlay) -}}
    {{- $on := dict "key" $key "overlay" $overlay "matched" list -}}
    {{- include "workflows.match" (dict "run" $run "on" $on) -}}
    {{- include "workflows.lay" $on -}}
  {{- end -}}
{{- end -}}
{{- range .workflows -}}
  {{- if .gone -}}
    {{- if .item -}}
      {{- $_ := set .document.object "items" (without .document.object.items .object) -}}
    {{- else -}}
      {{- $_ := set .document "gone" true -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{- define "workflows.keys" -}}
enabled, suspend, schedules, timezone, images, resources, parameters, labels, annotations, spec
{{- end -}}

{{/*
workflows.check refuses what an overlay does not know, also where the schema is
not heeded.
*/}}
{{- define "workflows.check" -}}
{{- $keys := include "workflows.keys" . -}}
{{- range $field, $value := .overlay -}}
  {{- $at := printf "workflows.%s.%s" $.key $field -}}
  {{- if not (has $field (splitList ", " $keys)) -}}
    {{- fail (printf "%s: an overlay knows no %q; it knows %s" $at $field $keys) -}}
  {{- end -}}
  {{- $want := "map" -}}
  {{- if has $field (list "enabled" "suspend") -}}{{- $want = "bool" -}}{{- end -}}
  {{- if eq $field "schedules" -}}{{- $want = "slice" -}}{{- end -}}
  {{- if eq $field "timezone" -}}{{- $want = "string" -}}{{- end -}}
  {{- if not (or (kindIs "invalid" $value) (kindIs $want $value)) -}}
    {{- fail (printf "%s is %v, where a %s is needed" $at (toJson $value) (ternary "list" $want (eq $want "slice"))) -}}
  {{- end -}}
{{- end -}}
{{- include "workflows.exact" (dict "node" .overlay "numbers" list "at" (printf "workflows.%s" .key)) -}}
{{- end -}}

{{/*
workflows.match finds the workflows that an overlay is for. A name that nothing
has is a slip.
*/}}
{{- define "workflows.match" -}}
{{- $on := .on -}}
{{- $run := .run -}}
{{- $name := regexReplaceAll "^[^/]*/" $on.key "" -}}
{{- $kind := "" -}}
{{- if contains "/" $on.key -}}
  {{- $kind = regexReplaceAll "/.*$" $on.key "" -}}
  {{- $kinds := include "workflows.kinds" . | splitList " " -}}
  {{- if not (has $kind $kinds) -}}
    {{- fail (printf "workflows.%s: %q is no kind of workflow; the kinds are %s" $on.key $kind (join ", " $kinds)) -}}
  {{- end -}}
{{- end -}}
{{- range $run.workflows -}}
  {{- if and (or (eq $name "*") (eq .name $name)) (or (not $kind) (eq .kind $kind)) -}}
    {{- $_ := set $on "matched" (append $on.matched .) -}}
    {{- $_ := set .document "touched" true -}}
  {{- end -}}
{{- end -}}
{{- if and (not $on.matched) (ne $name "*") -}}
  {{- include "workflows.unknown" (dict "run" $run "key" $on.key "name" $name "kind" $kind) -}}
{{- end -}}
{{- end -}}

{{- define "workflows.unknown" -}}
{{- range .run.documents -}}
  {{- if contains "argoproj.io" .text -}}{{- include "workflows.parse" (dict "run" $.run "document" .) -}}{{- end -}}
{{- end -}}
{{- $have := list -}}
{{- range .run.workflows -}}
  {{- if .name -}}{{- $have = append $have (ternary (printf "%s/%s" .kind .name) .name (ne $.kind "")) -}}{{- end -}}
{{- end -}}
{{- if not $have -}}
  {{- fail (printf "workflows.%s: there is no workflow %q: no file below workflows/ has any" .key .name) -}}
{{- end -}}
{{- fail (printf "workflows.%s: there is no workflow %q below workflows/; there are %s" .key .name (join ", " ($have | uniq | sortAlpha))) -}}
{{- end -}}

{{/*
workflows.lay lays one overlay over the workflows in .matched: spec first, then
what has a name of its own.
*/}}
{{- define "workflows.lay" -}}
{{- $on := . -}}
{{- $overlay := .overlay -}}
{{- $crons := list -}}
{{- $others := list -}}
{{- range .matched -}}
  {{- if eq .kind "CronWorkflow" -}}{{- $crons = append $crons . -}}{{- else -}}{{- $others = append $others . -}}{{- end -}}
{{- end -}}
{{- if and $overlay.spec $crons $others -}}
  {{- fail (printf "workflows.%s.spec is for a CronWorkflow and for a %s, whose specs differ: write %q and %q" .key (first $others).kind (printf "CronWorkflow/%s" .key) (printf "%s/%s" (first $others).kind .key)) -}}
{{- end -}}
{{- range $workflow := .matched -}}
  {{- if kindIs "bool" $overlay.enabled -}}{{- $_ := set . "gone" (not $overlay.enabled) -}}{{- end -}}
  {{- include "workflows.merge" (dict "into" .object.spec "with" ($overlay.spec | default dict) "at" (printf "workflows.%s.spec" $on.key)) -}}
  {{- range list "labels" "annotations" -}}
    {{- $with := get $overlay . -}}
    {{- if $with -}}
      {{- include "workflows.merge" (dict "into" $workflow.object.metadata "with" (dict . $with) "at" (printf "workflows.%s" $on.key)) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- if kindIs "bool" $overlay.suspend -}}
  {{- range $crons | default $others -}}{{- $_ := set .object.spec "suspend" $overlay.suspend -}}{{- end -}}
{{- end -}}
{{- include "workflows.cron" (dict "on" . "crons" $crons) -}}
{{- include "workflows.spec" . -}}
{{- include "workflows.images" . -}}
{{- include "workflows.resources" . -}}
{{- include "workflows.parameters" . -}}
{{- end -}}

{{/*
workflows.cron sets schedules and timezone. A file that says schedule, as Argo
before 4.0 wants it, keeps saying it as long as there is one.
*/}}
{{- define "workflows.cron" -}}
{{- $on := .on -}}
{{- $crons := .crons -}}
{{- range list "schedules" "timezone" -}}
  {{- if and (get $on.overlay .) (not $crons) (not (hasSuffix "*" $on.key)) -}}
    {{- fail (printf "workflows.%s.%s: %q is no CronWorkflow but a %s" $on.key . $on.key (first $on.matched).kind) -}}
  {{- end -}}
{{- end -}}
{{- range .crons -}}
  {{- $spec := .object.spec -}}
  {{- with $on.overlay.timezone -}}{{- $_ := set $spec "timezone" . -}}{{- end -}}
  {{- with $on.overlay.schedules -}}
    {{- if and (hasKey $spec "schedule") (not (hasKey $spec "schedules")) (eq (len .) 1) -}}
      {{- $_ := set $spec "schedule" (first .) -}}
    {{- else -}}
      {{- $_ := unset $spec "schedule" -}}
      {{- $_ := set $spec "schedules" (deepCopy .) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end -}}
