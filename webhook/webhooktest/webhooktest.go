// Package webhooktest makes admission requests as API servers send them.
package webhooktest

import (
	"encoding/json"
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"
)

// A Request is what differs between requests; the zero value creates a
// Workflow as the user alice.
type Request struct {
	UID                   string // "" is 8f2c
	Operation             string // "" is CREATE
	SubResource           string
	Group, Version, Kind  string // "" is what the object says
	Namespace, Name, User string
	DryRun                bool
	Groups                string // beside system:authenticated, with spaces between
	// Object and Old are manifests, YAML or JSON; "" is none.
	Object, Old string
}

// Body returns the request as an AdmissionReview.
func (r Request) Body() []byte {
	object, old := parse(r.Object), parse(r.Old)
	of := object
	if of == nil {
		of = old
	}
	group, version, _ := strings.Cut(text(of, "apiVersion"), "/")
	kind := map[string]any{"group": or(r.Group, group), "version": or(r.Version, version), "kind": or(r.Kind, text(of, "kind"))}
	resource := map[string]any{"group": kind["group"], "version": kind["version"], "resource": strings.ToLower(fmt.Sprint(kind["kind"])) + "s"}
	request := struct {
		UID       string         `json:"uid"`
		Kind      map[string]any `json:"kind"`
		Resource  map[string]any `json:"resource"`
		Sub       string         `json:"subResource,omitempty"`
		Name      string         `json:"name,omitempty"`
		Namespace string         `json:"namespace,omitempty"`
		Operation string         `json:"operation"`
		UserInfo  map[string]any `json:"userInfo"`
		Object    any            `json:"object"`
		OldObject any            `json:"oldObject"`
		DryRun    bool           `json:"dryRun"`
		Options   map[string]any `json:"options"`
	}{
		UID: or(r.UID, "8f2c"), Kind: kind, Resource: resource, Sub: r.SubResource,
		Name: or(r.Name, text(of, "metadata", "name")), Namespace: or(r.Namespace, text(of, "metadata", "namespace")), Operation: or(r.Operation, "CREATE"),
		UserInfo: map[string]any{"username": or(r.User, "alice"), "groups": append([]string{"system:authenticated"}, strings.Fields(r.Groups)...)},
		Object:   object, OldObject: old, DryRun: r.DryRun, Options: map[string]any{"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
	}
	b, err := json.Marshal(struct {
		Kind       string `json:"kind"`
		APIVersion string `json:"apiVersion"`
		Request    any    `json:"request"`
	}{"AdmissionReview", "admission.k8s.io/v1", request})
	if err != nil {
		panic(err) // what came out of YAML goes into JSON
	}
	return b
}

func parse(manifest string) any {
	if manifest == "" {
		return nil
	}
	var v any
	if err := yaml.Unmarshal([]byte(manifest), &v); err != nil {
		panic(fmt.Sprintf("parse a manifest of a test: %v", err))
	}
	return v
}

func text(v any, keys ...string) string {
	for _, k := range keys {
		m, _ := v.(map[string]any)
		v = m[k]
	}
	s, _ := v.(string)
	return s
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
