package release

import (
	"fmt"
	"maps"
	"strconv"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	helm "helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"
	"k8s.io/client-go/kubernetes"
)

// holderLabel says on a record which run made it: its id and the revision. A
// record inherits the labels of the one before, also from a stock helm, so the
// id alone would say nothing.
const holderLabel = "tiphys.dev/holder"

// A store is Helm's storage of records with a conscience: what it writes has
// the true chart instead of the finished text that Helm was given, the mark of
// the run, and no decrypted value.
type store struct {
	driver.Driver
	id string // of the run

	made, real *chart.Chart // the chart for Helm, and the true one
	never      *never

	// reading is set for a run that changes nothing: what is pending is none of
	// its business.
	reading bool
}

// newStore opens the records in a namespace.
func newStore(set kubernetes.Interface, namespace, id string) *store {
	return &store{Driver: driver.NewSecrets(set.CoreV1().Secrets(namespace)), id: id}
}

func (s *store) storage() *storage.Storage { return storage.Init(s) }

func (s *store) Create(key string, r *helm.Release) error {
	labels := maps.Clone(r.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	labels[holderLabel] = s.id + "." + strconv.Itoa(r.Version)
	r.Labels = labels // also for the updates to come
	record, err := s.truth(r)
	if err != nil {
		return err
	}
	return explainRecord(s.Driver.Create(key, record), record)
}

func (s *store) Update(key string, r *helm.Release) error {
	record, err := s.truth(r)
	if err != nil {
		return err
	}
	return explainRecord(s.Driver.Update(key, record), record)
}

// Query shows a run that only reads what would be there after recovery.
func (s *store) Query(labels map[string]string) ([]*helm.Release, error) {
	all, err := s.Driver.Query(labels)
	for _, r := range all {
		if s.reading && r.Info.Status.IsPending() {
			r.Info.Status = helm.StatusFailed
		}
	}
	return all, err
}

// truth is what to write for a release. Older records are left as they are.
func (s *store) truth(r *helm.Release) (*helm.Release, error) {
	if s.made == nil || r.Chart != s.made {
		return r, nil
	}
	record := *r
	record.Chart = s.real
	if err := s.never.check(&record); err != nil {
		return nil, err
	}
	return &record, nil
}

// ours reports whether a run of ours made this very record.
func ours(r *helm.Release) bool {
	return strings.HasSuffix(r.Labels[holderLabel], "."+strconv.Itoa(r.Version))
}

// explainRecord says what is to be done about a record that does not fit.
func explainRecord(err error, r *helm.Release) error {
	if err == nil || !strings.Contains(err.Error(), "may not be more than 1048576 bytes") && !strings.Contains(err.Error(), "request is too large") &&
		!strings.Contains(err.Error(), "etcdserver: request is too large") {
		return err
	}
	size := 0
	for _, f := range r.Chart.Raw {
		size += len(f.Data)
	}
	return fmt.Errorf("the record of the release does not fit into a Secret, which holds 1 MiB: the chart has %d KiB of files and %d KiB of manifests; keep out what is not needed with .helmignore: %w",
		size>>10, len(r.Manifest)>>10, err)
}
