package release

import (
	"fmt"

	"helm.sh/helm/v3/pkg/kube"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/resource"
	"k8s.io/kubectl/pkg/validation"
	"sigs.k8s.io/yaml"
)

// A factory remembers of which kinds the server checks the fields itself. To find
// that out, the OpenAPI documents of their groups are read, which takes longer
// than a small deployment; and all there is to do then is to leave it to the
// server.
type factory struct {
	kube.Factory
	conn *connection
}

// Validator implements kube.Factory.
func (f *factory) Validator(directive string) (validation.Schema, error) {
	all, err := f.Factory.Validator(directive)
	if err != nil || directive == metav1.FieldValidationIgnore {
		return all, err
	}
	return &fieldCheck{all, f.conn}, nil
}

type fieldCheck struct {
	validation.Schema
	conn *connection
}

// ValidateBytes implements validation.Schema.
func (c *fieldCheck) ValidateBytes(data []byte) error {
	var kind metav1.TypeMeta
	if err := yaml.Unmarshal(data, &kind); err == nil && c.conn.checksFields(kind.GroupVersionKind()) {
		return nil
	}
	return c.Schema.ValidateBytes(data)
}

// checksFields reports whether it is known, or can be found out, that the server
// checks the fields of a kind.
func (n *connection) checksFields(gvk schema.GroupVersionKind) bool {
	s := n.client.served
	a, err := s.get(n.ctx)
	if err != nil {
		return false
	}
	now := fmt.Sprint(a.version)
	s.mu.Lock()
	known := s.checked == now && s.checks[gvk]
	s.mu.Unlock()
	if known {
		return true
	}
	objects, err := n.dynamic()
	if err != nil || resource.NewQueryParamVerifierV3(objects, n.discovery.OpenAPIV3(), resource.QueryParamFieldValidation).HasSupport(gvk) != nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.checked != now || s.checks == nil {
		s.checked, s.checks = now, map[schema.GroupVersionKind]bool{}
	}
	s.checks[gvk] = true
	return true
}
