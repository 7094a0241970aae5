package controller_test

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/controller"
	"github.com/tiphys-dev/tiphys/test/cluster"
)

// taken waits until a promotion says that a release is another one's.
func (b *bench) taken(promotion, of string) {
	b.Helper()
	cluster.Until(b, func() error {
		p := &v1alpha1.Promotion{}
		if err := b.Get(b.Context(), types.NamespacedName{Namespace: b.namespace, Name: promotion}, p); err != nil {
			return err
		}
		c := meta.FindStatusCondition(p.Status.Conditions, "Ready")
		if c == nil || c.Status != metav1.ConditionFalse || c.Reason != "ReleaseTaken" || !strings.Contains(c.Message, "is that of "+of) {
			return fmt.Errorf("the condition is %+v", c)
		}
		return nil
	})
}

func shared(b *bench) {
	b.promotion(fmt.Sprintf("  - {name: dev}\n  - {name: qa, namespace: %s}\n", b.in("dev")))
	b.run(controller.Options{})
	b.taken("etl", "dev of promotion "+b.namespace+"/etl")

	second := &v1alpha1.Promotion{ObjectMeta: metav1.ObjectMeta{Name: "second", Namespace: b.namespace}, Spec: b.get().Spec}
	second.Spec.Environments = second.Spec.Environments[:1]
	b.create(second)
	b.taken("second", "dev of promotion "+b.namespace+"/etl")
	if n := b.revisions("dev"); n != 1 {
		b.Errorf("there are %d revisions of one package", n)
	}
	b.edit(func(p *v1alpha1.Promotion) { p.Spec.Environments[1].Namespace = "" })
	b.summary("dev 1 Verified, qa 1 Verified")
}
