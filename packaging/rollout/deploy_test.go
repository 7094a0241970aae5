package rollout

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"filippo.io/age"
	coordination "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/packaging/release"
	"github.com/tiphys-dev/tiphys/packaging/secrets"
	"github.com/tiphys-dev/tiphys/test/cluster"
	"github.com/tiphys-dev/tiphys/test/kill"
)

func isFinal(err error) bool {
	var refused *release.Refused
	return errors.As(err, &refused)
}

func testDeploy(t *testing.T, e *env) {
	j := e.job(t, pack(t, e.files(t, "etl:1")))
	if now, err := j.Running(t.Context()); now != nil || err != nil {
		t.Errorf("before there is a release: %v, %v", now, err)
	}
	done := roll(t, j)
	if done.Revision != 1 || done.Already || done.Release != "etl" || done.Namespace != e.namespace || time.Since(done.At) > time.Minute {
		t.Errorf("got %+v", done)
	}
	now, err := j.Running(t.Context())
	if err != nil || now.Revision != 1 || now.Digest != j.Package.Digest() || now.Environment != "prod" || now.Status != "deployed" || !now.Updated.Equal(done.At) {
		t.Errorf("running: %+v, %v", now, err)
	}
	if got := e.secret(t, "warehouse", "password"); got != canary {
		t.Errorf("the secret holds %q", got)
	}
	again := roll(t, j)
	if again.Revision != 1 || !again.Already || !again.At.Equal(done.At) {
		t.Errorf("again: %+v", again)
	}
	j.Release, j.Namespace = "etl", e.namespace
	if again := roll(t, j); !again.Already {
		t.Errorf("once more: %+v", again)
	}
	if problem, err := j.Health(t.Context()); problem != "" || err != nil {
		t.Errorf("health: %q, %v", problem, err)
	}
	if got := e.history(t); !slices.Equal(got, []string{"1 deployed prod"}) {
		t.Errorf("history: %v", got)
	}

	// A revision is of its own time, and not of that of the one before.
	long := []byte(`{"metadata":{"labels":{"createdAt":"1000000000","modifiedAt":"1000000000"}}}`)
	if _, err := e.set.CoreV1().Secrets(e.namespace).Patch(t.Context(), "sh.helm.release.v1.etl.v1", types.MergePatchType, long, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	next := roll(t, e.job(t, pack(t, e.files(t, "etl:2"))))
	if next.Revision != 2 || time.Since(next.At) > time.Minute {
		t.Errorf("the next one: %+v", next)
	}
}

func testAtOnce(t *testing.T, e *env) {
	p := pack(t, e.files(t, "etl:1"))
	var made, late atomic.Int64
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			cluster.Until(t, func() error { // as a controller, that comes again
				done, err := e.job(t, p).Deploy(t.Context())
				switch {
				case err != nil && isFinal(err):
					t.Errorf("a final error: %v", err)
					return nil
				case err != nil:
					return err
				case done.Already:
					late.Add(1)
				default:
					made.Add(1)
				}
				return nil
			})
		})
	}
	all.Wait()
	if made.Load() != 1 || late.Load() != 15 {
		t.Errorf("%d made a revision and %d found it", made.Load(), late.Load())
	}
	if got := e.history(t); !slices.Equal(got, []string{"1 deployed prod"}) {
		t.Errorf("history: %v", got)
	}
}

func testOn(t *testing.T, e *env) {
	one, two := pack(t, e.files(t, "etl:1")), pack(t, e.files(t, "etl:2"))
	j, next := e.job(t, one), e.job(t, two)
	roll(t, j)
	// Helm hands the labels of a record on to the next one, its time included.
	if _, err := e.set.CoreV1().Secrets(e.namespace).Patch(t.Context(), "sh.helm.release.v1.etl.v1", types.MergePatchType, []byte(`{"metadata":{"labels":{"modifiedAt":"1000"}}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	if done := roll(t, next); done.Already || done.Revision != 2 || time.Since(done.At) > time.Hour {
		t.Errorf("another package: %+v", done)
	}
	other := e.job(t, two)
	other.Environment = "dev"
	if done := roll(t, other); done.Already || done.Revision != 3 {
		t.Errorf("another environment: %+v", done)
	}
	if done := roll(t, j); done.Already || done.Revision != 4 {
		t.Errorf("back: %+v", done)
	}
	if done := roll(t, j); !done.Already || done.Revision != 4 {
		t.Errorf("back again: %+v", done)
	}
	if now, err := j.Running(t.Context()); err != nil || now.Digest != one.Digest() {
		t.Errorf("running: %+v, %v", now, err)
	}
	if text := e.everything(t)["/apis/argoproj.io/v1alpha1/namespaces/%s/workflowtemplates"]; !strings.Contains(text, "etl:1") {
		t.Errorf("the template is not that of the first package: %s", text)
	}
}

// breaking is a configuration of a client that calls do after its n-th write.
func breaking(c *rest.Config, n int, do func()) (*rest.Config, *atomic.Int64) {
	c = rest.CopyConfig(c)
	wrap, count := kill.After(n, do)
	c.Wrap(wrap)
	return c, count
}

func testCut(t *testing.T, e *env) {
	one, two := pack(t, e.files(t, "etl:1")), pack(t, e.files(t, "etl:2"))
	for n, more := 1, true; more; n++ {
		p := one
		if n%2 == 0 {
			p = two
		}
		ctx, cancel := context.WithCancel(t.Context())
		j := e.job(t, p)
		var count *atomic.Int64
		j.Config, count = breaking(e.config, n, cancel)
		_, err := j.Deploy(ctx)
		cancel()
		if err != nil && (isFinal(err) || !errors.Is(err, context.Canceled)) {
			t.Errorf("cut off at write %d: %v", n, err)
		}
		more = int(count.Load()) >= n
		j.Config = e.config
		roll(t, j)
		if done := roll(t, j); !done.Already {
			t.Errorf("cut off at write %d, it is never done: %+v", n, done)
		}
		e.oneDeployed(t, n)
	}
}

// oneDeployed checks that one revision is deployed, and that history has no
// attempts beside what came of them.
func (e *env) oneDeployed(t *testing.T, n int) {
	t.Helper()
	all, err := release.OpenConfig(e.config, e.namespace).History(t.Context(), "etl")
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range all {
		last := i == len(all)-1
		if last != (r.Status == deployed) || !last && r.Status != "superseded" || i > 0 && all[i-1].Digest == r.Digest {
			t.Errorf("ended at write %d, history is %q", n, e.history(t))
			break
		}
	}
}

func testHeld(t *testing.T, e *env) {
	files := e.files(t, "etl:1")
	files["charts/etl/templates/wf.yaml"] = strings.Replace(files["charts/etl/templates/wf.yaml"], "entrypoint: main", "entrypoint: mian", 1)
	_, err := e.job(t, pack(t, files)).Deploy(t.Context())
	if !errors.Is(err, ErrHeld) || !isFinal(err) || !strings.Contains(err.Error(), "charts/etl/templates/wf.yaml:5:") || strings.Contains(err.Error(), os.TempDir()) {
		t.Errorf("a finding: %v", err)
	}
	j := e.job(t, pack(t, e.files(t, "etl")))
	j.FailOn = lint.Info
	if _, err := j.Deploy(t.Context()); !errors.Is(err, ErrHeld) || !strings.Contains(err.Error(), "more") {
		t.Errorf("a strict job: %v", err)
	}
	leak := e.files(t, "etl:1")
	leak["charts/etl/templates/config.yaml"] += "  password: {{ .Values.warehouse.password }}\n"
	leak["charts/etl/templates/config.yaml"] = strings.Replace(leak["charts/etl/templates/config.yaml"], "data: {host: warehouse, environment: {{ .Release.Namespace }}}", "data:", 1)
	j = e.job(t, pack(t, leak))
	j.Lint.Severity = map[string]lint.Severity{"secret-leaked": lint.Off}
	if _, err := j.Deploy(t.Context()); !errors.Is(err, ErrHeld) || strings.Contains(err.Error(), canary) {
		t.Errorf("a secret outside of a Secret: %v", err)
	}
	e.nothing(t)
}

// nothing checks that nothing was written.
func (e *env) nothing(t *testing.T) {
	t.Helper()
	for where := range e.everything(t) {
		if !strings.HasPrefix(where, "/api") {
			t.Errorf("%s is there", where)
		}
	}
}

func testBroken(t *testing.T, e *env) {
	tampered := e.files(t, "etl:1")
	const name = "environments/prod/etl/secrets.yaml"
	tampered[name] = tamper(tampered[name])
	failing := e.files(t, "etl:1")
	failing["charts/etl/templates/config.yaml"] = `{{ fail "no such thing" }}`
	for sentence, c := range map[string]struct {
		files map[string]string
		env   string
		want  string
	}{
		"tampered with":   {tampered, "prod", `open ` + name + `: "warehouse.password" was changed, or moved here`},
		"no environment":  {e.files(t, "etl:1"), "prdo", `the package has no environment "prdo"; did you mean "prod"?; it has dev, prod`},
		"a template that": {failing, "prod", "no such thing"},
	} {
		j := e.job(t, pack(t, c.files))
		j.Environment = c.env
		done, err := j.Deploy(t.Context())
		if done != nil || !isFinal(err) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), os.TempDir()) {
			t.Errorf("%s: %v", sentence, err)
		}
	}
	e.nothing(t)
}

func testKeys(t *testing.T, e *env) {
	t.Run("host keys are not tried", func(t *testing.T) {
		other, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		for sentence, keys := range map[string][][]byte{"none": nil, "another": {[]byte(other.String())}} {
			j := e.job(t, pack(t, e.files(t, "etl:1")))
			j.Keys = keys
			_, err := j.Deploy(t.Context())
			var key *secrets.KeyError
			want := `open environments/prod/etl/secrets.yaml of environment "prod": no key that was given opens it; it is encrypted for ` + e.key.Recipient().String()
			if !errors.As(err, &key) || isFinal(err) || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("%s: %v", sentence, err)
			}
		}
		j := e.job(t, pack(t, e.files(t, "etl:1")))
		j.Keys = [][]byte{[]byte("AGE-SECRET-KEY-1NOTHING")}
		if _, err := j.Deploy(t.Context()); err == nil || isFinal(err) || !strings.Contains(err.Error(), "line 1 of key file 1 of 1 is no age key") || strings.Contains(err.Error(), "1NOTHING") {
			t.Errorf("a bad key: %v", err)
		}
	})
	e.nothing(t)
}

func testPassing(t *testing.T, e *env) {
	proxy := e.Proxy(t)
	j := e.job(t, pack(t, e.files(t, "etl:1")))
	j.Config = proxy.Through(e.config)
	proxy.Cut()
	if _, err := j.Deploy(t.Context()); err == nil || isFinal(err) {
		t.Errorf("the cluster is away: %v", err)
	}
	proxy.Pass()
	// Somebody elsewhere renews a lease.
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	lease := &coordination.Lease{ObjectMeta: metav1.ObjectMeta{Name: "tiphys.v1.etl"}, Spec: coordination.LeaseSpec{
		HolderIdentity: ptr.To("ci@elsewhere/1/1/abc/def"), LeaseDurationSeconds: ptr.To(int32(15)), RenewTime: &metav1.MicroTime{Time: time.Now()},
	}}
	leases := e.set.CoordinationV1().Leases(e.namespace)
	lease, err := leases.Create(ctx, lease, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for tick := time.NewTicker(200 * time.Millisecond); ctx.Err() == nil; <-tick.C {
			lease.Spec.RenewTime = &metav1.MicroTime{Time: time.Now()}
			if next, err := leases.Update(ctx, lease, metav1.UpdateOptions{}); err == nil {
				lease = next
			}
		}
	}()
	_, err = j.Deploy(t.Context())
	var locked *release.Locked
	if !errors.As(err, &locked) || isFinal(err) || !strings.Contains(err.Error(), "is being worked on by ci@elsewhere") || strings.Contains(err.Error(), "--unlock") {
		t.Errorf("a lock: %v", err)
	}
}

func testReady(t *testing.T, e *env) {
	files := e.files(t, "etl:1")
	files["charts/etl/templates/api.yaml"] = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\nspec:\n  selector: {matchLabels: {app: api}}\n" +
		"  template:\n    metadata: {labels: {app: api}}\n    spec: {containers: [{name: api, image: \"api:1\"}]}\n"
	j := e.job(t, pack(t, files))
	j.Timeout = time.Second
	done, err := j.Deploy(t.Context()) // nothing becomes ready where no controllers run
	if !isFinal(err) || !strings.Contains(err.Error(), `not ready after 1s: Deployment "api"`) || done == nil || done.Revision != 1 {
		t.Errorf("got %+v, %v", done, err)
	}
	if problem, err := j.Health(t.Context()); err != nil || !strings.Contains(problem, `revision 1 failed: `) {
		t.Errorf("health: %q, %v", problem, err)
	}
	if _, err := j.Drift(t.Context(), nil); !errors.Is(err, release.ErrNotDeployed) || isFinal(err) {
		t.Errorf("drift of what failed: %v", err)
	}
	hook := e.files(t, "etl:1")
	hook["charts/etl/templates/hook.yaml"] = "apiVersion: v1\nkind: Pod\nmetadata: {name: hook, annotations: {helm.sh/hook: pre-upgrade}}\nspec: {containers: [{name: a, image: \"a:1\"}]}\n"
	j = e.job(t, pack(t, hook))
	j.Timeout = time.Second
	if done, err := j.Deploy(t.Context()); !isFinal(err) || done == nil || done.Revision != 2 {
		t.Errorf("a hook that does not end: %+v, %v", done, err)
	}
}

func testHealth(t *testing.T, e *env) {
	j := e.job(t, pack(t, e.files(t, "etl:1")))
	if problem, err := j.Health(t.Context()); problem != `there is no release "etl"` || err != nil {
		t.Errorf("nothing there: %q, %v", problem, err)
	}
	roll(t, j)
	e.delete(t, "/api/v1/namespaces/%s/secrets/warehouse")
	e.delete(t, "/api/v1/namespaces/%s/configmaps/settings")
	if problem, err := j.Health(t.Context()); problem != `ConfigMap "settings" is missing; Secret "warehouse" is missing` || err != nil {
		t.Errorf("two missing: %q, %v", problem, err)
	}
}

func (e *env) delete(t *testing.T, path string) {
	t.Helper()
	if err := e.set.RESTClient().Delete().AbsPath(fmt.Sprintf(path, e.namespace)).Do(t.Context()).Error(); err != nil {
		t.Fatal(err)
	}
}

func testNowhere(t *testing.T, e *env) {
	j := e.job(t, pack(t, e.files(t, "etl:1")))
	j.Namespace = e.namespace + "-new"
	if done := roll(t, j); done.Namespace != j.Namespace {
		t.Errorf("a new namespace: %+v", done)
	}
	files := e.files(t, "etl:1")
	files["environments/prod/environment.yaml"] = "promotedFrom: dev\n"
	if _, err := e.job(t, pack(t, files)).Deploy(t.Context()); !isFinal(err) || !strings.Contains(err.Error(), `environment "prod" has no namespace`) {
		t.Errorf("no namespace: %v", err)
	}
}

func testEndless(t *testing.T, e *env) {
	files := e.files(t, "etl:1")
	files["charts/etl/templates/config.yaml"] = `{{- range until 1500 }}{{ range until 1500 }}{{ end }}{{ end }}`
	j := e.job(t, pack(t, files))
	j.patience = 20 * time.Millisecond
	if _, err := j.Deploy(t.Context()); !isFinal(err) || !strings.Contains(err.Error(), "it is not done after 20ms") {
		t.Errorf("got %v", err)
	}
	e.nothing(t)
}

func testFindings(t *testing.T, e *env) {
	j := e.job(t, pack(t, e.files(t, "etl")))
	with, err := j.Findings(t.Context())
	if err != nil || len(with) == 0 {
		t.Fatalf("with the key: %v, %v", with, err)
	}
	j.Keys = nil
	without, err := j.Findings(t.Context())
	var key *secrets.KeyError
	if !errors.As(err, &key) || len(without) == 0 {
		t.Errorf("without: %v, %v", without, err)
	}
	j.Config, j.Keys = nil, e.job(t, j.Package).Keys
	if offline, err := j.Findings(t.Context()); err != nil || len(offline) == 0 {
		t.Errorf("without a cluster: %v, %v", offline, err)
	}
	for _, f := range slices.Concat(with, without) {
		if strings.Contains(f.String(), os.TempDir()) {
			t.Errorf("a finding tells of the folder: %s", f)
		}
	}
	tampered := e.files(t, "etl:1")
	const name = "environments/prod/etl/secrets.yaml"
	tampered[name] = tamper(tampered[name])
	var bad *secrets.TamperedError
	if _, err := e.job(t, pack(t, tampered)).Findings(t.Context()); !errors.As(err, &bad) || !isFinal(err) {
		t.Errorf("tampered with: %v", err)
	}
}

func testCanary(t *testing.T, e *env) {
	j := e.job(t, pack(t, e.files(t, "etl:1")))
	roll(t, j)
	next := e.files(t, "etl:2")
	// The API server quotes what it refuses.
	next["charts/etl/templates/more.yaml"] = "apiVersion: v1\nkind: Secret\nmetadata: {name: more}\ntype: kubernetes.io/tls\nstringData: {tls.crt: {{ .Values.warehouse.password }}}\n"
	_, err := e.job(t, pack(t, next)).Deploy(t.Context())
	if err == nil || strings.Contains(err.Error(), canary) {
		t.Errorf("a secret that is refused: %v", err)
	}
	for where, text := range e.everything(t) {
		if where != "Secret/warehouse" && (strings.Contains(text, canary) || strings.Contains(text, base64.StdEncoding.EncodeToString([]byte(canary)))) {
			t.Errorf("the value is in %s", where)
		}
	}
	// What is unpacked holds no value either, and is gone afterwards.
	u, err := j.unpack()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	err = filepath.WalkDir(u.top, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		n++
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), canary) {
			t.Errorf("the value is in %s", path)
		}
		return err
	})
	if err != nil || n == 0 {
		t.Error(n, err)
	}
	u.close()
	if _, err := os.Stat(u.top); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder is left: %v", err)
	}
}

// unzipped returns what a record holds.
func unzipped(t testing.TB, data []byte) string {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(string(data))
	if err != nil {
		return ""
	}
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return ""
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// tamper changes an encrypted value so that it looks as before.
func tamper(text string) string {
	const before = "password: ENC[AES256_GCM,data:"
	at := strings.Index(text, before) + len(before)
	other := "A"
	if text[at] == 'A' {
		other = "B"
	}
	return text[:at] + other + text[at+1:]
}
