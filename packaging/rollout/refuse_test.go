package rollout

import (
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	admission "k8s.io/api/admission/v1"
	registration "k8s.io/api/admissionregistration/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// A door is an admission webhook for the ConfigMaps of a namespace.
type door struct {
	configuration string
	denies        string // why; "" lets in
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var review admission.AdmissionReview
	_ = json.NewDecoder(r.Body).Decode(&review)
	review.Response = &admission.AdmissionResponse{UID: review.Request.UID, Allowed: d.denies == "", Result: &metav1.Status{Message: d.denies}}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(review)
}

// door puts one in front of the namespace; down cuts it off.
func (e *env) door(t *testing.T) (d *door, down func()) {
	t.Helper()
	d = &door{configuration: e.namespace}
	server := httptest.NewTLSServer(d)
	t.Cleanup(server.Close)
	all := e.set.AdmissionregistrationV1().ValidatingWebhookConfigurations()
	_, err := all.Create(t.Context(), &registration.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: d.configuration},
		Webhooks: []registration.ValidatingWebhook{{
			Name: "door.example.com", FailurePolicy: ptr.To(registration.Fail), SideEffects: ptr.To(registration.SideEffectClassNone),
			AdmissionReviewVersions: []string{"v1"}, TimeoutSeconds: ptr.To(int32(2)),
			ClientConfig:      registration.WebhookClientConfig{URL: ptr.To(server.URL), CABundle: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})},
			NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{core.LabelMetadataName: e.namespace}},
			Rules: []registration.RuleWithOperations{{
				Operations: []registration.OperationType{registration.Create, registration.Update},
				Rule:       registration.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"configmaps"}},
			}},
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return d, func() { server.CloseClientConnections(); server.Close() }
}

func (e *env) noDoor(t *testing.T, d *door) {
	t.Helper()
	err := e.set.AdmissionregistrationV1().ValidatingWebhookConfigurations().Delete(t.Context(), d.configuration, metav1.DeleteOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// changed is a package like that of files whose ConfigMap is another.
func (e *env) changed(t *testing.T, host string) *Job {
	files := e.files(t, "etl:1")
	files["charts/etl/templates/config.yaml"] = strings.ReplaceAll(files["charts/etl/templates/config.yaml"], "warehouse", host)
	return e.job(t, pack(t, files))
}

// once tries until the API server has heard of a change of its configuration.
func (e *env) once(t *testing.T, j *Job, is func(error) bool) (*Done, error) {
	t.Helper()
	for {
		done, err := j.Deploy(t.Context())
		if is(err) {
			return done, err
		}
	}
}

// A webhook that is down for longer than history has places costs one of them.
func testWebhookDown(t *testing.T, e *env) {
	for _, host := range []string{"one", "two", "three"} {
		roll(t, e.changed(t, host))
	}
	d, down := e.door(t)
	down()
	j := e.changed(t, "four")
	for range 12 {
		done, err := j.Deploy(t.Context())
		if err == nil || isFinal(err) || !strings.Contains(err.Error(), "failed calling webhook") {
			t.Fatalf("a webhook that is down: %+v, %v", done, err)
		}
	}
	want := []string{"1 superseded prod", "2 superseded prod", "3 deployed prod", "15 failed prod"}
	if got := e.history(t); !slices.Equal(got, want) {
		t.Errorf("while it is down history is %q, want %q", got, want)
	}
	e.noDoor(t, d)
	if done, _ := e.once(t, j, func(err error) bool { return err == nil }); done.Revision < 16 {
		t.Errorf("once it is up: %+v", done)
	}
	got := e.history(t)
	if len(got) != 4 || got[2] != "3 superseded prod" || !strings.HasSuffix(got[3], " deployed prod") {
		t.Errorf("once it is up history is %q", got)
	}
}

// What a policy says no to is final, whatever its words are; that it was tried
// before while the webhook was down, in a namespace with nothing, is forgotten.
func testDenied(t *testing.T, e *env) {
	d, down := e.door(t)
	down()
	j := e.changed(t, "one")
	for range 3 {
		if done, err := j.Deploy(t.Context()); err == nil || isFinal(err) {
			t.Fatalf("a webhook that is down: %+v, %v", done, err)
		}
	}
	if got := e.history(t); !slices.Equal(got, []string{"3 failed prod"}) {
		t.Errorf("while it is down history is %q", got)
	}
	e.noDoor(t, d)
	d, _ = e.door(t)
	d.denies = "no host one: dial tcp: connection refused"
	done, err := e.once(t, j, func(err error) bool { return !strings.Contains(err.Error(), "failed calling") })
	if !isFinal(err) || !strings.Contains(err.Error(), `denied the request: no host one`) || done == nil {
		t.Errorf("what is denied: %+v, %v", done, err)
	}
	d.denies = ""
	done = roll(t, j)
	if got := e.history(t); len(got) != 1 || !strings.HasSuffix(got[0], " deployed prod") {
		t.Errorf("deployed as %+v, history is %q", done, got)
	}
}

// A quota that is used up may have room later.
func testQuota(t *testing.T, e *env) {
	one := resource.MustParse("1")
	quota := &core.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "few"}, Spec: core.ResourceQuotaSpec{Hard: core.ResourceList{core.ResourceConfigMaps: one}}}
	quota, err := e.set.CoreV1().ResourceQuotas(e.namespace).Create(t.Context(), quota, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	// The controller that counts does not run here.
	quota.Status = core.ResourceQuotaStatus{Hard: quota.Spec.Hard, Used: core.ResourceList{core.ResourceConfigMaps: one}}
	if _, err := e.set.CoreV1().ResourceQuotas(e.namespace).UpdateStatus(t.Context(), quota, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	j := e.changed(t, "one")
	_, err = e.once(t, j, func(err error) bool { return !strings.Contains(err.Error(), "status unknown for quota") })
	if isFinal(err) || !errors.Is(err, ErrCrowded) || !strings.Contains(err.Error(), "exceeded quota: few") {
		t.Errorf("a quota that is used up: %v", err)
	}
	if err := e.set.CoreV1().ResourceQuotas(e.namespace).Delete(t.Context(), "few", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	e.once(t, j, func(err error) bool { return err == nil })
	if got := e.history(t); len(got) != 1 || !strings.HasSuffix(got[0], " deployed prod") {
		t.Errorf("history is %q", got)
	}
}
