package release

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"helm.sh/helm/v3/pkg/action"
	helm "helm.sh/helm/v3/pkg/release"
	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"
)

// prune removes the Secrets that are not in the chart any more, and lets go of
// those that stand in the manifest now. Wanted are namespace/name.
func (s *session) prune(wanted []string, v *inventory, r *Result) error {
	record, err := s.last()
	if err != nil {
		return err
	}
	inManifest := map[string]bool{}
	for _, doc := range documents(record.Manifest) {
		if id, ok := secretIn(doc, record.Namespace); ok {
			inManifest[id] = true
		}
	}
	var left []tracked
	for _, t := range v.Secrets {
		why := ""
		switch {
		case slices.Contains(wanted, t.String()):
			left = append(left, t)
			continue
		case inManifest[t.String()]:
			err = s.letGo(t)
		default:
			if why, err = t.remove(s.ctx, s.set, s.name, s.client.namespace); why == "" && err == nil {
				r.Pruned = append(r.Pruned, t.String())
				s.o.log("removed secret " + t.String())
			}
		}
		if err != nil {
			return fmt.Errorf("the release is deployed, but: %w", err)
		}
		if why != "" {
			r.Warnings = append(r.Warnings, why)
		}
	}
	if len(left) == len(v.Secrets) {
		return nil
	}
	v.Secrets = left
	return v.save(s.late, s.notes, s.client.namespace, s.name)
}

// letGo takes our mark and the policy from a Secret that Helm keeps now.
func (s *session) letGo(t tracked) error {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"labels": map[string]any{releaseLabel: nil}, "annotations": map[string]any{helmPolicy: nil},
	}})
	if err != nil {
		return err
	}
	_, err = s.set.CoreV1().Secrets(t.Namespace).Patch(s.ctx, t.Name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: manager})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("let go of secret %s: %w", t, err)
	}
	return nil
}

// secretIn returns namespace/name of the Secret in a document.
func secretIn(doc, namespace string) (string, bool) {
	var head struct {
		Kind     string
		Metadata struct{ Name, Namespace string }
	}
	if err := yaml.Unmarshal([]byte(doc), &head); err != nil || head.Kind != "Secret" {
		return "", false
	}
	if head.Metadata.Namespace == "" {
		head.Metadata.Namespace = namespace
	}
	return head.Metadata.Namespace + "/" + head.Metadata.Name, true
}

// goBack undoes a failed upgrade: the Secrets are made what they were, and
// Helm goes back to the revision that was deployed; when there was none, all is
// removed. It returns the error of the upgrade, and says what became of it.
func (s *session) goBack(p *plan, v *inventory, was *helm.Release, live []*core.Secret, r *Result, failed error) error {
	s.o.log("it failed; going back")
	for i, old := range live {
		if old == nil {
			continue
		}
		b := before(old)
		now, err := s.set.CoreV1().Secrets(b.namespace).Get(s.ctx, b.name, metav1.GetOptions{})
		if err == nil {
			_, err = b.apply(s.ctx, s.set, now)
		}
		if err != nil {
			return errors.Join(failed, fmt.Errorf("go back: %w", err))
		}
		r.Applied = slices.DeleteFunc(r.Applied, func(id string) bool { return id == p.secrets[i].String() })
	}
	good, err := s.good(was)
	if err != nil {
		return errors.Join(failed, fmt.Errorf("go back: %w", err))
	}
	if good == 0 {
		return s.goBackToNothing(p, v, live, r, failed)
	}
	if record, err := s.last(); err == nil && record != nil && record.Version >= r.Revision {
		if err := s.revert(v, good); err != nil {
			return errors.Join(failed, fmt.Errorf("go back to revision %d: %w", good, err))
		}
		r.RolledBack = good
		r.Status = helm.StatusDeployed.String()
		r.Revision = record.Version + 1
	}
	if err := s.dropNew(p, v, live); err != nil {
		return errors.Join(failed, fmt.Errorf("go back: %w", err))
	}
	return refuse("it was rolled back to revision %d: %w", good, failed)
}

// good returns the revision that was deployed before, or 0.
func (s *session) good(was *helm.Release) (int, error) {
	if was == nil {
		return 0, nil
	}
	all, err := s.store.storage().History(s.name)
	if err != nil {
		return 0, fmt.Errorf("read the records of release %q: %w", s.name, err)
	}
	best := 0
	for _, r := range all {
		if (r.Info.Status == helm.StatusDeployed || r.Info.Status == helm.StatusSuperseded) && r.Version <= was.Version {
			best = max(best, r.Version)
		}
	}
	return best, nil
}

func (s *session) goBackToNothing(p *plan, v *inventory, live []*core.Secret, r *Result, failed error) error {
	if record, err := s.last(); err == nil && record != nil {
		u := action.NewUninstall(s.actions())
		u.Timeout, u.DisableHooks = s.o.timeout(), s.o.NoHooks
		if _, err := u.Run(s.name); err != nil {
			return errors.Join(failed, fmt.Errorf("uninstall: %w", err))
		}
	}
	if err := s.dropNew(p, v, live); err != nil {
		return errors.Join(failed, fmt.Errorf("go back: %w", err))
	}
	if len(v.Secrets) == 0 {
		if err := v.remove(s.ctx, s.notes, s.client.namespace); err != nil {
			return errors.Join(failed, err)
		}
	}
	r.Uninstalled = true
	return refuse("it was uninstalled again, as there is nothing to go back to: %w", failed)
}

// dropNew removes the Secrets that the failed upgrade made.
func (s *session) dropNew(p *plan, v *inventory, live []*core.Secret) error {
	for i, b := range p.secrets {
		if live[i] != nil {
			continue
		}
		t := tracked{Namespace: b.namespace, Name: b.name}
		if _, err := t.remove(s.ctx, s.set, s.name, s.client.namespace); err != nil {
			return err
		}
		v.Secrets = slices.DeleteFunc(v.Secrets, func(o tracked) bool { return o.String() == t.String() })
	}
	return v.save(s.late, s.notes, s.client.namespace, s.name)
}
