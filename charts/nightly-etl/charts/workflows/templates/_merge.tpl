{{/*
workflows.merge lays the map .with over the map .into, which it changes:

  a map    is merged into a map, key by key
  null     removes
  a list   replaces a list, but when the items of both are maps with a name of
           their own, items of one name are merged and new ones appended
  a value  replaces a value

.at is where that is, for messages. A map over a list, or the like, is a slip
of indentation more often than meant, so it fails.
*/}}
{{- define "workflows.merge" -}}
{{- range $key, $new := .with -}}
  {{- $at := printf "%s.%s" $.at $key -}}
  {{- $old := get $.into $key -}}
  {{- $have := and (hasKey $.into $key) (not (kindIs "invalid" $old)) -}}
  {{- if kindIs "invalid" $new -}}
    {{- $_ := unset $.into $key -}}
  {{- else if and $have (ne (include "workflows.shape" $old) (include "workflows.shape" $new)) -}}
    {{- fail (printf "%s is %s in the overlay and %s in the workflow" $at (include "workflows.shape" $new) (include "workflows.shape" $old)) -}}
  {{- else if kindIs "map" $new -}}
    {{- if not $have -}}{{- $_ := set $.into $key dict -}}{{- end -}}
    {{- include "workflows.merge" (dict "into" (get $.into $key) "with" $new "at" $at) -}}
  {{- else if and (kindIs "slice" $new) (include "workflows.named" $new) (or (not $have) (include "workflows.named" $old)) -}}
    {{- include "workflows.mergeNamed" (dict "into" $.into "key" $key "old" (ternary $old list $have) "new" $new "at" $at) -}}
  {{- else -}}
    {{- $_ := set $.into $key (deepCopy $new) -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{- define "workflows.mergeNamed" -}}
{{- $all := .old -}}
{{- range $new := .new -}}
  {{- $into := dict -}}
  {{- range $all -}}
    {{- if eq .name $new.name -}}{{- $into = . -}}{{- end -}}
  {{- end -}}
  {{- if not $into -}}{{- $all = append $all $into -}}{{- end -}}
  {{- include "workflows.merge" (dict "into" $into "with" $new "at" (printf "%s.%s" $.at $new.name)) -}}
{{- end -}}
{{- $_ := set .into .key $all -}}
{{- end -}}

{{/*
workflows.named is "true" for a list of maps that have a name of their own.
*/}}
{{- define "workflows.named" -}}
{{- $names := dict -}}
{{- $named := ne (len .) 0 -}}
{{- range . -}}
  {{- if not (kindIs "map" .) -}}
    {{- $named = false -}}
  {{- else if or (not .name) (not (kindIs "string" .name)) -}}
    {{- $named = false -}}
  {{- else if hasKey $names .name -}}
    {{- $named = false -}}
  {{- else -}}
    {{- $_ := set $names .name true -}}
  {{- end -}}
{{- end -}}
{{- if $named -}}true{{- end -}}
{{- end -}}

{{- define "workflows.shape" -}}
{{- if kindIs "map" . -}}a map{{- else if kindIs "slice" . -}}a list{{- else -}}a value{{- end -}}
{{- end -}}
