package registry_test

import data.registry

params := {"parameters": {"registries": ["registry.example.com"]}}

workflow(image) := tiphys.input({
	"kind": "Workflow",
	"metadata": {"name": "etl"},
	"spec": {"entrypoint": "main", "templates": [{"name": "main", "container": {"image": image}}]},
})

test_registry_with_another_port if {
	count(registry.deny) == 1 with input as object.union(workflow("registry.example.com:5000/etl:1"), params)
}

test_our_registry if {
	count(registry.deny) == 0 with input as object.union(workflow("registry.example.com/etl:1"), params)
}
