package rego

import (
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tiphys-dev/tiphys/lint/manifest"
)

// term makes a term of a node: what encoding/json and OPA would make of the
// object in JSON, without either.
func term(n *manifest.Node) *ast.Term {
	if n == nil {
		return ast.InternedNullTerm
	}
	t := &ast.Term{}
	set(t, n)
	return t
}

// set puts the value of a node into a term. The terms of a collection are made
// together: there are thousands of them in a workflow.
func set(t *ast.Term, n *manifest.Node) {
	switch n.Kind {
	case manifest.Bool:
		t.Value = ast.InternedValue(n.Value == "true")
	case manifest.Int, manifest.Float:
		if known := ast.InternedIntNumberTermFromString(n.Value); known != nil {
			t.Value = known.Value
		} else {
			t.Value = ast.Number(n.Value)
		}
	case manifest.String:
		t.Value = ast.String(n.Value)
	case manifest.List:
		slab := make([]ast.Term, len(n.Children))
		terms := make([]*ast.Term, len(n.Children))
		for i, c := range n.Children {
			terms[i] = &slab[i]
			set(&slab[i], c)
		}
		t.Value = ast.NewArray(terms...)
	case manifest.Map:
		slab := make([]ast.Term, len(n.Children))
		var few [8][2]*ast.Term
		items := few[:0]
		for i, c := range n.Children {
			set(&slab[i], c)
			items = append(items, [2]*ast.Term{name(c.Key.Value), &slab[i]})
		}
		t.Value = ast.NewObject(items...)
	default:
		t.Value = ast.NullValue
	}
}

func text(s string) *ast.Term {
	if s == "" {
		return ast.InternedEmptyString
	}
	return ast.StringTerm(s)
}

// name is the term of a key.
func name(key string) *ast.Term {
	if t, ok := keys[key]; ok {
		return t
	}
	return ast.StringTerm(key)
}

// keys are the terms of the keys that there are in about every workflow.
var keys = func() map[string]*ast.Term {
	all := map[string]*ast.Term{}
	for k := range strings.FieldsSeq(`
		activeDeadlineSeconds affinity annotations apiVersion args arguments artifacts backoff command conditional
		configMap configMapKeyRef container containerSet containers cpu critical_path cyclic dag default depends dependencies
		depth digest dryRun duration dynamic entrypoint env envFrom ephemeral-storage expression from generateName global group groups
		http image imagePullPolicy imagePullSecrets initContainers inline inputs items key kind labels library limit limits
		loop memory metadata metrics mountPath name namespace namespaceObject needs nodeSelector object onExit operation
		optional outputs parallelism parameter parameters path patched podGC ports problem ref registry requests resources
		result retryPolicy retryStrategy review role s3 script secretKeyRef securityContext serviceAccountName
		sidecars source spec state steps strategy suspend tag tasks template templateDefaults templateRef templates tiphys title
		tolerations ttlStrategy type uid userInfo username value valueFrom version volumeMounts volumes when
		width withItems withParam withSequence workflow workflowTemplateRef workflows graphs references pods edges`) {
		all[k] = ast.StringTerm(k)
	}
	return all
}()

func pair(key string, value *ast.Term) [2]*ast.Term { return [2]*ast.Term{name(key), value} }

func object(items ...[2]*ast.Term) *ast.Term { return ast.NewTerm(ast.NewObject(items...)) }
