package cluster

import (
	"testing"

	core "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// An API server that was killed comes back at the same address, with the same
// objects, and knows its clients.
func TestRestart(t *testing.T) {
	c := Start(t)
	set := kubernetes.NewForConfigOrDie(c.Config(t))
	name := NamespaceName()
	if _, err := set.CoreV1().Namespaces().Create(t.Context(), &core.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	c.Restart(t)
	Until(t, func() error {
		_, err := set.CoreV1().Namespaces().Get(t.Context(), name, metav1.GetOptions{})
		return err
	})
}
