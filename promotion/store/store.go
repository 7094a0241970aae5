// Package store keeps packages in the cluster: the archive of a Candidate lies in
// ConfigMaps beside it, so that what is on its way keeps the bytes that were
// gated, whatever becomes of the source.
//
// A Candidate counts once all of its archive is there: status.latest is written
// last. Whoever was killed before that begins again, and what is there already is
// left as it is. What is encrypted in a package stays so.
package store

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/packaging/bundle"
	"github.com/tiphys-dev/tiphys/promotion/source"
)

// The label and the annotation of the parts of an archive; the key that has it.
const (
	candidateLabel   = v1alpha1.CandidateLabel
	digestAnnotation = "tiphys.dev/digest"
	dataKey          = "archive"
)

// part is how much of an archive one ConfigMap has; an API server takes 1 MiB,
// with everything around it.
const part = 896 << 10

// A Store keeps packages. Reads must not come from a cache: one of ConfigMaps
// would hold all those of the cluster.
type Store struct {
	Reader client.Reader
	Writer client.Writer
}

// Name is what the Candidate of a package is called.
func Name(promotion, digest string) string {
	_, hex, _ := strings.Cut(digest, ":")
	return promotion + "-" + hex[:min(12, len(hex))]
}

func partName(candidate string, i int) string { return fmt.Sprintf("%s-%d", candidate, i) }

// Keep makes a Candidate of a package, and keeps its archive. It returns the one
// that is there where there is one. status.latest is for the caller to write,
// and only then the candidate counts.
func (s *Store) Keep(ctx context.Context, p *v1alpha1.Promotion, f *source.Found) (*v1alpha1.Candidate, error) {
	var archive bytes.Buffer
	if err := f.Package.Write(&archive); err != nil {
		return nil, err
	}
	digest, yes := f.Package.Digest(), true
	c := &v1alpha1.Candidate{
		ObjectMeta: metav1.ObjectMeta{
			Name: Name(p.Name, digest), Namespace: p.Namespace,
			Labels: map[string]string{v1alpha1.PromotionLabel: p.Name},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: v1alpha1.GroupVersion.String(), Kind: "Promotion", Name: p.Name, UID: p.UID,
				Controller: &yes}},
		},
		Spec: v1alpha1.CandidateSpec{
			Promotion: p.Name, Digest: digest, Chart: f.Package.Name, Version: f.Package.Version,
			Source: f.URL, Revision: f.Revision, Author: f.Author, Subject: f.Subject, Parts: int32(parts(archive.Len())),
		},
	}
	there, err := s.create(ctx, p, c)
	if err != nil {
		return nil, err
	}
	if there != nil {
		c = there
		switch {
		case c.Spec.Digest != digest || c.Spec.Promotion != p.Name:
			return nil, fmt.Errorf("candidate %s is there and of another package: delete it", c.Name)
		case c.Status.Latest != nil:
			return c, nil // all of it is there
		case int(c.Spec.Parts) != parts(archive.Len()):
			return nil, fmt.Errorf("candidate %s was begun by another version, which compresses otherwise: delete it", c.Name)
		}
	}
	for i := range int(c.Spec.Parts) {
		if err := s.keepPart(ctx, c, i, archive.Bytes()[i*part:min((i+1)*part, archive.Len())]); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// create makes a candidate, or returns the one that is there. One that a promotion
// of the same name has left, which was deleted, goes first: it is on its way out
// anyway, and nothing that happened to it happened to this one.
func (s *Store) create(ctx context.Context, p *v1alpha1.Promotion, c *v1alpha1.Candidate) (there *v1alpha1.Candidate, err error) {
	err = s.Writer.Create(ctx, c)
	if !apierrors.IsAlreadyExists(err) {
		if err != nil {
			return nil, fmt.Errorf("create candidate %s: %w", c.Name, err)
		}
		return nil, nil
	}
	there = &v1alpha1.Candidate{}
	if err := s.Reader.Get(ctx, client.ObjectKeyFromObject(c), there); err != nil {
		return nil, fmt.Errorf("read candidate %s: %w", c.Name, err)
	}
	if Of(there, p) {
		return there, nil
	}
	if err := s.Drop(ctx, there); err != nil {
		return nil, err
	}
	if err := s.Writer.Create(ctx, c); err != nil {
		return nil, fmt.Errorf("create candidate %s: %w", c.Name, err)
	}
	return nil, nil
}

// Of reports whether a candidate is of this very promotion, and not of one that
// was deleted and had the same name.
func Of(c *v1alpha1.Candidate, p *v1alpha1.Promotion) bool {
	owner := metav1.GetControllerOf(c)
	return c.Spec.Promotion == p.Name && (owner == nil || owner.UID == p.UID)
}

// parts is how many ConfigMaps an archive takes.
func parts(size int) int { return max(1, (size+part-1)/part) }

func (s *Store) keepPart(ctx context.Context, c *v1alpha1.Candidate, i int, data []byte) error {
	yes := true
	m := &core.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{
			Name: partName(c.Name, i), Namespace: c.Namespace,
			Labels:      map[string]string{v1alpha1.PromotionLabel: c.Spec.Promotion, candidateLabel: c.Name},
			Annotations: map[string]string{digestAnnotation: c.Spec.Digest},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: v1alpha1.GroupVersion.String(), Kind: "Candidate", Name: c.Name, UID: c.UID,
				Controller: &yes}},
		},
		BinaryData: map[string][]byte{dataKey: data},
		Immutable:  &yes,
	}
	err := s.Writer.Create(ctx, m)
	if !apierrors.IsAlreadyExists(err) {
		if err != nil {
			return fmt.Errorf("keep part %d of candidate %s: %w", i, c.Name, err)
		}
		return nil
	}
	// Of a candidate of the same name that was deleted and made again, or by
	// somebody who wants another package deployed.
	var there core.ConfigMap
	if err := s.Reader.Get(ctx, client.ObjectKeyFromObject(m), &there); err != nil {
		return fmt.Errorf("read part %d of candidate %s: %w", i, c.Name, err)
	}
	if bytes.Equal(there.BinaryData[dataKey], data) && metav1.IsControlledBy(&there, c) {
		return nil
	}
	if there.Labels[candidateLabel] != c.Name {
		return fmt.Errorf("keep part %d of candidate %s: ConfigMap %s is there and of somebody else: delete it", i, c.Name, there.Name)
	}
	if err := s.Writer.Delete(ctx, &there, client.Preconditions{UID: &there.UID}); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("delete an old part %d of candidate %s: %w", i, c.Name, err)
	}
	if err := s.Writer.Create(ctx, m); err != nil {
		return fmt.Errorf("keep part %d of candidate %s: %w", i, c.Name, err)
	}
	return nil
}

// A Damaged error says that what is kept is not what the candidate is: nothing
// of it may be deployed, and another try is no use.
type Damaged struct{ Err error }

// Error returns the message of the cause.
func (d *Damaged) Error() string { return d.Err.Error() }

// Unwrap returns the cause.
func (d *Damaged) Unwrap() error { return d.Err }

// Load reads the package of a candidate and checks that it is the one. The error
// is a *Damaged when it is not.
func (s *Store) Load(ctx context.Context, c *v1alpha1.Candidate) (*bundle.Package, error) {
	var archive bytes.Buffer
	for i := range int(c.Spec.Parts) {
		var m core.ConfigMap
		err := s.Reader.Get(ctx, types.NamespacedName{Namespace: c.Namespace, Name: partName(c.Name, i)}, &m)
		if apierrors.IsNotFound(err) {
			return nil, &Damaged{fmt.Errorf("read the package of candidate %s: ConfigMap %s, part %d of %d, is gone", c.Name, partName(c.Name, i), i+1, c.Spec.Parts)}
		} else if err != nil {
			return nil, fmt.Errorf("read the package of candidate %s: %w", c.Name, err)
		}
		archive.Write(m.BinaryData[dataKey])
	}
	p, err := bundle.Read(&archive)
	if err != nil {
		return nil, &Damaged{fmt.Errorf("read the package of candidate %s from its ConfigMaps: %w", c.Name, err)}
	}
	if got := p.Digest(); got != c.Spec.Digest {
		return nil, &Damaged{fmt.Errorf("the package that ConfigMaps keep of candidate %s has the digest %s, and the candidate is %s: somebody changed it", c.Name, got, c.Spec.Digest)}
	}
	return p, nil
}

// Drop deletes a candidate and its archive; what is gone already is no error. The
// candidate goes first: whoever is killed in between leaves an archive that goes
// with its owner, and no candidate without one. One that has changed since it was
// read stays: it may be the newest again.
func (s *Store) Drop(ctx context.Context, c *v1alpha1.Candidate) error {
	if err := s.Writer.Delete(ctx, c, client.Preconditions{UID: &c.UID, ResourceVersion: &c.ResourceVersion}); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("delete candidate %s: %w", c.Name, err)
	}
	for i := range int(c.Spec.Parts) {
		var m core.ConfigMap
		err := s.Reader.Get(ctx, types.NamespacedName{Namespace: c.Namespace, Name: partName(c.Name, i)}, &m)
		if err == nil && m.Labels[candidateLabel] == c.Name && (metav1.IsControlledBy(&m, c) || metav1.GetControllerOf(&m) == nil) {
			err = s.Writer.Delete(ctx, &m, client.Preconditions{UID: &m.UID})
		}
		if client.IgnoreNotFound(err) != nil && !apierrors.IsConflict(err) {
			return fmt.Errorf("delete part %d of candidate %s: %w", i, c.Name, err)
		}
	}
	return nil
}
