{{/*
workflows.images replaces images wherever they stand. A key is a whole image, or
one without tag and digest; a value is an image, or ":tag" or "@digest" for the
same one.
*/}}
{{- define "workflows.images" -}}
{{- if .overlay.images -}}
  {{- $found := dict -}}
  {{- $have := dict -}}
  {{- range .matched -}}
    {{- include "workflows.image" (dict "node" .object.spec "images" $.overlay.images "found" $found "have" $have) -}}
  {{- end -}}
  {{- range $image, $_ := .overlay.images -}}
    {{- if not (hasKey $found $image) -}}
      {{- fail (printf "workflows.%s.images: no image %q is used; there are %s" $.key $image (keys $have | sortAlpha | join ", " | default "none")) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{- define "workflows.image" -}}
{{- range $key, $value := .node -}}
  {{- if and (kindIs "string" $value) (eq (toString $key) "image") -}}
    {{- $repository := regexReplaceAll "^(.+?)(:[^:/@]+)?(@[^@/]+)?$" $value "${1}" -}}
    {{- $_ := set $.have $value true -}}
    {{- range list $repository $value -}}
      {{- $new := get $.images . -}}
      {{- if $new -}}
        {{- $_ := set $.found . true -}}
        {{- $_ := set $.node "image" (ternary (print $repository $new) $new (or (hasPrefix ":" $new) (hasPrefix "@" $new))) -}}
      {{- else if hasKey $.images . -}}
        {{- $_ := set $.found . true -}}
      {{- end -}}
    {{- end -}}
  {{- else if and (or (kindIs "map" $value) (kindIs "slice" $value)) (not (has $key (list "labels" "annotations" "nodeSelector" "matchLabels" "plugin"))) -}}
    {{- include "workflows.image" (dict "node" $value "images" $.images "found" $.found "have" $.have) -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/*
workflows.spec puts the spec of the workflow that runs into .spec of each of
.matched: that of a CronWorkflow is one level deeper.
*/}}
{{- define "workflows.spec" -}}
{{- range .matched -}}
  {{- $_ := set . "spec" (eq .kind "CronWorkflow" | ternary (.object.spec.workflowSpec | default dict) .object.spec) -}}
{{- end -}}
{{- end -}}

{{/*
workflows.resources merges resources into the container or script of a template
or, by TEMPLATE.CONTAINER, into one of several containers.
*/}}
{{- define "workflows.resources" -}}
{{- $on := . -}}
{{- range $target, $resources := .overlay.resources -}}
  {{- $at := printf "workflows.%s.resources.%s" $on.key $target -}}
  {{- $template := regexReplaceAll "\\..*$" $target "" -}}
  {{- $container := regexReplaceAll "^[^.]*\\.?" $target "" -}}
  {{- $names := list -}}
  {{- $containers := list -}}
  {{- $hit := false -}}
  {{- range $on.matched -}}
    {{- range .spec.templates -}}
      {{- if .name -}}{{- $names = append $names .name -}}{{- end -}}
      {{- if eq (toString .name) $template -}}
        {{- $several := concat ((.containerSet | default dict).containers | default list) (.initContainers | default list) (.sidecars | default list) -}}
        {{- range $several -}}
          {{- $containers = append $containers (printf "%s.%s" $template .name) -}}
          {{- if eq (toString .name) $container -}}
            {{- $hit = true -}}
            {{- include "workflows.merge" (dict "into" . "with" (dict "resources" $resources) "at" $at) -}}
          {{- end -}}
        {{- end -}}
        {{- range list .container .script -}}
          {{- if and . (has $container (list "" "main")) -}}
            {{- $hit = true -}}
            {{- include "workflows.merge" (dict "into" . "with" (dict "resources" $resources) "at" $at) -}}
          {{- end -}}
        {{- end -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- if and $on.matched (not $hit) -}}
    {{- if not (has $template $names) -}}
      {{- fail (printf "%s: there is no template %q; there are %s" $at $template ($names | uniq | sortAlpha | join ", " | default "none")) -}}
    {{- end -}}
    {{- fail (printf "%s: template %q has no such container; it has %s" $at $template ($containers | uniq | join ", " | default "none")) -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/*
workflows.parameters sets arguments by name. A value that is no text becomes
the text of its JSON, as Argo has it. An argument that no workflow shows is
added where a template elsewhere, which we cannot see, may declare it.
*/}}
{{- define "workflows.parameters" -}}
{{- $on := . -}}
{{- range $name, $value := .overlay.parameters -}}
  {{- $text := ternary $value (toJson $value) (kindIs "string" $value) -}}
  {{- $have := list -}}
  {{- $hit := false -}}
  {{- range $on.matched -}}
    {{- range (.spec.arguments | default dict).parameters -}}
      {{- $have = append $have .name -}}
      {{- if eq (toString .name) $name -}}
        {{- $hit = true -}}
        {{- $_ := unset . "valueFrom" -}}
        {{- $_ := unset . "value" -}}
        {{- if not (kindIs "invalid" $value) -}}{{- $_ := set . "value" $text -}}{{- end -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- if not (or $hit (hasSuffix "*" $on.key) (kindIs "invalid" $value)) -}}
    {{- range $on.matched -}}
      {{- if .spec.workflowTemplateRef -}}
        {{- $hit = true -}}
        {{- if not .spec.arguments -}}{{- $_ := set .spec "arguments" dict -}}{{- end -}}
        {{- $_ := set .spec.arguments "parameters" (append (.spec.arguments.parameters | default list) (dict "name" $name "value" $text)) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- if and $on.matched (not $hit) -}}
    {{- fail (printf "workflows.%s.parameters: there is no argument %q; there are %s" $on.key $name ($have | uniq | sortAlpha | join ", " | default "none")) -}}
  {{- end -}}
{{- end -}}
{{- end -}}
