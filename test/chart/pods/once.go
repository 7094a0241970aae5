package pods

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	core "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// RunTests runs the pods of helm test until ctx is over, and writes how each
// ended into its status. No name of a Service is known here, so services says what
// stands for "HOST:PORT" in their arguments.
func (r Release) RunTests(ctx context.Context, services map[string]string) error {
	set, _, err := r.client()
	if err != nil {
		return err
	}
	for {
		all, err := set.CoreV1().Pods(r.namespace()).List(ctx, metav1.ListOptions{LabelSelector: "app.kubernetes.io/component=test"})
		if err != nil {
			return ended(ctx, err)
		}
		for i := range all.Items {
			p := &all.Items[i]
			if p.Status.Phase != "" && p.Status.Phase != core.PodPending {
				continue
			}
			if err := r.once(ctx, set, p, services); err != nil {
				return ended(ctx, err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (r Release) once(ctx context.Context, set *kubernetes.Clientset, p *core.Pod, services map[string]string) error {
	dir, err := os.MkdirTemp(r.Dir, p.Name+"-")
	if err != nil {
		return err
	}
	c := p.Spec.Containers[0]
	args := append([]string(nil), c.Args...)
	program := map[string]string{"webhook": r.Webhook, "controller": r.Controller}[c.Name]
	if p.Spec.AutomountServiceAccountToken == nil || *p.Spec.AutomountServiceAccountToken {
		kubeconfig, err := r.account(ctx, set, dir, p.Spec.ServiceAccountName, Options{})
		if err != nil {
			return err
		}
		args = append(args, "--kubeconfig="+kubeconfig)
	}
	for i := range args {
		for of, here := range services {
			args[i] = strings.Replace(args[i], "//"+of, "//"+here, 1)
		}
	}
	var out bytes.Buffer
	run := exec.CommandContext(ctx, program, args...)
	run.Stdout, run.Stderr = &out, &out
	p.Status.Phase = core.PodSucceeded
	var code *exec.ExitError
	if err := run.Run(); errors.As(err, &code) {
		p.Status.Phase, p.Status.Message = core.PodFailed, out.String()
	} else if err != nil {
		return fmt.Errorf("run %s: %w", p.Name, err)
	}
	_, err = set.CoreV1().Pods(p.Namespace).UpdateStatus(ctx, p, metav1.UpdateOptions{})
	return err
}
