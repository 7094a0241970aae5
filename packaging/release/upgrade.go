package release

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	helm "helm.sh/helm/v3/pkg/release"
	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A plan is a Spec made ready for Helm.
type plan struct {
	Spec
	real, made *chart.Chart
	secrets    []*beside
	never      *never
}

func validName(name string) error {
	if err := chartutil.ValidateReleaseName(name); err != nil {
		return refuse("%q is no name for a release: it may have small letters, digits, - and ., and %d characters", name, 53)
	}
	return nil
}

func (c *Client) plan(s Spec) (*plan, error) {
	if err := validName(s.Name); err != nil {
		return nil, err
	}
	if s.Chart == nil {
		return nil, errors.New("plan: there is no chart")
	}
	p := &plan{Spec: s, never: newNever(s.Never)}
	var err error
	if p.real, err = realChart(s.Chart, s.Values); err != nil {
		return nil, err
	}
	if p.made, err = madeChart(p.real, s); err != nil {
		return nil, err
	}
	p.secrets, err = parseSecrets(s.Secrets, s.Name, c.namespace)
	return p, err
}

// Upgrade installs or upgrades a release. When ctx ends, so does the upgrade,
// soon and tidily: nothing is left pending.
func (c *Client) Upgrade(ctx context.Context, s Spec, o Options) (*Result, error) {
	p, err := c.plan(s)
	if err != nil {
		return nil, c.explain(err, newNever(s.Never))
	}
	if o.DryRun {
		r, err := c.dryRun(ctx, p, o)
		return r, c.explain(err, p.never)
	}
	if o.CreateNamespace {
		if err := c.ensureNamespace(ctx); err != nil {
			return nil, c.explain(err, p.never)
		}
	}
	r := &Result{Name: s.Name, Namespace: c.namespace, Notes: s.Notes}
	err = c.locked(ctx, s.Name, o, func(x *session) error {
		x.store.made, x.store.real, x.store.never = p.made, p.real, p.never
		defer func() { r.Warnings = append(r.Warnings, x.conn.warnings.all()...) }()
		return x.upgrade(p, r)
	})
	return r, c.explain(err, p.never)
}

func (c *Client) ensureNamespace(ctx context.Context) error {
	n, err := c.connect(ctx, nil, false)
	if err != nil {
		return err
	}
	set, err := n.clientset()
	if err != nil {
		return err
	}
	_, err = set.CoreV1().Namespaces().Get(ctx, c.namespace, metav1.GetOptions{})
	if !apierrors.IsNotFound(err) {
		return nil // it is there, or whoever may not look finds out
	}
	_, err = set.CoreV1().Namespaces().Create(ctx, &core.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: c.namespace, Labels: map[string]string{"name": c.namespace}, // as Helm does
	}}, metav1.CreateOptions{FieldManager: manager})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create namespace %q: %w", c.namespace, err)
	}
	return nil
}

// upgrade does it in an order in which a kill at any place leaves what the
// next run can go on from: what will be there is in the inventory before it
// is, and what is gone leaves it after it is gone.
func (s *session) upgrade(p *plan, r *Result) error {
	was, mended, err := s.mend()
	if err != nil {
		return err
	}
	r.Recovered = mended
	if err := s.once(was, p); err != nil {
		return err
	}
	if err := s.client.ready(was, p); err != nil {
		return err
	}
	r.Revision, r.Installed = next(was)
	live, err := mayApply(s.ctx, s.set, p.secrets, s.name, s.client.namespace)
	if err != nil {
		return err
	}
	if err := s.rehearse(p, r.Installed); err != nil {
		return err
	}
	v, err := loadInventory(s.ctx, s.notes, s.client.namespace, s.name)
	if err != nil {
		return err
	}
	if s.o.Once && was != nil {
		if err := s.sweep(v, was.Version); err != nil { // if whoever made it could not
			return err
		}
		v.fold()
	}
	v.track(p.secrets, r.Revision)
	v.note(made{Revision: r.Revision, Digest: p.Digest, Environment: p.Environment, Time: now(), Secrets: ids(p.secrets)}, s.o.historyMax())
	if err := v.save(s.ctx, s.notes, s.client.namespace, s.name); err != nil {
		return err
	}
	err = s.apply(p, live, r)
	if err == nil {
		err = s.act(p, r)
	}
	if err != nil {
		if s.o.RollbackOnFailure && s.ctx.Err() == nil {
			return s.goBack(p, v, was, live, r, err)
		}
		if s.o.Once && s.ctx.Err() == nil {
			_ = s.sweep(v, r.Revision) // what stays is removed by the next run
		}
		return err
	}
	if err := s.prune(ids(p.secrets), v, r); err != nil || !s.o.Once {
		return err
	}
	return s.sweep(v, r.Revision)
}

// once looks under the lock whether there is nothing to do: whoever held it
// before may have done it.
func (s *session) once(was *helm.Release, p *plan) error {
	if !s.o.Once || was == nil || was.Info.Status != helm.StatusDeployed {
		return nil
	}
	v, err := loadInventory(s.ctx, s.notes, s.client.namespace, s.name)
	if err != nil {
		return err
	}
	if now := revisionOf(was, v); now.Digest == p.Digest && now.Environment == p.Environment {
		return ErrAlready
	}
	return nil
}

// ready refuses what Helm would, with better words, and a release that is not
// any more what the templates were rendered for.
func (c *Client) ready(was *helm.Release, p *plan) error {
	revision, install := next(was)
	if was != nil && was.Info.Status == helm.StatusUninstalling {
		return c.words.halfGone(was.Name)
	}
	// One that was pending when it was rendered for, and is done now, is another
	// release too, though its number is the same.
	done := was != nil && was.Info.Status == helm.StatusDeployed && p.State != nil && p.State.Status != string(helm.StatusDeployed)
	if p.State != nil && (p.State.Revision != revision || p.State.Install != install || done) {
		text := fmt.Sprintf("release %q has changed meanwhile: revision %d was rendered, and the next is %d; run it again", p.Name, p.State.Revision, revision)
		return &Refused{&said{text, ErrChanged}}
	}
	return nil
}

func ids(all []*beside) []string {
	names := make([]string, 0, len(all))
	for _, b := range all {
		names = append(names, b.String())
	}
	return names
}

// rehearse lets Helm check what it would do: whether the kinds are known and
// the objects are not somebody else's. Without the definitions that the chart
// brings itself, it cannot.
func (s *session) rehearse(p *plan, install bool) error {
	if install && len(p.real.CRDObjects()) > 0 {
		return nil
	}
	r, err := act(s.actions(), p, s.client.namespace, s.o, install, true)
	if err != nil {
		return byHelm(err)
	}
	return rendered(p, r)
}

// rendered checks that no Secret is on both sides of the record, and that the
// record may be written.
func rendered(p *plan, r *helm.Release) error {
	for _, doc := range documents(r.Manifest) {
		if id, ok := secretIn(doc, r.Namespace); ok && slices.Contains(ids(p.secrets), id) {
			return refuse("Secret %q is there twice in the chart", id)
		}
	}
	record := *r
	record.Chart = p.real
	if err := p.never.check(&record); err != nil {
		return err
	}
	return fits(&record)
}

func (s *session) apply(p *plan, live []*core.Secret, r *Result) error {
	for i, b := range p.secrets {
		if _, err := b.apply(s.ctx, s.set, live[i]); err != nil {
			return err
		}
		r.Applied = append(r.Applied, b.String())
		s.o.log("applied secret " + b.String())
	}
	return nil
}

// act lets Helm do its part and makes sure that it has written down how it
// ended.
func (s *session) act(p *plan, r *Result) error {
	s.o.log(fmt.Sprintf("applying revision %d", r.Revision))
	_, err := act(s.actions(), p, s.client.namespace, s.o, r.Installed, false)
	record, settled := s.settle(err)
	if record != nil && record.Version == r.Revision {
		r.Status = record.Info.Status.String()
		if err == nil && record.Info.Status != helm.StatusDeployed {
			err = fmt.Errorf("write revision %d as deployed: it is %s", r.Revision, r.Status)
		}
	}
	return errors.Join(byHelm(err), settled)
}

// act runs Helm's install or upgrade. Helm gets no context: it would leave its
// work behind, running. What ends it is the connection.
func act(cfg *action.Configuration, p *plan, namespace string, o Options, install, dry bool) (*helm.Release, error) {
	values := copied(p.Values)
	option := "none"
	if dry {
		option = "server"
	}
	cfg.Releases.MaxHistory = o.historyMax()
	if install {
		i := action.NewInstall(cfg)
		i.ReleaseName, i.Namespace, i.Replace = p.Name, namespace, true
		i.Wait, i.WaitForJobs, i.Timeout, i.DisableHooks, i.Force = o.Wait || o.WaitJobs, o.WaitJobs, o.timeout(), o.NoHooks, o.Force
		i.DryRunOption, i.Description, i.SkipSchemaValidation, i.SkipCRDs = option, o.Description, true, dry
		return i.Run(p.made, values)
	}
	u := action.NewUpgrade(cfg)
	u.Namespace, u.MaxHistory, u.ResetValues = namespace, o.historyMax(), true
	u.Wait, u.WaitForJobs, u.Timeout, u.DisableHooks, u.Force = o.Wait || o.WaitJobs, o.WaitJobs, o.timeout(), o.NoHooks, o.Force
	u.DryRunOption, u.Description, u.SkipSchemaValidation = option, o.Description, true
	return u.Run(p.Name, p.made, values)
}
