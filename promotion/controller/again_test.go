package controller_test

import (
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/controller"
	"github.com/tiphys-dev/tiphys/test/cluster"
)

func foundAgain(b *bench) {
	b.promotion("  - {name: dev}\n  - {name: qa}\n")
	b.run(controller.Options{})
	b.summary("dev 1 Verified, qa 1 Verified")
	old := b.candidate("1")
	if err := b.Delete(b.Context(), old); err != nil {
		b.Fatal(err)
	}
	b.summary("dev 1, qa 1") // what runs keeps running
	b.ask()
	b.summary("dev 1 Verified, qa 1 Verified")
	if one := b.candidate("1"); one.UID == old.UID || one.Name != old.Name {
		b.Errorf("the candidate is %s (%s)", one.Name, one.UID)
	}
	if n := b.revisions("dev"); n != 1 {
		b.Errorf("dev has %d revisions of one package", n)
	}
}

// No garbage collector runs here, which would take what the old promotion owned.
func madeAgain(b *bench) {
	const environments = "  - {name: dev}\n  - {name: qa, gates: [{approval: {count: 1}}]}\n"
	b.promotion(environments)
	b.run(controller.Options{})
	b.waits("qa/approval")
	b.decides("qa", v1alpha1.ToReject)
	old := b.candidate("1")
	if err := b.Delete(b.Context(), b.get()); err != nil {
		b.Fatal(err)
	}
	b.promotion(environments)
	cluster.Until(b, func() error {
		one := b.candidate("1")
		owner := metav1.GetControllerOf(one)
		if one.UID == old.UID || owner == nil || owner.UID != b.get().UID {
			return fmt.Errorf("the candidate is that of the promotion that was deleted: %v", owner)
		}
		return nil
	})
	b.summary("dev 1 Verified, qa -")
	if n := b.revisions("dev"); n != 1 {
		b.Errorf("dev has %d revisions of one package", n)
	}
}

func releaseGone(b *bench) {
	b.promotion("  - {name: dev, drift: {interval: 30m, correct: true}}\n")
	b.run(controller.Options{})
	b.summary("dev 1 Verified")
	err := b.set.CoreV1().Secrets(b.in("dev")).DeleteCollection(b.Context(), metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "owner=helm"})
	if err != nil {
		b.Fatal(err)
	}
	b.step(31 * time.Minute)
	cluster.Until(b, func() error {
		if d := b.get().Status.Environments[0].Drift; d == nil || !slices.Equal(d.Objects, []string{"Release/etl"}) {
			return fmt.Errorf("drift is %+v", d)
		}
		return nil
	})
	b.value("2")
	b.ask()
	b.summary("dev 2 Verified")
}
