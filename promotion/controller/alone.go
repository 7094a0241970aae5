package controller

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/decide"
	"github.com/tiphys-dev/tiphys/promotion/store"
)

// byRelease is the index of Candidates by the releases that they are in.
const byRelease = "releases"

func releaseKey(namespace, name string) string { return namespace + "/" + name }

func releasesOf(o client.Object) (all []string) {
	for _, e := range o.(*v1alpha1.Candidate).Status.Environments {
		if e.Deployment != nil && isThere(e.State) {
			all = append(all, releaseKey(e.Deployment.Namespace, e.Deployment.Release))
		}
	}
	return all
}

// isThere reports whether a candidate that was deployed is what runs.
func isThere(s v1alpha1.State) bool {
	return s == v1alpha1.Verifying || s == v1alpha1.Verified || s == v1alpha1.Failed
}

// alone refuses a release that is of another environment, or of another
// promotion: what goes into the one would go into the other, past its gates.
func (c *Controller) alone(ctx context.Context, s *scene, at decide.Place, name, namespace string) error {
	for i := range s.state.Candidates {
		if err := s.taken(at, s.state.Promotion, &s.state.Candidates[i], name, namespace); err != nil {
			return err
		}
	}
	var all v1alpha1.CandidateList
	err := c.client.List(ctx, &all, client.MatchingFields{byRelease: releaseKey(namespace, name)}, client.UnsafeDisableDeepCopy)
	if err != nil {
		return fmt.Errorf("list candidates: %w", err)
	}
	for i := range all.Items {
		of := key{Namespace: all.Items[i].Namespace, Name: all.Items[i].Spec.Promotion}
		p := &v1alpha1.Promotion{}
		if of == s.key {
			continue // above, as it is
		} else if err := c.client.Get(ctx, of, p); apierrors.IsNotFound(err) {
			continue // it was deleted, and its candidates will be
		} else if err != nil {
			return fmt.Errorf("read promotion %s: %w", of, err)
		}
		if err := s.taken(at, p, &all.Items[i], name, namespace); err != nil {
			return err
		}
	}
	return nil
}

// taken returns an error if a candidate of a promotion is a release.
func (s *scene) taken(at decide.Place, p *v1alpha1.Promotion, one *v1alpha1.Candidate, name, namespace string) error {
	env := holder(p, one, name, namespace)
	if env == nil || !store.Of(one, p) || !s.sameCluster(at.Environment, p, env) || p.UID == s.state.Promotion.UID && env.Name == at.Environment {
		return nil
	}
	return &fault{"ReleaseTaken", fmt.Errorf("release %q in namespace %s is that of %s of promotion %s/%s: give one of them another namespace, or another release", name, namespace, env.Name, p.Namespace, p.Name)}
}

// holder is the environment in which a candidate is a release, nil for one that
// the promotion does not have any more.
func holder(p *v1alpha1.Promotion, one *v1alpha1.Candidate, name, namespace string) *v1alpha1.Environment {
	for _, e := range one.Status.Environments {
		if e.Deployment == nil || !isThere(e.State) || e.Deployment.Release != name || e.Deployment.Namespace != namespace {
			continue
		}
		for i := range p.Spec.Environments {
			if p.Spec.Environments[i].Name == e.Name {
				return &p.Spec.Environments[i]
			}
		}
	}
	return nil
}

// sameCluster reports whether an environment is in the cluster of another one, as
// far as that can be told: by the Secret that both are reached by.
func (s *scene) sameCluster(mine string, p *v1alpha1.Promotion, other *v1alpha1.Environment) bool {
	k := s.environment(mine).Kubeconfig
	return equality.Semantic.DeepEqual(k, other.Kubeconfig) && (k == nil || p.Namespace == s.Namespace)
}
