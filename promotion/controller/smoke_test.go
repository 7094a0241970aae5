package controller_test

import (
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/controller"
	"github.com/tiphys-dev/tiphys/test/cluster"
)

func smokes(b *bench) {
	b.promotion("  - {name: dev, onFailure: rollback, gates: [{smoke: {template: smoke, retries: 1}}]}\n  - {name: qa}\n")
	b.run(controller.Options{})
	engine := b.engine("dev")
	b.waits("dev/smoke")
	engine.end("etl-smoke-", "Succeeded")
	b.summary("dev 1 Verified, qa 1 Verified")
	b.value("2")
	b.ask()
	b.summary("dev 2 Verifying, qa 1 Verified")
	first := engine.end("etl-smoke-", "Failed")
	second := engine.end("etl-smoke-", "Failed")
	if !strings.HasSuffix(first, "-r2-1") || !strings.HasSuffix(second, "-r2-2") {
		b.Errorf("the runs are %s and %s", first, second)
	}
	b.summary("dev 1 Verifying, qa 1 Verified")
	engine.end("etl-smoke-", "Succeeded")
	b.summary("dev 1 Verified, qa 1 Verified")
	cluster.Until(b, func() error {
		c := b.candidate("2")
		if len(c.Status.Environments) != 1 || c.Status.Environments[0].State != v1alpha1.RolledBack || len(c.Status.Environments[0].Runs) != 2 {
			return fmt.Errorf("it is %+v", c.Status.Environments)
		}
		return nil
	})
}
