package controller_test

import (
	"errors"
	"fmt"
	"testing"

	registration "k8s.io/api/admissionregistration/v1"
	rbac "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/controller"
	"github.com/tiphys-dev/tiphys/test/cluster"
)

func scheme(t *testing.T) *runtime.Scheme {
	t.Helper()
	s := controller.Scheme()
	if err := errors.Join(rbac.AddToScheme(s), registration.AddToScheme(s)); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestController(t *testing.T) {
	if testing.Short() {
		t.Skip("starts an API server")
	}
	api := cluster.Start(t)
	api.InstallCRDs(t)
	for name, test := range map[string]func(*bench){
		"a push goes from environment to environment":            pushes,
		"a smoke run lets through, and one that fails goes back": smokes,
		"people hold and approve":                                people,
		"a failed deployment goes back":                          failedDeployment,
		"a webhook of the cluster is down for a while":           webhookDown,
		"what a policy denied is tried again when asked for":     deniedThenAsked,
		"a soak ends exactly when it does":                       soaks,
		"two controllers make one revision of each package":      two,
		"a source that is gone is told, and what runs runs on":   sourceGone,
		"a pin brings back what was there":                       pinned,
		"people are told, and old candidates go":                 told,
		"a forge tells of a push":                                hooked,
		"a candidate that was deleted is found again":            foundAgain,
		"a promotion that is made again begins anew":             madeAgain,
		"no release is of two environments":                      shared,
		"an API server fails and hangs now and then":             troubled,
		"a release that is gone is drift":                        releaseGone,
		"pins are committed behind the gates":                    pins,
		"a metric holds until it is within its bounds":           metrics,
		"a freeze and a pin that are taken off are told of":      loosened,
		"drift that is mended is told no more":                   driftMended,
		"a promotion that stalls is measured":                    stalls,
		"every metric is documented":                             metricsDocumented,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(newBench(t, api))
		})
	}
}

func pushes(b *bench) {
	b.promotion("  - {name: dev}\n  - {name: qa}\n")
	b.run(controller.Options{})
	p := b.summary("dev 1 Verified, qa 1 Verified")
	if !meta.IsStatusConditionTrue(p.Status.Conditions, "Ready") {
		b.Errorf("it is not ready: %s", conditions(p.Status.Conditions))
	}
	b.value("2")
	b.ask()
	b.summary("dev 2 Verified, qa 2 Verified")
	b.push("unrelated", map[string]string{"README.md": "hello\n"})
	b.ask()
	cluster.Until(b, func() error {
		if head := b.git("rev-parse", "HEAD"); b.get().Status.Source.Revision != head {
			return fmt.Errorf("the revision is not %s", head)
		}
		return nil
	})
	var all v1alpha1.CandidateList
	if err := b.List(b.Context(), &all, client.InNamespace(b.namespace)); err != nil {
		b.Fatal(err)
	}
	if len(all.Items) != 2 {
		b.Errorf("there are %d candidates, and 2 packages", len(all.Items))
	}
	for _, c := range all.Items {
		if !meta.IsStatusConditionTrue(c.Status.Conditions, "Promoted") {
			b.Errorf("%s is not promoted: %s", c.Name, conditions(c.Status.Conditions))
		}
		if c.Spec.Author != "Ada <ada@example.com>" {
			b.Errorf("the author is %q", c.Spec.Author)
		}
	}
	if n := b.revisions("dev"); n != 2 {
		b.Errorf("dev has %d revisions of 2 packages", n)
	}
}
