package rollout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"sigs.k8s.io/yaml"

	"github.com/tiphys-dev/tiphys/packaging/deploy"
	"github.com/tiphys-dev/tiphys/packaging/release"
	"github.com/tiphys-dev/tiphys/packaging/render"
	"github.com/tiphys-dev/tiphys/packaging/secrets"
)

// Ignored are fields of some objects; Kind and Name are "" for all. Paths are
// like spec.suspend, metadata.labels["team"], spec.templates[*].container.image.
type Ignored = release.Ignored

// Drift tells how what is live differs from what was deployed, by dry runs,
// without the fields that may differ. Of Secrets that hold a decrypted value it
// needs the package and its keys, and tells otherwise only that one is gone. The
// error is release.ErrNotFound or release.ErrNotDeployed when there is nothing
// to compare with.
func (j *Job) Drift(ctx context.Context, ignore []Ignored) ([]release.Change, error) {
	client, a, err := j.applied(ctx, ignore)
	if err != nil {
		return nil, err
	}
	found, err := client.Drift(ctx, *a)
	return found, passing(err)
}

// Correct brings back what Drift tells, by the same requests, under the lock of
// the release. No revision is made: the release is what it was.
func (j *Job) Correct(ctx context.Context, ignore []Ignored) error {
	client, a, err := j.applied(ctx, ignore)
	if err != nil {
		return err
	}
	_, err = client.Correct(ctx, *a)
	return passing(err)
}

// applied is what the newest revision applied: with the Secrets beside its
// record when it is of this package, and all that is encrypted can be opened.
func (j *Job) applied(ctx context.Context, ignore []Ignored) (*release.Client, *release.Applied, error) {
	client, name, err := j.at()
	if err != nil {
		return nil, nil, err
	}
	a := &release.Applied{Name: name, Ignore: slices.Clone(ignore)}
	now, err := client.Latest(ctx, name)
	if err != nil || now == nil || j.Package == nil || now.Digest != j.Package.Digest() || now.Environment != j.Environment || now.Status != deployed {
		return client, a, err // what is wrong is told when it is compared
	}
	ring, err := secrets.ParseKeyring(j.Keys...)
	if err != nil {
		return nil, nil, err
	}
	u, err := j.unpack()
	defer u.close()
	if err != nil {
		return nil, nil, err
	}
	s, err := u.read(ctx, ring.Open)
	var key *secrets.KeyError
	if errors.As(err, &key) {
		return client, a, nil
	} else if err != nil {
		return nil, nil, err
	}
	state, err := client.Prepare(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	o := optionsOf(state)
	o.Revision, o.Upgrade = now.Number, now.Number > 1
	if a.Secrets, err = j.secrets(ctx, u, s, o); err != nil {
		return nil, nil, err
	}
	for _, h := range s.Inputs.Hidden {
		a.Never = append(a.Never, release.Never{Key: h.Path, Value: []byte(h.Value)})
	}
	a.Digest, a.Environment = now.Digest, now.Environment
	if len(a.Secrets) > 0 {
		again, err := j.secrets(ctx, u, s, o)
		if err != nil {
			return nil, nil, err
		}
		a.Ignore = append(a.Ignore, unsteady(a.Secrets, again)...)
	}
	return client, a, nil
}

// secrets renders the Secrets that are beside the record; never nil.
func (j *Job) secrets(ctx context.Context, u *unpacked, s *Subject, o render.Options) ([]string, error) {
	o.SkipSchema = true // it was checked before it was deployed
	var out *render.Output
	err := j.bounded(ctx, s.Chart.Name, func(context.Context) (err error) {
		out, err = s.Chart.Render(s.Inputs.Open, o)
		return err
	})
	if err != nil {
		return nil, &said{s.Inputs.Mask(u.bare(err.Error())), err}
	}
	_, cut := deploy.Cut(out.Files)
	return append([]string{}, cut...), nil
}

// unsteady are the values of Secrets that are others each time: a template made
// them up, so none is right.
func unsteady(one, two []string) []Ignored {
	if slices.Equal(one, two) || len(one) != len(two) {
		return nil
	}
	var all []Ignored
	for i := range one {
		name, a := dataOf(one[i])
		_, b := dataOf(two[i])
		g := Ignored{Kind: "Secret", Name: name}
		for _, key := range slices.Sorted(maps.Keys(a)) {
			if b[key] != a[key] {
				quoted, _ := json.Marshal(key) // a string
				g.Paths = append(g.Paths, fmt.Sprintf("data[%s]", quoted))
			}
		}
		if len(g.Paths) > 0 {
			all = append(all, g)
		}
	}
	return all
}

// dataOf returns the name of a Secret, and its values in whatever form.
func dataOf(manifest string) (name string, data map[string]string) {
	var secret struct {
		Metadata         struct{ Name string }
		Data, StringData map[string]string
	}
	if yaml.Unmarshal([]byte(manifest), &secret) != nil {
		return "", nil // told when it is compared
	}
	data = map[string]string{}
	maps.Copy(data, secret.Data)
	maps.Copy(data, secret.StringData)
	return secret.Metadata.Name, data
}
