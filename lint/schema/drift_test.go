package schema_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/lint/schema"
)

const reference = "../../../shared/argo/schema.json"

// deliberate are the differences from the reference, with the reason.
var deliberate = map[string]string{
	// The reference is made from protobuf, which nests what JSON has inline.
	"HDFSEventSource.watchPathConfig":          "inline in JSON",
	"HDFSEventSource.directory":                "inline in JSON",
	"HDFSEventSource.path":                     "inline in JSON",
	"HDFSEventSource.pathRegexp":               "inline in JSON",
	"WebhookEventSource.webhookContext":        "inline in JSON",
	"WebhookEventSource.authSecret":            "inline in JSON",
	"WebhookEventSource.endpoint":              "inline in JSON",
	"WebhookEventSource.maxPayloadSize":        "inline in JSON",
	"WebhookEventSource.metadata":              "inline in JSON",
	"WebhookEventSource.method":                "inline in JSON",
	"WebhookEventSource.port":                  "inline in JSON",
	"WebhookEventSource.serverCertSecret":      "inline in JSON",
	"WebhookEventSource.serverKeySecret":       "inline in JSON",
	"WebhookEventSource.url":                   "inline in JSON",
	"ResourceEventSource.groupVersionResource": "inline in JSON",
	"ResourceEventSource.group":                "inline in JSON",
	"ResourceEventSource.resource":             "inline in JSON",
	"ResourceEventSource.version":              "inline in JSON",
	"Sensor.apiVersion":                        "left out of the reference",
	"Sensor.kind":                              "left out of the reference",
	"EventSource.apiVersion":                   "left out of the reference",
	"EventSource.kind":                         "left out of the reference",
	"GitArtifact.githubApp":                    "newer than the reference, which has Argo Events as Argo Workflows uses it",

	"ObjectMeta.managedFields":     "written by the API server only: not checked",
	"PersistentVolumeClaim.status": "written by controllers only: not checked",
	"Workflow.status":              "written by the controller only: not checked",
	"CronWorkflow.status":          "written by the controller only: not checked",
	"Sensor.status":                "written by the controller only: not checked",
	"EventSource.status":           "written by the controller only: not checked",
}

type definition struct {
	Ref                  string                 `json:"$ref"`
	Type                 string                 `json:"type"`
	Format               string                 `json:"format"`
	Properties           map[string]*definition `json:"properties"`
	Items                *definition            `json:"items"`
	AdditionalProperties *definition            `json:"additionalProperties"`
}

// decoded are the shapes of definitions that say less than the decoder does.
var decoded = map[string]schema.Shape{
	"Item": schema.Any, "Plugin": schema.OneKey, "Amount": schema.Number, "K8SResource": schema.Embedded, "Int64OrString": schema.Int64OrString,
	"IntOrString": schema.IntOrString, "Quantity": schema.Quantity, "Time": schema.Time, "MicroTime": schema.Time, "FieldsV1": schema.Any,
}

type drift struct {
	*testing.T
	definitions map[string]*definition
	seen        map[string]bool
	used        map[string]bool // of deliberate
}

// deliberate reports whether a difference at some field is meant.
func (d *drift) deliberate(at string) bool {
	_, ok := deliberate[at]
	d.used[at] = ok
	return ok
}

func TestTableAgreesWithReference(t *testing.T) {
	b, err := os.ReadFile(reference)
	if err != nil {
		t.Skip("the reference schema of Argo Workflows is not there: ", err)
	}
	var file struct{ Definitions map[string]*definition }
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	d := drift{T: t, definitions: file.Definitions, seen: map[string]bool{}, used: map[string]bool{}}
	for _, kind := range schema.Kinds() {
		name := "io.argoproj.workflow.v1alpha1." + kind
		if d.definitions[name] == nil {
			name = "github.com.argoproj.argo_events.pkg.apis.events.v1alpha1." + kind
		}
		d.compare(kind, &definition{Ref: "#/definitions/" + name}, schema.Lookup(kind))
	}
	if len(d.seen) < 250 {
		t.Errorf("only %d definitions compared", len(d.seen))
	}
	for at := range deliberate {
		if !d.used[at] {
			t.Errorf("%s is no difference from the reference", at)
		}
	}
}

// compare reports where a type is not what the reference says at some path.
func (d *drift) compare(at string, want *definition, got *schema.Type) {
	name := ""
	if want.Ref != "" {
		full := strings.TrimPrefix(want.Ref, "#/definitions/")
		name = full[strings.LastIndexByte(full, '.')+1:]
		if shape, ok := decoded[name]; ok {
			if got.Shape != shape {
				d.Errorf("%s is %s, want %s as %s", at, got.Shape, shape, name)
			}
			return
		}
		if want = d.definitions[full]; want == nil {
			d.Fatalf("the reference has no %s", full)
		}
		if got.Name != "" && got.Name[strings.LastIndexByte(got.Name, '.')+1:] != name {
			d.Errorf("%s is a %s, want a %s", at, got.Name, name)
		}
		if d.seen[full] {
			return
		}
		d.seen[full] = true
	}
	if !fits(want, got) {
		d.Errorf("%s is %s, want %s %s", at, got.Shape, want.Type, want.Format)
		return
	}
	switch got.Shape {
	case schema.Map:
		d.compare(at+"{}", want.AdditionalProperties, got.Elem())
	case schema.List:
		d.compare(at+"[]", want.Items, got.Elem())
	case schema.Object:
		d.fields(name, want, got)
	}
}

func (d *drift) fields(name string, want *definition, got *schema.Type) {
	for key, of := range want.Properties {
		f := got.Field(key)
		switch at := name + "." + key; {
		case d.deliberate(at):
		case f == nil || !f.Has(schema.Version{}):
			d.Errorf("%s is missing", at)
		default:
			d.compare(at, of, f.Type())
		}
	}
	// Types of Kubernetes may be newer than the reference.
	if strings.HasPrefix(got.Name, "core.") || strings.HasPrefix(got.Name, "meta.") || strings.HasPrefix(got.Name, "policy.") {
		return
	}
	container := schema.ByName("core.Container")
	for _, f := range got.Fields() {
		inlined := got.Field("imagePullPolicy") != nil && container.Field(f.Name) != nil
		if want.Properties[f.Name] == nil && f.Has(schema.Version{}) && !inlined && !d.deliberate(name+"."+f.Name) {
			d.Errorf("%s.%s is not in the reference", name, f.Name)
		}
	}
}

// fits reports whether a shape is one way to read a JSON type. The reference
// has integers of 64 bits as strings where it is made from protobuf.
func fits(want *definition, got *schema.Type) bool {
	switch got.Shape {
	case schema.String, schema.AnyString:
		return want.Type == "string" && want.Format == ""
	case schema.Bytes:
		return want.Type == "string" && want.Format == "byte"
	case schema.Bool:
		return want.Type == "boolean"
	case schema.Int32:
		return want.Type == "integer" && want.Format != "int64"
	case schema.Int64, schema.Uint64:
		return want.Type == "integer" || want.Type == "string"
	case schema.List:
		return want.Type == "array"
	case schema.Map:
		return want.Type == "object" && want.AdditionalProperties != nil
	case schema.Object:
		return want.Type == "object" && want.AdditionalProperties == nil
	}
	return false
}
