package release

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"helm.sh/helm/v3/pkg/kube"
	helm "helm.sh/helm/v3/pkg/release"
	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/resource"
)

// Applied is what the newest revision of a release has applied, as far as its
// record does not tell.
type Applied struct {
	Name string
	// Digest and Environment are of the package that Secrets were rendered of.
	Digest, Environment string
	// Secrets are the manifests of those beside the record. Without them, only
	// one that is not there is seen.
	Secrets []string
	// Never are masked in what is told.
	Never []Never
	// Ignore are fields that may be anything.
	Ignore []Ignored
}

// ErrNotDeployed is in the error when the newest revision is not deployed, so
// that nobody can say what should be there.
var ErrNotDeployed = errors.New("the newest revision is not deployed")

// Drift tells which objects are not any more what the newest revision made
// them. The API server works out what applying them once more would change:
// fields that the chart does not set, and what others add, are nobody's drift.
// Nothing is changed. The error is ErrNotFound, ErrNotDeployed, or ErrChanged
// when the revision is of another package than a.Secrets.
func (c *Client) Drift(ctx context.Context, a Applied) ([]Change, error) {
	never := newNever(a.Never)
	var found []Change
	err := c.unlocked(ctx, a.Name, Options{}, func(s *session) error {
		d, err := s.drifting(a, never)
		if err != nil {
			return err
		}
		for _, one := range d.found {
			found = append(found, one.Change)
		}
		return nil
	})
	return found, c.explain(err, never)
}

// Correct brings back what Drift tells, under the lock of the release, by the
// very requests that Drift has tried. No revision is made. It returns what it
// has corrected.
func (c *Client) Correct(ctx context.Context, a Applied) ([]Change, error) {
	never := newNever(a.Never)
	var done []Change
	err := c.locked(ctx, a.Name, Options{}, func(s *session) error {
		d, err := s.drifting(a, never)
		if err != nil {
			return err
		}
		var refused []error
		for _, one := range d.found {
			if one.Refused != "" {
				refused = append(refused, fmt.Errorf("%s %q: %s", one.Kind, one.Name, one.Refused))
				continue
			}
			if err := s.correct(one); err != nil {
				return errors.Join(append(refused, fmt.Errorf("correct %s %q: %w", one.Kind, one.Name, err))...)
			}
			done = append(done, one.Change)
		}
		if len(refused) > 0 {
			return refuse("correct drift: the cluster would refuse it: %w", errors.Join(refused...))
		}
		return nil
	})
	return done, c.explain(err, never)
}

// A drifted object is one that is not what it was made.
type drifted struct {
	Change
	want   *resource.Info // what to apply; nil for a Secret beside the record
	secret *beside
	live   *core.Secret
}

func (s *session) correct(d *drifted) error {
	if d.secret != nil {
		_, err := d.secret.apply(s.ctx, s.set, d.live)
		return err
	}
	if d.want == nil {
		return refuse("its data is not known: give the keys that open the values of the environment")
	}
	text, err := json.Marshal(d.want.Object)
	if err != nil {
		return err
	}
	client := s.actions().KubeClient.(*patient)
	list, err := client.Build(bytes.NewReader(text), false) // what was built before is tied to dry runs
	if err != nil {
		return err
	}
	for _, want := range list {
		if err := again(client, want); err != nil {
			return byHelm(err)
		}
	}
	return nil
}

// again applies an object as if it was what it is to be.
func again(client *patient, want *resource.Info) error {
	was := *want
	was.Object = want.Object.DeepCopyObject()
	_, err := client.UpdateThreeWayMerge(kube.ResourceList{&was}, kube.ResourceList{want}, false)
	return err
}

// A drifting is one run of Drift.
type drifting struct {
	comparison
	a      Applied
	ignore ignoring
	found  []*drifted
}

func (s *session) drifting(a Applied, never *never) (*drifting, error) {
	d := &drifting{a: a, comparison: comparison{session: s, p: &plan{Spec: Spec{Name: a.Name}, never: never}}}
	var err error
	if d.ignore, err = parseIgnored(a.Ignore); err != nil {
		return nil, err
	}
	if d.p.secrets, err = parseSecrets(a.Secrets, a.Name, s.client.namespace); err != nil {
		return nil, err
	}
	dry, err := s.client.connect(s.ctx, nil, true)
	if err != nil {
		return nil, err
	}
	if d.dry, err = dry.clientset(); err != nil {
		return nil, err
	}
	d.kube = configure(s.ctx, dry, s.store, s.log).KubeClient.(*patient)
	return d, d.run()
}

func (d *drifting) run() error {
	was, err := d.newest()
	switch {
	case err != nil:
		return err
	case was == nil:
		return d.unknown()
	case was.Info.Status != helm.StatusDeployed:
		return &said{fmt.Sprintf("revision %d of release %q is %s, so there is nothing to compare with", was.Version, d.name, was.Info.Status), ErrNotDeployed}
	}
	v, err := loadInventory(d.ctx, d.set, d.client.namespace, d.name)
	if err != nil {
		return err
	}
	m, _ := v.at(was.Version)
	if d.a.Secrets != nil && (m.Digest != d.a.Digest || m.Environment != d.a.Environment) {
		text := fmt.Sprintf("revision %d of release %q is of another package, so its secrets cannot be compared", was.Version, d.name)
		return &said{text, ErrChanged}
	}
	if d.next, err = d.kube.Build(strings.NewReader(was.Manifest), false); err != nil {
		return fmt.Errorf("read the objects of revision %d: %w", was.Version, err)
	}
	if err := d.objects(); err != nil {
		return err
	}
	if d.a.Secrets == nil {
		return d.missing(m)
	}
	return d.secrets()
}

// objects compares those of the record, some at a time.
func (d *drifting) objects() error {
	all := make([]*drifted, len(d.next))
	errs := make([]error, len(d.next))
	next := make(chan int)
	var running sync.WaitGroup
	for range min(workers, len(d.next)) {
		running.Go(func() {
			for i := range next {
				all[i], errs[i] = d.object(d.next[i])
			}
		})
	}
	for i := range d.next {
		next <- i
	}
	close(next)
	running.Wait()
	for i, one := range all {
		if errs[i] != nil {
			return errs[i]
		}
		if one != nil {
			d.found = append(d.found, one)
		}
	}
	return d.ctx.Err()
}

// object returns how an object has drifted, or nil.
func (d *drifting) object(info *resource.Info) (*drifted, error) {
	one := &drifted{Change: changeOf(info), want: info}
	want, ok := info.Object.(*unstructured.Unstructured)
	if !ok {
		return nil, fmt.Errorf("compare %s %q: it is a %T", one.Kind, one.Name, info.Object)
	}
	if err := sign(want, d.name, d.client.namespace); err != nil {
		return nil, fmt.Errorf("%s %q: %w", one.Kind, one.Name, err)
	}
	live, err := resource.NewHelper(info.Client, info.Mapping).Get(info.Namespace, info.Name)
	gone := apierrors.IsNotFound(err)
	switch {
	case gone && passes(want):
		return nil, nil
	case gone:
		live, one.Action = nil, Create
	case err != nil:
		return nil, fmt.Errorf("look at %s %q: %w", one.Kind, one.Name, err)
	default:
		one.Action = Update
		d.allow(one.Change, want.Object, live)
	}
	try := *info
	try.Object = want.DeepCopy()
	if err := again(d.kube, &try); err != nil {
		if unreachable(err) {
			return nil, fmt.Errorf("compare %s %q: %w", one.Kind, one.Name, err)
		}
		d.trouble(&one.Change, err)
	}
	before, after := d.tidied(one.Change, live), d.tidied(one.Change, try.Object)
	maskSecrets(before, after)
	one.Before, one.After = d.text(before), d.text(after)
	if one.Before == one.After && one.Refused == "" {
		return nil, d.ctx.Err()
	}
	return one, d.ctx.Err()
}

// allow makes of an object what it may be: fields that are ignored, and what
// policies have filled in, are as they are.
func (d *drifting) allow(c Change, want map[string]any, live runtime.Object) {
	m, err := meta.Accessor(live)
	is, ok := live.(*unstructured.Unstructured)
	if err != nil || !ok {
		return
	}
	from := is.DeepCopy().Object
	for _, path := range filledIn(m.GetAnnotations()) {
		path.graft(want, from, true)
	}
	for _, path := range d.ignore.of(c) {
		path.graft(want, from, false)
	}
}

func (d *drifting) tidied(c Change, object runtime.Object) map[string]any {
	m := tidy(object)
	if m != nil {
		for _, path := range d.ignore.of(c) {
			path.drop(m)
		}
	}
	return m
}

// missing tells which Secrets beside the record are not there.
func (d *drifting) missing(m made) error {
	for _, id := range m.Secrets {
		namespace, name, _ := strings.Cut(id, "/")
		t := tracked{Namespace: namespace, Name: name}
		_, err := d.set.CoreV1().Secrets(t.Namespace).Get(d.ctx, t.Name, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
			d.found = append(d.found, &drifted{Change: Change{Action: Create, APIVersion: "v1", Kind: "Secret", Namespace: t.Namespace, Name: t.Name, Beside: true}})
		case err != nil:
			return fmt.Errorf("look at secret %s: %w", t, err)
		}
	}
	return nil
}

// secrets compares those beside the record.
func (d *drifting) secrets() error {
	for _, b := range d.p.secrets {
		one, err := d.secret(b)
		if err != nil {
			return err
		}
		if one != nil {
			d.found = append(d.found, one)
		}
	}
	return d.ctx.Err()
}

func (d *drifting) secret(b *beside) (*drifted, error) {
	one := &drifted{Change: Change{Action: Update, APIVersion: "v1", Kind: "Secret", Namespace: b.namespace, Name: b.name, Beside: true}, secret: b}
	live, err := d.set.CoreV1().Secrets(b.namespace).Get(d.ctx, b.name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		one.Action = Create
		one.Before, one.After = d.both(nil, &unstructured.Unstructured{Object: b.object})
		return one, nil
	case err != nil:
		return nil, fmt.Errorf("look at secret %s: %w", b, err)
	}
	one.live = live
	if to, ok := belongs(live, d.name, d.client.namespace); !ok {
		one.Refused = "it is not ours to change any more: " + to
		return one, nil
	}
	paths := d.ignore.of(one.Change)
	for _, path := range paths {
		path.graft(b.object, tidy(live), false)
	}
	now, err := b.apply(d.ctx, d.dry, live)
	var after runtime.Object = live
	switch {
	case err != nil && unreachable(err):
		return nil, err
	case err != nil:
		d.trouble(&one.Change, err)
	default:
		for _, key := range b.stale(live) { // a dry run removes them no more than it applies
			delete(now.Data, key)
		}
		after = now
	}
	was, is := d.tidied(one.Change, live), d.tidied(one.Change, after)
	maskSecrets(was, is)
	if one.Before, one.After = d.text(was), d.text(is); one.Before == one.After && one.Refused == "" {
		return nil, nil
	}
	return one, nil
}
