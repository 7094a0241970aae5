package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// exitUnguarded is for a check that finds no webhook at work.
const exitUnguarded = 1

const checkUsage = `tiphys-webhook check asks the API server, by a dry run, to create a workflow that
can never run. The webhook must refuse it: so its configuration, its Service, its
certificate and a replica are as they should be.

Usage:
  tiphys-webhook check --namespace NAMESPACE [flags]

Flags:
`

// check is the command by that name.
func check(ctx context.Context, args []string, s Streams) int {
	set := flag.NewFlagSet("tiphys-webhook check", flag.ContinueOnError)
	set.SetOutput(s.Err)
	set.Usage = func() {
		set.SetOutput(s.Out)
		fmt.Fprint(s.Out, checkUsage)
		set.PrintDefaults()
	}
	kubeconfig := set.String("kubeconfig", "", "a `file` that tells how to reach the cluster; unless given, as pods do")
	namespace := set.String("namespace", "default", "the `namespace` to try it in; the right to create workflows there is needed")
	wait := set.Duration("wait", time.Minute, "how long to try again while nobody answers")
	switch err := set.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		return exitUsage
	case set.NArg() > 0:
		fmt.Fprintf(s.Err, "tiphys-webhook check: argument %q is not expected: there are only flags\n", set.Arg(0))
		return exitUsage
	}
	ctx, cancel := context.WithTimeout(ctx, *wait)
	defer cancel()
	answer, err := refusal(ctx, *kubeconfig, *namespace)
	if err != nil {
		fmt.Fprintf(s.Err, "tiphys-webhook check: %v\n", err)
		return exitUnguarded
	}
	fmt.Fprintf(s.Out, "a workflow that can never run is refused in namespace %s: %s\n", *namespace, answer)
	return exitOK
}

// circle is a workflow whose only task waits for itself.
const circle = `{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","metadata":{"generateName":"tiphys-check-"},
"spec":{"entrypoint":"main","templates":[{"name":"main","dag":{"tasks":[{"name":"a","template":"main","dependencies":["a"]}]}}]}}`

// denied begins what the API server says of who was refused by us.
const denied = `admission webhook "validate.tiphys.dev" denied the request: `

// refusal is what the webhook says against circle. While it cannot be asked,
// that is tried again until ctx is over.
func refusal(ctx context.Context, kubeconfig, namespace string) (string, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return "", fmt.Errorf("find the cluster: %w", err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return "", fmt.Errorf("make a client: %w", err)
	}
	var last error
	path := "/apis/argoproj.io/v1alpha1/namespaces/" + namespace + "/workflows"
	for {
		err := client.RESTClient().Post().AbsPath(path).Param("dryRun", "All").Body([]byte(circle)).SetHeader("Content-Type", "application/json").Do(ctx).Error()
		switch {
		case err == nil:
			return "", fmt.Errorf("a workflow that can never run is let in in namespace %s: the webhook is not asked there, or nobody answered and its failure policy is Ignore, or a policy has switched the rule dag-cycle off", namespace)
		case strings.Contains(err.Error(), denied):
			_, answer, _ := strings.Cut(err.Error(), denied)
			return answer, nil
		case apierrors.IsNotFound(err):
			return "", fmt.Errorf("create a workflow: %w: are the kinds of Argo Workflows and the namespace %s there?", err, namespace)
		case apierrors.IsForbidden(err), apierrors.IsUnauthorized(err):
			return "", fmt.Errorf("create a workflow: %w", err)
		}
		if ctx.Err() == nil || last == nil {
			last = err // not that time is up, but what stood in the way
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("create a workflow: %w", last)
		case <-time.After(time.Second): // nothing tells when a replica is ready
		}
	}
}
