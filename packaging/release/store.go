package release

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
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
	passed     *helm.Release // what never has looked through already

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
	// Those of the record before would win over the times of this one.
	delete(labels, "createdAt")
	delete(labels, "modifiedAt")
	r.Labels = labels // also for the updates to come
	record, err := s.truth(r)
	if err != nil {
		return err
	}
	return s.Driver.Create(key, record)
}

func (s *store) Update(key string, r *helm.Release) error {
	record, err := s.truth(r)
	if err != nil {
		return err
	}
	return s.Driver.Update(key, record)
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
	check := s.never.check
	if s.passed == r { // Helm has changed nothing but what it says of it
		check = s.never.checkNews
	}
	if err := check(&record); err != nil {
		return nil, err
	}
	s.passed = r
	return &record, nil
}

// ours reports whether a run of ours made this very record.
func ours(r *helm.Release) bool {
	return strings.HasSuffix(r.Labels[holderLabel], "."+strconv.Itoa(r.Version))
}

// recordLimit is how many bytes the API server takes for the data of a Secret.
const recordLimit = 1 << 20

// fits refuses a record that no Secret can hold, before anything is done.
func fits(r *helm.Release) error {
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write the record of release %q: %w", r.Name, err)
	}
	if base64.StdEncoding.EncodedLen(len(text)) < recordLimit {
		return nil // it is only made smaller
	}
	var zipped bytes.Buffer
	w, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	size := base64.StdEncoding.EncodedLen(zipped.Len())
	if size < recordLimit-1024 { // its times and its description are still to come
		return nil
	}
	files := 0
	for _, f := range append(slices.Clone(r.Chart.Templates), r.Chart.Files...) {
		files += len(f.Data)
	}
	return refuse("the record of the release takes %d KiB, and Helm keeps it in a Secret, which holds 1024: the chart has %d KiB of files and %d KiB of manifests; keep out what is not needed with .helmignore",
		size>>10, files>>10, len(r.Manifest)>>10)
}
