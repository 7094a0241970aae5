package decide

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// longest is how long a name may be that Argo makes a label of.
const longest = 63

// RunName is the name of a smoke run: the same one for the same attempt at the
// same deployment, so that two that submit it make one.
func RunName(c *v1alpha1.Candidate, env, gate string, attempt int32) string {
	_, hexa, _ := strings.Cut(c.Spec.Digest, ":")
	rest := "x"
	if e := entry(c, env); e != nil && e.Deployment != nil {
		rest = fmt.Sprintf("r%d", e.Deployment.Revision)
		if e.Deployment.Revision == 0 {
			rest = "c" + e.Deployment.Commit[:min(8, len(e.Deployment.Commit))]
		}
	}
	name := fmt.Sprintf("%s-%s-%s-%s-%d", c.Spec.Promotion, gate, hexa[:min(8, len(hexa))], rest, attempt)
	if len(name) <= longest {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	tail := "-" + hex.EncodeToString(sum[:4]) + name[len(c.Spec.Promotion)+1+len(gate):]
	return name[:longest-len(tail)] + tail
}
