package rollout

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/tiphys-dev/tiphys/packaging/bundle"
	"github.com/tiphys-dev/tiphys/test/kill"
)

// An order is what a child deploys, and after which of its writes it ends.
type order struct {
	Kubeconfig, Archive, Key string
	After                    int
}

// TestChild is not a test: it is what the child runs.
func TestChild(t *testing.T) {
	var o order
	kill.Order(t, &o)
	config, err := clientcmd.BuildConfigFromFlags("", o.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	p, err := bundle.Open(o.Archive)
	if err != nil {
		t.Fatal(err)
	}
	config, _ = breaking(config, o.After, kill.Self)
	j := &Job{Package: p, Environment: "prod", Config: config, Keys: [][]byte{[]byte(o.Key)}}
	if _, err := j.Deploy(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func testKill(t *testing.T, e *env) {
	var jobs []*Job
	var archives []string
	for _, image := range []string{"etl:1", "etl:2"} {
		files := e.files(t, image)
		if image == "etl:2" { // one has a Secret less, which is to be removed
			files["charts/etl/templates/secret.yaml"] = `{{- with .Values.warehouse.password }}{{ end -}}`
		}
		p := pack(t, files)
		name := filepath.Join(t.TempDir(), "etl.tgz")
		f, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(p.Write(f), f.Close()); err != nil {
			t.Fatal(err)
		}
		jobs, archives = append(jobs, e.job(t, p)), append(archives, name)
	}
	for n, left := 1, 2; left > 0; n++ {
		left = 0
		for i, j := range jobs {
			if kill.Child(t, order{Kubeconfig: e.Kubeconfig, Archive: archives[i], Key: e.key.String(), After: n}) {
				left++
			}
			now, err := j.Running(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			was, there := 0, false
			if now != nil {
				was, there = now.Revision, now.Status == deployed && now.Digest == j.Package.Digest()
			}
			if done := roll(t, j); done.Already != there || !there && done.Revision != was+1 || there && done.Revision != was {
				t.Errorf("killed at write %d with %+v, the next run came to %+v", n, now, done)
			}
			if done := roll(t, j); !done.Already {
				t.Errorf("killed at write %d, it is never done: %+v", n, done)
			}
			e.oneDeployed(t, n)
			if has := e.secret(t, "warehouse", "password") != ""; has != (i == 0) {
				t.Errorf("killed at write %d, the secret is there: %v", n, has)
			}
		}
		t.Logf("killed %d at write %d", left, n)
		if left == 0 && n < 8 {
			t.Errorf("there were only %d writes: some are not seen", n-1)
		}
	}
}
