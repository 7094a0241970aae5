package release

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/kube"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"
)

// Status tells what a release is at.
func (c *Client) Status(ctx context.Context, name string) (*Status, error) {
	if err := validName(name); err != nil {
		return nil, err
	}
	var st *Status
	err := c.unlocked(ctx, name, Options{}, func(s *session) error {
		var err error
		st, err = s.status()
		return err
	})
	return st, c.explain(err, nil)
}

func (s *session) status() (*Status, error) {
	r, err := s.newest()
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, s.unknown()
	}
	v, err := loadInventory(s.ctx, s.set, s.client.namespace, s.name)
	if err != nil {
		return nil, err
	}
	st := &Status{
		Name: r.Name, Namespace: r.Namespace, Revision: revisionOf(r, v), FirstDeployed: r.Info.FirstDeployed.Time,
		Notes: r.Info.Notes, Objects: []Object{},
	}
	if err := s.objects(r.Manifest, st); err != nil {
		return nil, err
	}
	for _, t := range v.Secrets {
		_, err := s.set.CoreV1().Secrets(t.Namespace).Get(s.ctx, t.Name, metav1.GetOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			return nil, fmt.Errorf("look at secret %s: %w", t, err)
		}
		st.Secrets = append(st.Secrets, Object{APIVersion: "v1", Kind: "Secret", Namespace: t.Namespace, Name: t.Name, Missing: err != nil})
	}
	lease, err := s.set.CoordinationV1().Leases(s.client.namespace).Get(s.ctx, prefix+s.name, metav1.GetOptions{})
	if err == nil && ptr.Deref(lease.Spec.HolderIdentity, "") != "" && !free(lease) {
		st.Lock = locked(s.name, lease).Holder
	} // who may not see locks sees the rest
	return st, nil
}

// objects looks at what the manifest names. A kind that the cluster does not
// know any more is missing like its objects.
func (s *session) objects(manifest string, st *Status) error {
	set, err := s.conn.clientset()
	if err != nil {
		return err
	}
	said := ""
	checker := kube.NewReadyChecker(set, func(format string, args ...any) { said = fmt.Sprintf(format, args...) }, kube.CheckJobs(true))
	client := s.actions().KubeClient
	for _, doc := range documents(manifest) {
		o := objectIn(doc, s.client.namespace)
		if o.Kind == "" {
			continue // comments of a template, whose Secrets are beside the record
		}
		list, err := client.Build(strings.NewReader(doc), false)
		if meta.IsNoMatchError(err) || err == nil && len(list) == 0 {
			o.Missing = true
			st.Objects = append(st.Objects, o)
			continue
		} else if err != nil {
			return fmt.Errorf("look at %s %q: %w", o.Kind, o.Name, err)
		}
		for _, info := range list {
			o.Namespace, o.Name, said = info.Namespace, info.Name, ""
			err := info.Get()
			switch {
			case apierrors.IsNotFound(err):
				o.Missing, o.Passing = true, passes(info.Object)
			case err != nil:
				return fmt.Errorf("look at %s %q: %w", o.Kind, o.Name, err)
			default:
				ok, err := checker.IsReady(s.ctx, info)
				switch {
				case err != nil:
					o.Ready = err.Error()
				case !ok:
					o.Ready = "not ready: " + reason(said)
				case slices.Contains(watched, o.Kind):
					o.Ready = "ready"
				}
			}
			st.Objects = append(st.Objects, o)
		}
	}
	return nil
}

// passes reports whether an object is one that runs, and is removed when it has:
// a Workflow, whose engine may be told so for all, and a Job that says so.
func passes(object runtime.Object) bool {
	u, ok := object.(*unstructured.Unstructured)
	if !ok {
		return false
	}
	switch gvk := u.GroupVersionKind(); {
	case gvk.Group == "argoproj.io" && gvk.Kind == "Workflow":
		return true
	case gvk.Group == "batch" && gvk.Kind == "Job":
		_, found, err := unstructured.NestedFieldNoCopy(u.Object, "spec", "ttlSecondsAfterFinished")
		return found && err == nil
	}
	return false
}

// watched are kinds that become ready, or not; all others are by being there.
var watched = []string{"Pod", "Job", "Deployment", "PersistentVolumeClaim", "Service", "DaemonSet", "StatefulSet", "ReplicaSet", "CustomResourceDefinition"}
