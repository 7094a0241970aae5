package cluster

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"
	"time"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	clientset "k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/tiphys-dev/tiphys/api"
)

// InstallCRDs has the API server serve the kinds of Tiphys.
func (c *Cluster) InstallCRDs(t testing.TB) {
	t.Helper()
	crds := clientset.NewForConfigOrDie(c.Config(t)).ApiextensionsV1().CustomResourceDefinitions()
	files, err := fs.Glob(api.CRDs, "crds/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := api.CRDs.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var crd apiextensions.CustomResourceDefinition
		if err := yaml.UnmarshalStrict(text, &crd); err != nil {
			t.Fatal(err)
		}
		if _, err := crds.Create(t.Context(), &crd, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
			t.Fatal(err)
		}
		Until(t, func() error {
			now, err := crds.Get(t.Context(), crd.Name, metav1.GetOptions{})
			if err != nil {
				return err
			}
			for _, c := range now.Status.Conditions {
				if c.Type == apiextensions.Established && c.Status == apiextensions.ConditionTrue {
					return nil
				}
			}
			return fmt.Errorf("%s is not served yet", crd.Name)
		})
	}
}

// Until waits until f returns nil, for two minutes: on a machine that is busy,
// much may take half of that. It is for what an API
// server or its watchers do in their own time.
func Until(t testing.TB, f func() error) {
	t.Helper()
	err := errors.New("it was not asked")
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); {
		if err = f(); err == nil {
			return
		}
		select {
		case <-t.Context().Done():
			t.Fatal(err)
		case <-time.After(5 * time.Millisecond):
		}
	}
	t.Fatal(err)
}
