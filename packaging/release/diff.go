package release

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/kube"
	helm "helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/resource"
	"k8s.io/client-go/kubernetes"
)

// workers is how many objects are compared at a time.
const workers = 8

// Diff tells what Upgrade would change. The API server itself works out what
// would come of each object, from the very requests that Helm would send.
func (c *Client) Diff(ctx context.Context, s Spec) ([]Change, error) {
	p, err := c.plan(s)
	if err != nil {
		return nil, c.explain(err, newNever(s.Never))
	}
	all, _, err := c.diff(ctx, p, Options{})
	return all, c.explain(err, p.never)
}

// dryRun is an upgrade that the API server only goes through the motions of.
func (c *Client) dryRun(ctx context.Context, p *plan, o Options) (*Result, error) {
	all, r, err := c.diff(ctx, p, o)
	if err != nil {
		return r, err
	}
	var refused []error
	for _, change := range all {
		if change.Refused != "" {
			refused = append(refused, fmt.Errorf("%s %q: %s", change.Kind, change.Name, change.Refused))
		}
		switch {
		case change.Beside && change.Action == Delete:
			r.Pruned = append(r.Pruned, change.Namespace+"/"+change.Name)
		case change.Beside:
			r.Applied = append(r.Applied, change.Namespace+"/"+change.Name)
		}
	}
	if len(refused) > 0 {
		return r, refuse("the cluster would refuse it: %w", errors.Join(refused...))
	}
	return r, nil
}

// A comparison is one run of diff.
type comparison struct {
	*session
	p    *plan
	dry  kubernetes.Interface
	kube *patient // on the dry connection
	now  []*resource.Info
	next []*resource.Info

	mu      sync.Mutex
	changes []Change
}

func (c *Client) diff(ctx context.Context, p *plan, o Options) ([]Change, *Result, error) {
	r := &Result{Name: p.Name, Namespace: c.namespace, Notes: p.Notes, DryRun: true}
	var all []Change
	err := c.unlocked(ctx, p.Name, o, func(s *session) error {
		s.store.reading = true
		dry, err := c.connect(ctx, nil, true)
		if err != nil {
			return err
		}
		d := &comparison{session: s, p: p}
		if d.dry, err = dry.clientset(); err != nil {
			return err
		}
		d.kube = configure(ctx, dry, s.store, s.log).KubeClient.(*patient)
		err = d.run(r)
		r.Warnings = dry.warnings.all()
		all = d.changes
		return err
	})
	return all, r, err
}

func (d *comparison) run(r *Result) error {
	was, err := d.last()
	if err != nil {
		return err
	}
	if err := d.client.ready(was, d.p); err != nil {
		return err
	}
	r.Revision, r.Installed = next(was)
	if err := d.secrets(); err != nil {
		return err
	}
	record, err := act(configure(d.ctx, d.conn, d.store, d.log), d.p, d.client.namespace, d.o, r.Installed, true)
	if err != nil && r.Installed && noKind.MatchString(err.Error()) && len(d.p.real.CRDObjects()) > 0 {
		d.unseen()
		return nil
	} else if err != nil {
		return err
	}
	if err := rendered(d.p, record); err != nil {
		return err
	}
	if err := d.build(record); err != nil {
		return err
	}
	if err := d.objects(); err != nil {
		return err
	}
	if err := d.leaving(record); err != nil {
		return err
	}
	d.hooks(record, r.Installed)
	return nil
}

// build makes objects of the manifests of before and after.
func (d *comparison) build(record *helm.Release) error {
	base, err := d.store.storage().Deployed(d.name)
	if errors.Is(err, driver.ErrNoDeployedReleases) {
		base, err = d.last()
	}
	if err != nil {
		return err
	}
	if base != nil && base.Info.Status != helm.StatusUninstalled {
		list, err := d.kube.Build(strings.NewReader(base.Manifest), false)
		if err != nil {
			return fmt.Errorf("read the objects of revision %d: %w", base.Version, err)
		}
		d.now = list
	}
	list, err := d.kube.Build(strings.NewReader(record.Manifest), false)
	if err != nil {
		return err
	}
	d.next = list
	return nil
}

// objects compares each object of the new manifest with the live one.
func (d *comparison) objects() error {
	errs := make(chan error, len(d.next))
	work := make(chan *resource.Info, len(d.next))
	for _, info := range d.next {
		work <- info
	}
	close(work)
	changes := map[*resource.Info]Change{}
	var all sync.WaitGroup
	for range min(workers, len(d.next)) {
		all.Go(func() {
			for info := range work {
				c, err := d.object(info)
				if err != nil {
					errs <- err
					return
				}
				d.mu.Lock()
				changes[info] = c
				d.mu.Unlock()
			}
		})
	}
	all.Wait()
	close(errs)
	for err := range errs {
		return err
	}
	for _, info := range d.next {
		d.changes = append(d.changes, changes[info])
	}
	return nil
}

func (d *comparison) object(info *resource.Info) (Change, error) {
	c := changeOf(info)
	if err := sign(info.Object, d.name, d.client.namespace); err != nil {
		return c, fmt.Errorf("%s %q: %w", c.Kind, c.Name, err)
	}
	live, err := resource.NewHelper(info.Client, info.Mapping).Get(info.Namespace, info.Name)
	if apierrors.IsNotFound(err) {
		c.Action = Create
		if _, err := d.kube.Create(kube.ResourceList{info}); err != nil {
			d.trouble(&c, err)
		}
		c.Before, c.After = d.both(nil, info.Object)
		return c, d.ctx.Err()
	} else if err != nil {
		return c, fmt.Errorf("look at %s %q: %w", c.Kind, c.Name, err)
	}
	before := *info // what is there but was not ours: only what we set counts
	before.Object = info.Object.DeepCopyObject()
	if old := kube.ResourceList(d.now).Get(info); old != nil {
		before = *old
	}
	if _, err := d.kube.Update(kube.ResourceList{&before}, kube.ResourceList{info}, d.o.Force); err != nil {
		d.trouble(&c, err)
	}
	c.Action = Update
	if c.Before, c.After = d.both(live, info.Object); c.Before == c.After && c.Refused == "" {
		c.Action = Same
	}
	return c, d.ctx.Err()
}

// trouble tells what the API server says against an object.
func (d *comparison) trouble(c *Change, err error) {
	text := d.p.never.mask(plainly(err.Error()))
	if m := namespaceMissing.FindStringSubmatch(text); m != nil && d.o.CreateNamespace && m[1] == d.client.namespace {
		c.Note = "not checked, as the namespace is not there yet"
		return
	}
	if hint := d.client.hint(err, text); hint != "" {
		text += "; " + hint
	}
	c.Refused = text
}

func changeOf(info *resource.Info) Change {
	gvk := info.Mapping.GroupVersionKind
	return Change{APIVersion: gvk.GroupVersion().String(), Kind: gvk.Kind, Namespace: info.Namespace, Name: info.Name}
}

// sign says whose an object is, as Helm does.
func sign(object runtime.Object, release, namespace string) error {
	m, err := meta.Accessor(object)
	if err != nil {
		return err
	}
	labels, annotations := maps.Clone(m.GetLabels()), maps.Clone(m.GetAnnotations())
	if labels == nil {
		labels = map[string]string{}
	}
	if annotations == nil {
		annotations = map[string]string{}
	}
	labels[managedBy] = "Helm"
	annotations[helmName], annotations[helmNamespace] = release, namespace
	m.SetLabels(labels)
	m.SetAnnotations(annotations)
	return nil
}

// leaving tells which objects the upgrade would remove.
func (d *comparison) leaving(record *helm.Release) error {
	for _, info := range kube.ResourceList(d.now).Difference(d.next) {
		c := changeOf(info)
		if c.Kind == "Secret" && slices.Contains(ids(d.p.secrets), c.Namespace+"/"+c.Name) {
			continue // it goes on beside the record
		}
		live, err := resource.NewHelper(info.Client, info.Mapping).Get(info.Namespace, info.Name)
		if apierrors.IsNotFound(err) {
			continue
		} else if err != nil {
			return fmt.Errorf("look at %s %q: %w", c.Kind, c.Name, err)
		}
		c.Action = Delete
		if m, err := meta.Accessor(live); err == nil && m.GetAnnotations()[helmPolicy] == "keep" {
			c.Action = Keep
		}
		c.Before, _ = d.both(live, nil)
		d.changes = append(d.changes, c)
	}
	return d.leavingSecrets(record)
}

// hooks tells what would run when.
func (d *comparison) hooks(record *helm.Release, install bool) {
	pre, post := helm.HookPreUpgrade, helm.HookPostUpgrade
	if install {
		pre, post = helm.HookPreInstall, helm.HookPostInstall
	}
	for _, h := range record.Hooks {
		var when []string
		for _, e := range h.Events {
			if e == pre || e == post {
				when = append(when, e.String())
			}
		}
		if len(when) == 0 || d.o.NoHooks {
			continue
		}
		c := objectIn(h.Manifest, d.client.namespace)
		d.changes = append(d.changes, Change{Action: Hook, APIVersion: c.APIVersion, Kind: c.Kind, Namespace: c.Namespace, Name: c.Name, Note: strings.Join(when, ", ")})
	}
}

// unseen lists the objects of a chart that brings the kinds itself: the API
// server cannot say anything about them yet.
func (d *comparison) unseen() {
	for _, name := range slices.Sorted(maps.Keys(d.p.Files)) {
		for _, doc := range documents(d.p.Files[name]) {
			o := objectIn(doc, d.client.namespace)
			d.changes = append(d.changes, Change{Action: Create, APIVersion: o.APIVersion, Kind: o.Kind, Namespace: o.Namespace, Name: o.Name,
				After: d.p.never.mask(doc) + "\n", Note: "not checked, as the chart brings the kinds of its objects itself"})
		}
	}
}

var _ action.RESTClientGetter = (*connection)(nil)
