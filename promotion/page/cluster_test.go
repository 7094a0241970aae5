package page_test

import (
	"context"
	"errors"
	"net"
	"net/http/httptest"
	"strings"
	"testing"

	authentication "k8s.io/api/authentication/v1"
	core "k8s.io/api/core/v1"
	rbac "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	serve "github.com/tiphys-dev/tiphys/internal/listen"
	"github.com/tiphys-dev/tiphys/promotion/page"
	"github.com/tiphys-dev/tiphys/test/cluster"
)

// Who may see what is the word of a real API server.
func TestCluster(t *testing.T) {
	c := cluster.Start(t)
	c.InstallCRDs(t)
	proxy := c.Proxy(t)
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	asks := kubernetes.NewForConfigOrDie(c.Config(t))
	mine, theirs := cluster.NamespaceName(), cluster.NamespaceName()
	objects, err := client.New(c.Config(t), client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []string{mine, theirs} {
		if _, err := asks.CoreV1().Namespaces().Create(t.Context(), &core.Namespace{ObjectMeta: metav1.ObjectMeta{Name: n}}, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	token := func(name string) string {
		if _, err := asks.CoreV1().ServiceAccounts(mine).Create(t.Context(), &core.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		r, err := asks.CoreV1().ServiceAccounts(mine).CreateToken(t.Context(), name, &authentication.TokenRequest{}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return r.Status.Token
	}
	reader, stranger := token("reader"), token("stranger")
	grant(t, asks, mine, "reader")

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	config := proxy.Through(c.Config(t))
	cached, err := cache.New(c.Config(t), cache.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	source, err := page.FromCluster(ctx, config, cached, nil)
	if err != nil {
		t.Fatal(err)
	}
	go cached.Start(ctx)
	cached.WaitForCacheSync(ctx)
	h := handler(t, page.Options{Source: source, Authenticate: source.Authenticate, Authorize: source.Authorize, Clock: clock.RealClock{}})
	server := httptest.NewServer(h)
	defer func() { server.CloseClientConnections(); server.Close() }()
	_, changes := stream(t, server.URL, "/events", reader)
	next(t, changes)

	for _, n := range []string{mine, theirs} {
		p := promotion(n, "nightly-etl", env("dev", "dev", smokeGate))
		p.ResourceVersion = ""
		p.Spec.Environments[0].Gates[0].Smoke.Template = "smoke"
		if err := objects.Create(t.Context(), &p); err != nil {
			t.Fatal(err)
		}
	}
	cluster.Until(t, func() error {
		if !strings.Contains(get(h, "/", reader).Body.String(), mine+"/") {
			return errors.New("the promotion is not there")
		}
		return nil
	})
	if e := next(t, changes); e != "change" {
		t.Errorf("event %q", e)
	}
	for _, c := range []struct {
		path, token string
		code        int
		has, hasNot string
	}{
		{"/", reader, 200, mine + "/", theirs},
		{"/p/" + mine + "/nightly-etl", reader, 200, "nightly-etl", ""},
		{"/p/" + theirs + "/nightly-etl", reader, 404, "", "smoke"},
		{"/", stranger, 200, "no promotion", "nightly-etl"},
		{"/p/" + mine + "/nightly-etl", stranger, 404, "", "smoke"},
		{"/", reader[:len(reader)-4] + "AAAA", 401, "Log in", "nightly-etl"},
		{"/", "guess", 401, "Log in", "nightly-etl"},
	} {
		w := get(h, c.path, c.token)
		body := w.Body.String()
		if w.Code != c.code || !strings.Contains(body, c.has) || c.hasNot != "" && strings.Contains(body, c.hasNot) || strings.Contains(body, c.token) {
			t.Errorf("%s: %d %s", c.path, w.Code, body)
		}
	}
	proxy.Cut()
	if w := get(h, "/", token("late")); w.Code != 503 {
		t.Errorf("without the API server: %d", w.Code)
	}
	if w := get(h, "/", reader); w.Code != 200 {
		t.Errorf("without the API server, within a minute: %d", w.Code)
	}
}

// grant lets a service account list promotions in its namespace.
func grant(t *testing.T, asks kubernetes.Interface, namespace, name string) {
	t.Helper()
	role := &rbac.Role{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: []rbac.PolicyRule{{APIGroups: []string{"tiphys.dev"}, Resources: []string{"promotions"}, Verbs: []string{"list"}}}}
	if _, err := asks.RbacV1().Roles(namespace).Create(t.Context(), role, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	binding := &rbac.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name}, RoleRef: rbac.RoleRef{APIGroup: "rbac.authorization.k8s.io", Kind: "Role", Name: name},
		Subjects: []rbac.Subject{{Kind: "ServiceAccount", Name: name, Namespace: namespace}},
	}
	if _, err := asks.RbacV1().RoleBindings(namespace).Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// The page ends when it is told to, streams and all.
func TestServe(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	l := listen(t)
	done := make(chan error, 1)
	o := options(morning(breakfast))
	o.Done = ctx.Done()
	go func() { done <- serve.Serve(ctx, l, handler(t, o)) }()
	_, all := stream(t, "http://"+l.Addr().String(), "/events", "admin-token")
	next(t, all)
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if e := next(t, all); e != "end" {
		t.Errorf("after the end: %q", e)
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}
