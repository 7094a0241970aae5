package release

import (
	"fmt"

	helm "helm.sh/helm/v3/pkg/release"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// sweep removes the records of attempts whose place a revision has taken: else
// one that is tried again for an hour would push all that was ever deployed out
// of history, and one that was killed would be told of twice. What the attempts
// left in the cluster is in the manifest of the revision too, as it is of the
// same package. Without a record of the revision, nothing is done.
func (s *session) sweep(v *inventory, revision int) error {
	records, err := s.conn.records(s.ctx, s.name)
	if err != nil || len(records) == 0 || records[0].version != revision {
		return err
	}
	for _, r := range attempts(records, v) {
		err := s.notes.CoreV1().Secrets(s.client.namespace).Delete(s.late, r.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: ptr.To(r.UID)}})
		if err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("remove revision %d, whose place revision %d has: %w", r.version, revision, err)
		}
		s.o.log(fmt.Sprintf("removed revision %d, whose place revision %d has", r.version, revision))
	}
	return nil
}

// attempts are the records directly before the newest one, of what that is of,
// that are not deployed. Whoever works with Options.Once never deploys again what
// is deployed, so none of them ever was. (That Helm calls one superseded does not
// say that: it calls a failed one so, too, once the next is there.)
func attempts(records []record, v *inventory) []record {
	newest, ok := v.at(records[0].version)
	if !ok || newest.Digest == "" || !records[0].ours() {
		return nil
	}
	for i := 1; i < len(records); i++ {
		m, ok := v.at(records[i].version)
		if !ok || !m.of(newest) || !records[i].ours() || records[i].Labels["status"] == helm.StatusDeployed.String() {
			return records[1:i]
		}
	}
	return records[1:]
}

// of reports whether two revisions are of the same package and environment.
func (m made) of(o made) bool { return m.Digest == o.Digest && m.Environment == o.Environment }

// fold forgets of the attempts at the end all but the last: their records are
// gone, and what is remembered is bounded.
func (v *inventory) fold() {
	n := len(v.Revisions)
	for ; n > 1 && v.Revisions[n-1].Digest != "" && v.Revisions[n-2].of(v.Revisions[n-1]); n-- {
		v.Revisions[n-2] = v.Revisions[n-1]
	}
	v.Revisions = v.Revisions[:n]
}
