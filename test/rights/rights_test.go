package rights

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	authorization "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/tiphys-dev/tiphys/test/chart"
	"github.com/tiphys-dev/tiphys/test/cluster"
)

// A scene is a release of the chart in an API server.
type scene struct {
	*testing.T
	api     *cluster.Cluster
	set     *kubernetes.Clientset
	objects dynamic.Interface
	release *chart.Release
	hears   *cluster.Recorder
	asked   []ask // of the program that is at work
}

// An ask is a request, and the story in which it was made.
type ask struct {
	cluster.Request
	story string
}

// A part is a program at work, or a person: whose roles are tried, with which
// values, and which of those take a right away.
type part struct {
	title, account string
	roles          []string
	values         []string
	switches       []string
	play           func(*scene)
}

var parts = []part{
	{"The webhook", "tiphys-webhook", []string{"ClusterRole/tiphys-webhook", "Role/tiphys-webhook"}, []string{"audit.interval=1s", "drainSeconds=0"},
		[]string{"watch.configMaps=false", "watch.serviceAccounts=false", "watch.persistentVolumeClaims=false", "watch.templates=false", "concurrency.enabled=false",
			"mutating.enabled=false", "certificates.mode=cert-manager"}, webhook},
	{"The webhook with `watch.secrets: true`", "tiphys-webhook", []string{"ClusterRole/tiphys-webhook"}, []string{"watch.secrets=true", "drainSeconds=0"}, nil, secrets},
	{"", "tiphys-webhook", nil, []string{"watch.configMaps=false", "watch.serviceAccounts=false", "watch.persistentVolumeClaims=false", "watch.templates=false",
		"concurrency.enabled=false", "mutating.enabled=false", "drainSeconds=0"}, nil, fewer},
	{"The controller", "tiphys-controller", []string{"ClusterRole/tiphys-controller", "ClusterRole/tiphys-controller-acting", "Role/tiphys-controller"},
		[]string{"webhook.enabled=false", "controller.enabled=true", "controller.page=true"}, []string{"controller.page=false"}, controller},
	{"The pod of `helm test`", "tiphys-webhook-test", []string{"Role/tiphys-webhook-test"}, nil, nil, tested},
	{"Who may view a namespace", "viewer", []string{"ClusterRole/tiphys-promotion-viewer"}, nil, nil, viewer},
}

// TestRights: each right is needed by a story, and those that there are suffice.
// docs/rights.md tells which needs which.
func TestRights(t *testing.T) {
	if testing.Short() {
		t.Skip("starts an API server")
	}
	s := &scene{T: t, api: cluster.Start(t)}
	config := s.api.Config(t)
	config.QPS = -1
	s.set, s.objects = kubernetes.NewForConfigOrDie(config), dynamic.NewForConfigOrDie(config)
	var page strings.Builder
	proved, says := map[right]string{}, documents(t)
	for _, p := range parts {
		t.Run(p.account+" "+strings.Join(p.values, " "), func(t *testing.T) {
			s := *s
			s.T = t
			s.release = chart.Install(t, s.api, p.values...)
			s.hears = s.api.Record(t)
			p.play(&s)
			var rows []given
			all := rights(t, p.values...)
			for _, g := range all {
				if slices.Contains(p.roles, g.role) && proved[g.right] == "" {
					proved[g.right] = s.needed(p.account, all, g.right, says[key(g.right)])
					rows = append(rows, g)
				}
			}
			p.write(t, &page, rows, proved)
		})
	}
	if !t.Failed() {
		documented(t, page.String())
	}
}

// tell has something happen, and takes down what is asked for it. Nothing may
// be refused.
func (s *scene) tell(story string, happen func()) {
	s.Helper()
	happen()
	asked, refused := s.hears.Take()
	for _, q := range asked {
		if a := (ask{q, story}); !slices.Contains(s.asked, a) {
			s.asked = append(s.asked, a)
		}
	}
	for _, q := range refused {
		s.Errorf("%s: the chart does not give the right to %s", story, q)
	}
}

// needed takes a right away and returns the story that cannot be told then: the
// API server would refuse what was asked in it.
func (s *scene) needed(account string, all []given, r right, says string) string {
	s.Helper()
	var takes []ask
	for _, a := range s.asked {
		if r.allows(a.Request) {
			takes = append(takes, a)
		}
	}
	if len(takes) == 0 {
		s.Errorf("%s of %s is needed by nothing", r, r.role)
		return ""
	}
	// What the page says is tried first: requests of the background come a moment
	// sooner or later.
	slices.SortStableFunc(takes, func(a, b ask) int { return cmp.Compare(rank(a, says), rank(b, says)) })
	s.setRules(r.role, without(all, r.role, r))
	refused := -1
	soon(func() bool {
		refused = slices.IndexFunc(takes, func(a ask) bool { return !s.may(account, a.Request) })
		return refused >= 0
	})
	if refused < 0 {
		s.Errorf("without %s of %s, all that was asked is allowed, such as %s", r, r.role, takes[0])
		refused = 0
	}
	// It has heard of the change now; a moment ago it may have been in between.
	one := takes[slices.IndexFunc(takes, func(a ask) bool { return a == takes[refused] || !s.may(account, a.Request) })]
	s.setRules(r.role, without(all, r.role, right{}))
	if !soon(func() bool { return s.may(account, one.Request) }) {
		s.Fatalf("with %s of %s again, it is refused to %s", r, r.role, one)
	}
	return one.story
}

func rank(a ask, says string) int {
	if a.story == says {
		return 0
	}
	return 1
}

// soon waits until the API server has heard of a change of a role.
func soon(f func() bool) bool {
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) { // nothing tells of it
		if f() {
			return true
		}
	}
	return false
}

func (s *scene) setRules(role string, rules []rule) {
	s.Helper()
	list := []map[string]any{}
	for _, r := range rules {
		one := map[string]any{"apiGroups": r.Groups, "resources": r.Resources, "verbs": r.Verbs}
		if r.Names != nil {
			one["resourceNames"] = r.Names
		}
		list = append(list, one)
	}
	patch, err := json.Marshal(map[string]any{"rules": list})
	if err != nil {
		s.Fatal(err)
	}
	kind, name, _ := strings.Cut(role, "/")
	if kind == "Role" {
		_, err = s.set.RbacV1().Roles(chart.Namespace).Patch(s.Context(), name, types.MergePatchType, patch, metav1.PatchOptions{})
	} else {
		_, err = s.set.RbacV1().ClusterRoles().Patch(s.Context(), name, types.MergePatchType, patch, metav1.PatchOptions{})
	}
	if err != nil {
		s.Fatal(err)
	}
}

// may asks the API server.
func (s *scene) may(account string, q cluster.Request) bool {
	s.Helper()
	r := &authorization.SubjectAccessReview{Spec: authorization.SubjectAccessReviewSpec{
		User:   "system:serviceaccount:" + chart.Namespace + ":" + account,
		Groups: []string{"system:serviceaccounts", "system:serviceaccounts:" + chart.Namespace, "system:authenticated"},
		ResourceAttributes: &authorization.ResourceAttributes{
			Verb: q.Verb, Group: q.Group, Resource: q.Resource, Subresource: q.Subresource, Namespace: q.Namespace, Name: q.Name, Version: "*",
		},
	}}
	r, err := s.set.AuthorizationV1().SubjectAccessReviews().Create(s.Context(), r, metav1.CreateOptions{})
	if err != nil {
		s.Fatal(err)
	}
	return r.Status.Allowed
}
