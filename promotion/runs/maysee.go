package runs

import (
	"cmp"
	"context"
	"fmt"

	authorization "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	reviews "k8s.io/client-go/kubernetes/typed/authorization/v1"
	"k8s.io/client-go/rest"
)

// Denied tells that somebody may not see the runs of a namespace.
type Denied struct{ User, Namespace, Why string }

// Error says what would have to be granted.
func (d *Denied) Error() string {
	message := fmt.Sprintf("%s may not list workflows.argoproj.io in namespace %s: grant the verb list", cmp.Or(d.User, "the user of the kubeconfig"), d.Namespace)
	if d.Why != "" {
		message += " (" + d.Why + ")"
	}
	return message
}

// MaySee returns nil if whom config acts as may list Workflows of a namespace,
// and a *Denied if not. The watch sees more than a Promotion may be shown.
func MaySee(ctx context.Context, config *rest.Config, namespace string) error {
	c, err := reviews.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("ask who may see runs: %w", err)
	}
	review, err := c.SelfSubjectAccessReviews().Create(ctx, &authorization.SelfSubjectAccessReview{
		Spec: authorization.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorization.ResourceAttributes{
			Namespace: namespace, Verb: "list", Group: version.Group, Resource: "workflows",
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("ask who may see runs: %w", err)
	}
	if s := review.Status; !s.Allowed || s.Denied {
		return &Denied{User: config.Impersonate.UserName, Namespace: namespace, Why: cmp.Or(s.Reason, s.EvaluationError)}
	}
	return nil
}
