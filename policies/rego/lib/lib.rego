# Helpers for rules about Argo workflows. docs/rego.md has an example of each.
package tiphys.lib

# labels and annotations of the object; empty where there are none.
labels := object.get(input, ["review", "object", "metadata", "labels"], {})

annotations := object.get(input, ["review", "object", "metadata", "annotations"], {})

# workflows has one element for each workflow of the object: one, but for a
# Sensor.
workflows := input.tiphys.workflows

# templates of all workflows, the inline ones included.
templates := input.tiphys.templates

# pods are the templates that run a pod.
pods := [t | some t in input.tiphys.templates; t.pod]

# containers of all pods, with what templateDefaults and podSpecPatch say of them.
containers := input.tiphys.containers

# graphs of the templates with tasks or steps.
graphs := input.tiphys.graphs

# secrets and configmaps that the workflows refer to.
secrets := [r | some r in input.tiphys.references; r.kind == "Secret"]

configmaps := [r | some r in input.tiphys.references; r.kind == "ConfigMap"]

# image takes a reference apart: registry, name, tag, digest.
image(ref) := tiphys.image(ref)

# quantity makes a number of 500m or 2Gi.
quantity(q) := tiphys.quantity(q)

# duration makes seconds of 90, "90" or "1h30m".
duration(d) := tiphys.duration(d)

# dynamic is true of a value with a tag, which is known only when it runs.
dynamic(value) if {
	is_string(value)
	contains(value, "{{")
}

# parameter is a parameter of the module, or what else to take.
parameter(name, otherwise) := object.get(input.parameters, name, otherwise)

# within is true where an image comes from one of a list of places: a registry,
# or a folder of one. A registry is matched as a whole: example.com is neither
# example.com.evil.org nor example.com:5000.
within(img, places) := tiphys.within(img, places)
