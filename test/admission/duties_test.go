package admission

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	authentication "k8s.io/api/authentication/v1"
	coordination "k8s.io/api/coordination/v1"
	core "k8s.io/api/core/v1"
	events "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/tiphys-dev/tiphys/test/chart"
)

// A duty is what the controller must be able to do.
type duty struct {
	name string
	do   func(*testing.T, *account) error
}

func ours(resource string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "tiphys.dev", Version: "v1alpha1", Resource: resource}
}

// duties are in their order: what is made is used, and deleted in the end.
func duties(space string) []duty {
	all := []duty{}
	add := func(name string, do func(*testing.T, *account) error) { all = append(all, duty{name, do}) }
	for _, of := range []schema.GroupVersionResource{
		ours("promotions"), ours("candidates"), ours("approvals"), ours("workflowpolicies"), workflows,
	} {
		add("list "+of.Resource, func(t *testing.T, a *account) error {
			_, err := a.objects.Resource(of).List(t.Context(), metav1.ListOptions{Limit: 1})
			return err
		})
		add("watch "+of.Resource, func(t *testing.T, a *account) error {
			w, err := a.objects.Resource(of).Watch(t.Context(), metav1.ListOptions{})
			if err == nil {
				w.Stop()
			}
			return err
		})
	}
	return append(append(append(all, records(space)...), reads(space)...), tidies(space)...)
}

// records are what it writes of promotions.
func records(space string) []duty {
	manifest := strings.ReplaceAll(candidate, "SPACE", space)
	apply := metav1.PatchOptions{FieldManager: "tiphys-controller"}
	status := func(of, name, kind, body string) func(*testing.T, *account) error {
		return func(t *testing.T, a *account) error {
			text := fmt.Sprintf(`{"apiVersion":"tiphys.dev/v1alpha1","kind":%q,"metadata":{"name":%q},"status":%s}`, kind, name, body)
			_, err := a.objects.Resource(ours(of)).Namespace(space).Patch(t.Context(), name, types.ApplyPatchType, []byte(text), apply, "status")
			return err
		}
	}
	return []duty{
		{"create a candidate", func(t *testing.T, a *account) error {
			o := chart.Object(t, manifest)
			o.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: "tiphys.dev/v1alpha1", Kind: "Promotion", Name: "etl", UID: "0", BlockOwnerDeletion: new(bool)}})
			_, err := a.objects.Resource(ours("candidates")).Namespace(space).Create(t.Context(), o, metav1.CreateOptions{})
			return err
		}},
		{"keep its package", func(t *testing.T, a *account) error {
			m := &core.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "etl-0123456789ab-0", Labels: map[string]string{"tiphys.dev/promotion": "etl"}}}
			_, err := a.core.CoreV1().ConfigMaps(space).Create(t.Context(), m, metav1.CreateOptions{})
			return err
		}},
		{"get a candidate", func(t *testing.T, a *account) error {
			_, err := a.objects.Resource(ours("candidates")).Namespace(space).Get(t.Context(), "etl-0123456789ab", metav1.GetOptions{})
			return err
		}},
		{"apply its status", status("candidates", "etl-0123456789ab", "Candidate", `{"reached":"dev","state":"Verified"}`)},
		{"apply the status of the promotion", status("promotions", "etl", "Promotion", `{"summary":"dev 0123456 Verified"}`)},
		{"update its status", func(t *testing.T, a *account) error {
			candidates := a.objects.Resource(ours("candidates")).Namespace(space)
			o := chart.Object(t, manifest)
			if u, err := candidates.Get(t.Context(), "etl-0123456789ab", metav1.GetOptions{}); err == nil {
				o = u
			}
			_, err := candidates.UpdateStatus(t.Context(), o, metav1.UpdateOptions{})
			return err
		}},
		{"have a source looked at", func(t *testing.T, a *account) error {
			b, _ := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": map[string]string{"tiphys.dev/requested-at": "now"}}})
			_, err := a.objects.Resource(ours("promotions")).Namespace(space).Patch(t.Context(), "etl", types.MergePatchType, b, metav1.PatchOptions{})
			return err
		}},
		{"tell of it", func(t *testing.T, a *account) error {
			e := &events.Event{
				ObjectMeta: metav1.ObjectMeta{Name: "etl.1", Namespace: space}, EventTime: metav1.NowMicro(), ReportingController: "tiphys.dev/controller", ReportingInstance: "a",
				Action: "Promote", Reason: "Promoted", Type: "Normal", Regarding: core.ObjectReference{APIVersion: "tiphys.dev/v1alpha1", Kind: "Promotion", Name: "etl", Namespace: space},
			}
			_, err := a.core.EventsV1().Events(space).Create(t.Context(), e, metav1.CreateOptions{})
			return err
		}},
		{"tell of it in the old way", func(t *testing.T, a *account) error {
			e := &core.Event{ObjectMeta: metav1.ObjectMeta{Name: "etl.2", Namespace: space}, InvolvedObject: core.ObjectReference{Kind: "Promotion", Name: "etl", Namespace: space}}
			_, err := a.core.CoreV1().Events(space).Create(t.Context(), e, metav1.CreateOptions{})
			return err
		}},
	}
}

// reads are what it needs of namespaces and of whom it acts as.
func reads(space string) []duty {
	return []duty{
		{"get a namespace", func(t *testing.T, a *account) error {
			_, err := a.core.CoreV1().Namespaces().Get(t.Context(), space, metav1.GetOptions{})
			return err
		}},
		{"get a Secret that is named", func(t *testing.T, a *account) error {
			_, err := a.core.CoreV1().Secrets(space).Get(t.Context(), "keys", metav1.GetOptions{})
			return err
		}},
		{"get a package", func(t *testing.T, a *account) error {
			_, err := a.core.CoreV1().ConfigMaps(space).Get(t.Context(), "etl-0123456789ab-0", metav1.GetOptions{})
			return err
		}},
		{"act as a service account", func(t *testing.T, a *account) error {
			if err := a.acts(t, space, rest.ImpersonationConfig{UserName: "system:serviceaccount:" + space + ":deployer"}); err != nil {
				return err
			}
			config := rest.CopyConfig(a.config)
			config.Impersonate.UserName = "system:serviceaccount:" + space + ":deployer"
			who, err := kubernetes.NewForConfigOrDie(config).AuthenticationV1().SelfSubjectReviews().Create(t.Context(), &authentication.SelfSubjectReview{}, metav1.CreateOptions{})
			if err == nil && !strings.Contains(fmt.Sprint(who.Status.UserInfo.Groups), "system:serviceaccounts:"+space) {
				t.Errorf("who it acts as is in groups %v", who.Status.UserInfo.Groups)
			}
			return err
		}},
		{"lead", func(t *testing.T, a *account) error {
			leases := a.core.CoordinationV1().Leases(chart.Namespace)
			l := &coordination.Lease{ObjectMeta: metav1.ObjectMeta{Name: "tiphys-controller"}}
			made, err := leases.Create(t.Context(), l, metav1.CreateOptions{})
			if err == nil {
				_, err = leases.Update(t.Context(), made, metav1.UpdateOptions{})
			}
			return err
		}},
	}
}

// tidies are what it takes away.
func tidies(space string) []duty {
	return []duty{
		{"delete a package", func(t *testing.T, a *account) error {
			return a.core.CoreV1().ConfigMaps(space).Delete(t.Context(), "etl-0123456789ab-0", metav1.DeleteOptions{})
		}},
		{"delete a candidate", func(t *testing.T, a *account) error {
			return a.objects.Resource(ours("candidates")).Namespace(space).Delete(t.Context(), "etl-0123456789ab", metav1.DeleteOptions{})
		}},
	}
}
