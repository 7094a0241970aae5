package release

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/kube"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/resource"
)

const (
	pollEvery = time.Second
	// maxTrouble is how often in a row the cluster may fail to answer while we
	// wait.
	maxTrouble = 30
)

// A patient client waits as Helm's does, but ends when its context does, and
// says what it waited for in vain.
type patient struct {
	*kube.Client
	ctx context.Context
}

// A check says what is still missing, or nothing; an error ends the waiting.
type check func(*resource.Info) (missing string, err error)

func (p *patient) Wait(list kube.ResourceList, timeout time.Duration) error {
	return p.ready(list, timeout)
}

func (p *patient) WaitWithJobs(list kube.ResourceList, timeout time.Duration) error {
	return p.ready(list, timeout, kube.CheckJobs(true))
}

func (p *patient) ready(list kube.ResourceList, timeout time.Duration, more ...kube.ReadyCheckerOption) error {
	set, err := p.Factory.KubernetesClientSet()
	if err != nil {
		return err
	}
	said := ""
	checker := kube.NewReadyChecker(set, func(format string, args ...any) { said = fmt.Sprintf(format, args...) }, append(more, kube.PausedAsReady(true))...)
	return p.until(list, timeout, "ready", func(info *resource.Info) (string, error) {
		said = ""
		ok, err := checker.IsReady(p.ctx, info)
		switch {
		case err != nil || ok:
			return "", err
		case said == "":
			return "not ready", nil
		}
		return reason(said), nil
	})
}

// reason takes the news out of what Helm's checker logs: "Deployment is not
// ready: ns/name. 0 out of 2 expected pods are ready".
func reason(said string) string {
	if _, after, ok := strings.Cut(said, ". "); ok && strings.Contains(said, "not ready") {
		return after
	}
	return said
}

func (p *patient) WaitForDelete(list kube.ResourceList, timeout time.Duration) error {
	return p.until(list, timeout, "deleted", func(info *resource.Info) (string, error) {
		err := info.Get()
		if apierrors.IsNotFound(err) {
			return "", nil
		}
		return "still there", err
	})
}

// WatchUntilReady waits for hooks: Jobs and Pods that must come to a good end.
func (p *patient) WatchUntilReady(list kube.ResourceList, timeout time.Duration) error {
	return p.until(list, timeout, "done", func(info *resource.Info) (string, error) {
		kind := info.Mapping.GroupVersionKind.Kind
		if kind != "Job" && kind != "Pod" {
			return "", nil
		}
		object, err := resource.NewHelper(info.Client, info.Mapping).Get(info.Namespace, info.Name)
		switch {
		case apierrors.IsNotFound(err): // it has been cleaned up
			return "", nil
		case err != nil:
			return "", err
		case kind == "Job":
			return jobDone(object)
		}
		return podDone(object)
	})
}

// errFailed ends waiting at once.
type errFailed struct{ text string }

func (e errFailed) Error() string { return e.text }

func jobDone(object runtime.Object) (string, error) {
	var job batch.Job
	if err := into(object, &job); err != nil {
		return "", err
	}
	for _, c := range job.Status.Conditions {
		switch {
		case c.Status != core.ConditionTrue:
		case c.Type == batch.JobComplete:
			return "", nil
		case c.Type == batch.JobFailed:
			return "", errFailed{fmt.Sprintf("Job %q failed: %s", job.Name, strings.TrimSpace(c.Reason+" "+c.Message))}
		}
	}
	return fmt.Sprintf("%d active, %d failed, %d succeeded", job.Status.Active, job.Status.Failed, job.Status.Succeeded), nil
}

func podDone(object runtime.Object) (string, error) {
	var pod core.Pod
	if err := into(object, &pod); err != nil {
		return "", err
	}
	switch pod.Status.Phase {
	case core.PodSucceeded:
		return "", nil
	case core.PodFailed:
		return "", errFailed{fmt.Sprintf("Pod %q failed: %s", pod.Name, strings.TrimSpace(pod.Status.Reason+" "+pod.Status.Message))}
	case "":
		return "not started", nil
	}
	return strings.ToLower(string(pod.Status.Phase)), nil
}

func into(object runtime.Object, to any) error {
	u, ok := object.(*unstructured.Unstructured)
	if !ok {
		return fmt.Errorf("the cluster answered with a %T", object)
	}
	return runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, to)
}

// until waits until nothing is missing any more.
func (p *patient) until(list kube.ResourceList, timeout time.Duration, state string, of check) error {
	ctx, cancel := context.WithTimeout(p.ctx, timeout)
	defer cancel()
	left, trouble := slices.Clone(list), 0
	for {
		var missing []string
		var still kube.ResourceList
		for _, info := range left {
			what, err := of(info)
			var failed errFailed
			switch {
			case errors.As(err, &failed):
				return err
			case err != nil && ctx.Err() == nil:
				if trouble++; trouble > maxTrouble || !passing(err) {
					return fmt.Errorf("wait for %s %q: %w", info.Mapping.GroupVersionKind.Kind, info.Name, err)
				}
				what = err.Error()
			case err == nil:
				trouble = 0
			}
			if what != "" || err != nil {
				still = append(still, info)
				missing = append(missing, fmt.Sprintf("%s %q (%s)", info.Mapping.GroupVersionKind.Kind, info.Name, what))
			}
		}
		if left = still; len(left) == 0 {
			return nil
		}
		wait(ctx, pollEvery)
		switch {
		case p.ctx.Err() != nil:
			return context.Cause(p.ctx)
		case ctx.Err() != nil:
			return errFailed{fmt.Sprintf("not %s after %s: %s", state, timeout, strings.Join(missing, ", "))}
		}
	}
}

// passing reports whether an error may go away by itself.
func passing(err error) bool {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return true // the way to the cluster
	}
	code := status.Status().Code
	return code == 0 || code == 429 || code >= 500 && code != 501
}
