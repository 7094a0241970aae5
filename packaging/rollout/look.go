package rollout

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/packaging/release"
)

// Place tells the release and the namespace of the job. It reads the package
// only when the job does not say it.
func (j *Job) Place() (name, namespace string, err error) {
	if j.Release != "" && j.Namespace != "" {
		return j.Release, j.Namespace, nil
	}
	u, err := j.unpack()
	defer u.close()
	if err != nil {
		return "", "", err
	}
	name, namespace = j.place(u.chart.Name, u.env)
	return name, namespace, nil
}

func (j *Job) at() (*release.Client, string, error) {
	name, namespace, err := j.Place()
	if err != nil {
		return nil, "", err
	}
	client, err := j.client(namespace)
	return client, name, err
}

// Running tells what the release is at; nil when there is none. It costs two
// small requests when Release and Namespace are given.
func (j *Job) Running(ctx context.Context) (*Running, error) {
	client, name, err := j.at()
	if err != nil {
		return nil, err
	}
	now, err := client.Latest(ctx, name)
	if err != nil || now == nil {
		return nil, err
	}
	return &Running{Revision: now.Number, Digest: now.Digest, Environment: now.Environment, Status: now.Status, Updated: now.Updated}, nil
}

// Health tells what is wrong with the objects of the release, "" for nothing:
// one that is missing or not ready, a revision that failed. Objects of Argo are
// well by being there.
func (j *Job) Health(ctx context.Context) (problem string, err error) {
	client, name, err := j.at()
	if err != nil {
		return "", err
	}
	st, err := client.Status(ctx, name)
	switch {
	case errors.Is(err, release.ErrNotFound):
		return fmt.Sprintf("there is no release %q", name), nil
	case err != nil:
		return "", err
	case st.Status == "failed":
		return fmt.Sprintf("revision %d failed: %s", st.Number, st.Description), nil
	case st.Status != deployed:
		return fmt.Sprintf("revision %d is %s", st.Number, st.Status), nil
	}
	var wrong []string
	for _, o := range append(st.Objects, st.Secrets...) {
		switch {
		case o.Missing && o.Passing:
		case o.Missing:
			wrong = append(wrong, fmt.Sprintf("%s %q is missing", o.Kind, o.Name))
		case o.Ready != "" && o.Ready != "ready":
			wrong = append(wrong, fmt.Sprintf("%s %q is %s", o.Kind, o.Name, o.Ready))
		}
	}
	if n := len(wrong) - told; n > 0 {
		wrong = append(wrong[:told], fmt.Sprintf("and %d more", n))
	}
	return strings.Join(wrong, "; "), nil
}
