package messages

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	core "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/tiphys-dev/tiphys/test/chart"
	"github.com/tiphys-dev/tiphys/test/cluster"
	"github.com/tiphys-dev/tiphys/test/testbin"
)

// Servers are webhook and controller at work, which log all that they can.
type servers struct {
	*workplace
	api                 *cluster.Cluster
	set                 *kubernetes.Clientset
	objects             dynamic.Interface
	space               string
	planted             map[string]bool // objects that are to hold secrets, KIND NAMESPACE/NAME
	pids                map[string]int
	logs                map[string]*buffer
	tmp                 string
	webhook             string // addresses
	side                map[string]string
	hook                string
	page                string
	seen                sync.Map // paths that the notified server was asked for
	address, ca, caFile string   // of who refuses
}

// A buffer is a log that is written and read at the same time.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) bytes() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Clone(b.b.Bytes())
}

func read(w *workplace, path string) string {
	w.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		w.Fatal(err)
	}
	return string(text)
}

// kubectl runs kubectl as the administrator.
func (w *workplace) kubectl(api *cluster.Cluster, stdin string, args ...string) string {
	w.Helper()
	out, err := w.tryKubectl(api, stdin, args...)
	if err != nil {
		w.Fatalf("kubectl %v: %v\n%s", args, err, out)
	}
	return out
}

func (w *workplace) tryKubectl(api *cluster.Cluster, stdin string, args ...string) (string, error) {
	c := exec.CommandContext(context.WithoutCancel(w.Context()), testbin.Kubectl(w), append([]string{"--kubeconfig", api.Kubeconfig}, args...)...)
	c.Stdin = strings.NewReader(stdin)
	out, err := c.CombinedOutput()
	return string(out), err
}

func free(w *workplace) string {
	w.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// servers starts both programs as the chart does, but for what this machine is.
func (w *workplace) servers(api *cluster.Cluster) *servers {
	w.Helper()
	config := api.Config(w)
	config.WarningHandler = rest.NoWarnings{}
	s := &servers{workplace: w, api: api, space: w.values["TEAM"], planted: map[string]bool{}, pids: map[string]int{}, logs: map[string]*buffer{}, side: map[string]string{},
		tmp: w.TempDir(), set: kubernetes.NewForConfigOrDie(config), objects: dynamic.NewForConfigOrDie(config),
		webhook: free(w), hook: free(w), page: free(w)}
	s.address, s.ca = s.refuses()
	s.caFile = filepath.Join(w.TempDir(), "ca.crt")
	if err := os.WriteFile(s.caFile, []byte(s.ca), 0o600); err != nil {
		w.Fatal(err)
	}
	objects := chart.Render(w, "controller.enabled=true", "controller.page=true", "watch.secrets=true", "drainSeconds=0", "log.level=debug")
	objects.Apply(w, api, append(append([]string(nil), chart.Rights...), chart.Policies...)...)
	service := &core.Service{ObjectMeta: metav1.ObjectMeta{Name: "tiphys-webhook", Namespace: chart.Namespace}, Spec: core.ServiceSpec{Type: core.ServiceTypeExternalName, ExternalName: "localhost"}}
	if _, err := s.set.CoreV1().Services(chart.Namespace).Create(w.Context(), service, metav1.CreateOptions{}); err != nil {
		w.Fatal(err)
	}
	s.start("tiphys-webhook", testbin.Webhook(w), append(objects.Arguments(w, "tiphys-webhook"), "--address="+s.webhook, "--audit=3s"))
	s.start(chart.Controller, testbin.Controller(w), append(objects.Arguments(w, chart.Controller), "--hook-address="+s.hook, "--page-address="+s.page, "--allow-local-sources", "--leader-elect=false"))
	_, port, _ := net.SplitHostPort(s.webhook)
	for _, kind := range []string{"ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"} {
		objects[kind+"/tiphys-webhook"] = chart.Object(w, regexp.MustCompile(`port: 443\b`).ReplaceAllString(objects.Manifest(w, kind+"/tiphys-webhook"), "port: "+port))
		objects.Apply(w, api, kind)
	}
	return s
}

// start runs a program with a token that is a canary.
func (s *servers) start(account, program string, args []string) {
	s.Helper()
	token := chart.Token(s, s.api, account)
	s.cage.add("the token of "+account, signature(token))
	s.side[account] = free(s.workplace)
	c := exec.Command(program, append(args, "--metrics-address="+s.side[account], "--kubeconfig="+chart.Kubeconfig(s, s.api, token))...)
	// Nobody gives notifications an authority to trust.
	c.Env = append(os.Environ(), "TMPDIR="+s.tmp, "HOME="+s.tmp, "SSL_CERT_FILE="+s.caFile)
	log := &buffer{}
	c.Stdout, c.Stderr = log, log
	if err := c.Start(); err != nil {
		s.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { c.Wait(); close(ended) }()
	s.Cleanup(func() { c.Process.Kill(); <-ended })
	s.logs[account], s.pids[account] = log, c.Process.Pid
	cluster.Until(s, func() error {
		select {
		case <-ended:
			s.Fatalf("%s ended: %s", account, log.bytes())
		default:
		}
		_, err := s.get("http://" + s.side[account] + "/readyz")
		return err
	})
}

var plainClient = &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}

func (s *servers) get(address string) ([]byte, error) {
	a, err := plainClient.Get(address)
	if err != nil {
		return nil, err
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	if err == nil && a.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", address, a.Status, text)
	}
	return text, err
}

// keep makes a Secret that is to hold what it holds.
func (s *servers) keep(name string, data map[string]string) {
	s.Helper()
	s.planted["Secret "+s.space+"/"+name] = true
	if _, err := s.set.CoreV1().Secrets(s.space).Create(s.Context(), &core.Secret{ObjectMeta: metav1.ObjectMeta{Name: name}, StringData: data}, metav1.CreateOptions{}); err != nil {
		s.Fatal(err)
	}
}

// refuses is a forge, registry and whatever else is asked over TLS: it lets nobody
// in.
func (s *servers) refuses() (address, ca string) {
	t := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.seen.Store(strings.SplitN(r.URL.Path, "/", 3)[1], true)
		w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
		http.Error(w, "no", http.StatusUnauthorized)
	}))
	s.Cleanup(t.Close)
	return t.URL, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: t.Certificate().Raw}))
}

// promote has the controller use a secret of each sort, where it is right and
// where it is not.
func (s *servers) promote() {
	s.Helper()
	address, ca := s.address, s.ca
	git := s.cage.plant("the token of a git source")
	s.keep("git", map[string]string{"token": git, "ca.crt": ca})
	s.keep("registry", map[string]string{"username": "ada", "password": s.values["REGISTRY"]})
	s.keep("badregistry", map[string]string{"username": "ada", "password": s.cage.plant("the password of an OCI source"), "ca.crt": ca})
	s.keep("helm", map[string]string{"username": "ada", "password": s.cage.plant("the password of a Helm source"), "ca.crt": ca})
	s.keep("ssh", map[string]string{"identity": "-----BEGIN OPENSSH PRIVATE KEY-----\n" + s.cage.plant("an SSH key") + "\n-----END OPENSSH PRIVATE KEY-----\n", "known_hosts": "h ssh-ed25519 x"})
	s.keep("age", map[string]string{"age.txt": s.key.String()})
	s.keep("badage", map[string]string{"age.txt": "AGE-SECRET-KEY-1" + s.cage.plant("an age key that is none")})
	s.keep("notify", map[string]string{"url": address + "/notify/" + s.cage.plant("the URL of notifications")})
	s.keep("badnotify", map[string]string{"url": "http://[" + s.cage.plant("the URL of notifications that is none") + "/"})
	s.keep("hook", map[string]string{"token": s.cage.plant("the token of a hook")})
	s.keep("forge", map[string]string{"token": s.cage.plant("the token of a forge")})
	s.keep("kubeconfig", map[string]string{"kubeconfig": read(s.workplace, s.values["BADKUBE"])})
	s.keep("badkubeconfig", map[string]string{"kubeconfig": "users: [{user: {token: \"" + s.cage.plant("a kubeconfig that is none") + "\n"})

	local := "git: {url: " + s.dir + ", path: charts/etl}"
	told := "  notify: [{secret: {name: notify}}, {secret: {name: badnotify}}]\n"
	all := map[string]string{
		"good":    "  source: {" + local + ", interval: 5s, hook: {name: hook}}\n  decryption: [{name: age}]\n" + told + "  environments: [{name: dev, serviceAccount: deployer}]\n",
		"nokey":   "  source: {" + local + "}\n  decryption: [{name: badage}]\n" + told + "  environments: [{name: dev, serviceAccount: deployer}]\n",
		"leaks":   "  source: {git: {url: " + s.dir + ", path: charts/bad}}\n  decryption: [{name: age}]\n" + told + "  environments: [{name: dev, serviceAccount: deployer}]\n",
		"remote":  "  source: {" + local + "}\n  decryption: [{name: age}]\n" + told + "  environments: [{name: dev, kubeconfig: {name: kubeconfig}}]\n",
		"remote2": "  source: {" + local + "}\n  decryption: [{name: age}]\n" + told + "  environments: [{name: dev, kubeconfig: {name: badkubeconfig}}]\n",
		"git":     "  source: {git: {url: \"" + address + "/git/etl.git\"}, secret: {name: git}}\n  environments: [{name: dev, serviceAccount: deployer}]\n",
		"ssh":     "  source: {git: {url: \"ssh://git@" + strings.TrimPrefix(address, "https://") + "/etl.git\"}, secret: {name: ssh}}\n  environments: [{name: dev, serviceAccount: deployer}]\n",
		"oci":     "  source: {oci: {url: \"oci://" + s.values["HOST"] + "/data/nope\", plainHTTP: true}, secret: {name: registry}}\n  environments: [{name: dev, serviceAccount: deployer}]\n",
		"oci2":    "  source: {oci: {url: \"oci://" + strings.TrimPrefix(address, "https://") + "/data/etl\"}, secret: {name: badregistry}}\n  environments: [{name: dev, serviceAccount: deployer}]\n",
		"helm":    "  source: {helm: {url: \"" + address + "/helm\", chart: etl}, secret: {name: helm}}\n  environments: [{name: dev, serviceAccount: deployer}]\n",
		"pins": "  source: {" + local + "}\n  decryption: [{name: age}]\n  pins: {url: \"" + address + "/pins/etl.git\", secret: {name: git}, pullRequest: {forge: github, api: \"" + address + "/api\", token: {name: forge, key: token}}}\n" +
			"  environments: [{name: dev}]\n",
	}
	for name, spec := range all {
		s.kubectl(s.api, "apiVersion: tiphys.dev/v1alpha1\nkind: Promotion\nmetadata: {name: "+name+", namespace: "+s.space+"}\nspec:\n  release: "+name+"\n"+spec, "apply", "-f", "-")
	}
	for name := range all {
		cluster.Until(s, func() error { return s.told(name) })
	}
	for _, body := range []string{"", s.cage.plant("the body of a hook")} {
		r, _ := http.NewRequest(http.MethodPost, "http://"+s.hook+"/hook/"+s.space+"/good", strings.NewReader(body))
		r.Header.Set("X-Gitlab-Token", s.cage.plant("a wrong token of a hook"))
		if a, err := plainClient.Do(r); err == nil {
			text, _ := io.ReadAll(a.Body)
			a.Body.Close()
			s.cage.check("the answer of the hook", text)
		}
	}
	cluster.Until(s, func() error {
		for _, what := range []string{"git", "helm", "notify", "pins", "v2"} {
			if _, ok := s.seen.Load(what); !ok {
				return fmt.Errorf("nobody came for %s, so its secret was not used", what)
			}
		}
		return nil
	})
}

// told returns nil once something has become of a promotion: well or badly.
func (s *servers) told(name string) error {
	o, err := s.objects.Resource(schema.GroupVersionResource{Group: "tiphys.dev", Version: "v1alpha1", Resource: "promotions"}).Namespace(s.space).Get(s.Context(), name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	state, _, _ := unstructured.NestedSlice(o.Object, "status", "environments")
	for _, e := range state {
		switch e.(map[string]any)["state"] {
		case "Verified", "Failed", "Proposed":
			s.Logf("%s: %v", name, e)
			return nil
		}
	}
	all, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	for _, c := range all {
		if c := c.(map[string]any); c["status"] == "False" && c["type"] == "Ready" || c["type"] == "Stalled" && c["status"] == "True" {
			s.Logf("%s: %v: %v", name, c["reason"], c["message"])
			return nil
		}
	}
	return fmt.Errorf("nothing has become of promotion %s: %v", name, o.Object["status"])
}

// admit has the webhook look at workflows with secrets in them, and be asked what
// it does not understand.
func (s *servers) admit() {
	s.Helper()
	s.kubectl(s.api, "apiVersion: tiphys.dev/v1alpha1\nkind: WorkflowPolicy\nmetadata: {name: watched}\nspec: {match: {namespaces: ["+s.space+"]}, rules: {secret-literal: warn, deadline-missing: warn}, defaults: {spec: {activeDeadlineSeconds: 60}}}", "apply", "-f", "-")
	leaky := strings.Replace(s.values["LEAKY"], "name: leaky", "name: leaky\n  namespace: "+s.space, 1)
	s.planted["Workflow "+s.space+"/leaky"] = true
	cluster.Until(s, func() error {
		out, err := s.tryKubectl(s.api, leaky, "apply", "-f", "-")
		s.cage.check("a warning of the webhook", []byte(out))
		if err == nil && !strings.Contains(out, "secret-literal") {
			s.tryKubectl(s.api, "", "-n", s.space, "delete", "workflow", "leaky")
			return errors.New("nobody warns of a secret: " + out)
		}
		return err
	})
	s.kubectl(s.api, "apiVersion: tiphys.dev/v1alpha1\nkind: WorkflowPolicy\nmetadata: {name: strict}\nspec: {match: {namespaces: ["+s.space+"]}, rules: {secret-literal: deny}}", "apply", "-f", "-")
	cluster.Until(s, func() error {
		out, err := s.tryKubectl(s.api, strings.Replace(leaky, "name: leaky", "name: denied", 1), "create", "-f", "-")
		s.cage.check("a denial of the webhook", []byte(out))
		if err == nil {
			s.tryKubectl(s.api, "", "-n", s.space, "delete", "workflow", "denied")
			return errors.New("a secret in the clear is let in: " + out)
		}
		return nil
	})
	word := s.cage.plant("a request that is not understood")
	for _, path := range []string{"/validate", "/mutate", "/runs", "/" + word} {
		for _, body := range []string{word, `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","kind":{"group":"argoproj.io","version":"v1alpha1","kind":"Workflow"},"operation":"CREATE","object":{"spec":"` + word + `"}}}`,
			`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","kind":{"group":"argoproj.io","version":"v1alpha1","kind":"Workflow"},"operation":"CREATE","object":{"metadata":{"name":"x"},"spec":{"entrypoint":"main","templates":[{"name":"main","container":{"image":"a:1","env":[{"name":"PASSWORD","value":"` + word + `"},{"name":"T","value":{"` + word + `":1}}]}}]}}}}`} {
			a, err := plainClient.Post("https://"+s.webhook+path, "application/json", strings.NewReader(body))
			if err != nil {
				s.Fatal(err)
			}
			text, _ := io.ReadAll(a.Body)
			a.Body.Close()
			s.cage.check("an answer of the webhook to "+path, text)
		}
	}
	// The audit tells of what it has found in a status and by Events.
	cluster.Until(s, func() error {
		o, err := s.objects.Resource(schema.GroupVersionResource{Group: "tiphys.dev", Version: "v1alpha1", Resource: "workflowpolicies"}).Get(s.Context(), "strict", metav1.GetOptions{})
		if err != nil {
			return err
		}
		if text := fmt.Sprint(o.Object["status"]); !strings.Contains(text, "secret-literal") {
			return fmt.Errorf("the audit has not told of the secret: %s", text)
		}
		return nil
	})
}

// read looks at what is served: metrics, and the page to who has a token and to
// who has none.
func (s *servers) read() {
	s.Helper()
	for name, side := range s.side {
		for _, path := range []string{"/metrics", "/readyz", "/healthz"} {
			text, err := s.get("http://" + side + path)
			if err != nil {
				s.Error(err)
			}
			s.cage.check(path+" of "+name, text)
		}
		line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", s.pids[name]))
		if err != nil {
			s.Error(err)
		}
		s.cage.check("the command line of "+name, line)
	}
	token := chart.Token(s, s.api, chart.Controller)
	s.cage.add("the token of who looks at the page", signature(token))
	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Timeout: 10 * time.Second, Jar: jar}
	visit := func(a *http.Response, err error) {
		if err != nil {
			s.Error(err)
			return
		}
		defer a.Body.Close()
		text, _ := io.ReadAll(a.Body)
		s.cage.check("the page "+a.Request.URL.Path, text)
		s.cage.check("a header of the page "+a.Request.URL.Path, []byte(fmt.Sprint(a.Header, a.Request.URL)))
	}
	login := "http://" + s.page + "/login"
	visit(browser.PostForm(login, url.Values{"token": {s.cage.plant("a token of the page that is not valid")}}))
	visit(browser.PostForm(login, url.Values{"token": {token}, "next": {"/"}}))
	for _, path := range []string{"/", "/p/" + s.space + "/good", "/p/" + s.space + "/leaks", "/p/" + s.space + "/nope", "/nope"} {
		visit(browser.Get("http://" + s.page + path))
	}
	for _, c := range jar.Cookies(&url.URL{Scheme: "http", Host: s.page, Path: "/"}) {
		s.cage.check("a cookie", []byte(c.Value))
	}
}
