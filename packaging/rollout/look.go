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
	_, problem, err = j.Look(ctx)
	return problem, err
}

// Look tells what Running and Health tell, of one moment.
func (j *Job) Look(ctx context.Context) (now *Running, problem string, err error) {
	client, name, err := j.at()
	if err != nil {
		return nil, "", err
	}
	st, err := client.Status(ctx, name)
	if errors.Is(err, release.ErrNotFound) {
		return nil, fmt.Sprintf("there is no release %q", name), nil
	} else if err != nil {
		return nil, "", err
	}
	now = &Running{Revision: st.Number, Digest: st.Digest, Environment: st.Environment, Status: st.Status, Updated: st.Updated}
	return now, wrong(st), nil
}

// wrong tells what is wrong with a release, "" for nothing.
func wrong(st *release.Status) string {
	switch st.Status {
	case deployed:
	case "failed":
		return fmt.Sprintf("revision %d failed: %s", st.Number, st.Description)
	default:
		return fmt.Sprintf("revision %d is %s", st.Number, st.Status)
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
	return strings.Join(wrong, "; ")
}
