// Package pods does for a release of the chart what a kubelet does: it runs the
// containers of its Deployments, as processes beside an API server that runs no
// pods. Arguments, environment, mounted Secrets and the token of the service
// account are those that the API server holds for them; only the ports are others,
// as many replicas share one machine.
package pods

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	core "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// A Release is the chart as Helm has installed it.
type Release struct {
	Kubeconfig string // of an administrator
	Namespace  string // "tiphys" unless given
	Name       string // what the names of its Deployments begin with, "tiphys" unless given
	Dir        string // where kubeconfigs, certificates and temporary files of the processes are put
	Webhook    string // the path of the program tiphys-webhook
	Controller string // the path of the program tiphys-controller
}

// Options are what is different about one pod.
type Options struct {
	Server string    // the address by which it reaches the API server, as "https://127.0.0.1:1234" of a proxy
	CA     []byte    // the certificate of Server, in PEM, if it has one of its own
	Args   []string  // more arguments; a later one overrules
	Env    []string  // more of its environment, as KEY=VALUE
	Log    io.Writer // gets what it logs, besides Pod.Log
}

// StartWebhook runs one replica of the webhook. It may not be ready yet.
func (r Release) StartWebhook(ctx context.Context, o Options) (*Pod, error) {
	return r.start(ctx, r.component("webhook"), r.Webhook, o)
}

// StartController runs one replica of the controller. It may not be ready yet.
func (r Release) StartController(ctx context.Context, o Options) (*Pod, error) {
	return r.start(ctx, r.component("controller"), r.Controller, o)
}

func (r Release) component(name string) string {
	if r.Name == "" {
		return "tiphys-" + name
	}
	return r.Name + "-" + name
}

func (r Release) namespace() string {
	if r.Namespace == "" {
		return "tiphys"
	}
	return r.Namespace
}

func (r Release) client() (*kubernetes.Clientset, *rest.Config, error) {
	config, err := clientcmd.BuildConfigFromFlags("", r.Kubeconfig)
	if err != nil {
		return nil, nil, err
	}
	set, err := kubernetes.NewForConfig(config)
	return set, config, err
}

func (r Release) start(ctx context.Context, name, program string, o Options) (*Pod, error) {
	set, _, err := r.client()
	if err != nil {
		return nil, err
	}
	d, err := set.AppsV1().Deployments(r.namespace()).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("find what to run: %w", err)
	}
	spec := d.Spec.Template.Spec
	if len(spec.Containers) != 1 {
		return nil, fmt.Errorf("the Deployment %s has %d containers, not one", name, len(spec.Containers))
	}
	if err := os.MkdirAll(r.Dir, 0o700); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(r.Dir, name+"-")
	if err != nil {
		return nil, err
	}
	mounts, err := r.mount(ctx, set, dir, spec)
	if err != nil {
		return nil, err
	}
	kubeconfig, err := r.account(ctx, set, dir, spec.ServiceAccountName, o)
	if err != nil {
		return nil, err
	}
	p := &Pod{Name: filepath.Base(dir), Ports: map[string]string{}, ended: make(chan struct{})}
	c := spec.Containers[0]
	args, err := p.ports(c)
	if err != nil {
		return nil, err
	}
	for i := range args {
		args[i] = strings.NewReplacer(append([]string{"$(POD_NAMESPACE)", r.namespace()}, mounts...)...).Replace(args[i])
	}
	args = append(append(args, "--kubeconfig="+kubeconfig), o.Args...)
	return p, p.run(program, args, append(append(environment(c, r.namespace()), "TMPDIR="+dir), o.Env...), o.Log)
}

// mount writes the Secrets that are mounted, and returns the old and the new
// path of each mount.
func (r Release) mount(ctx context.Context, set *kubernetes.Clientset, dir string, spec core.PodSpec) (paths []string, err error) {
	for _, m := range spec.Containers[0].VolumeMounts {
		at := slices.IndexFunc(spec.Volumes, func(v core.Volume) bool { return v.Name == m.Name })
		if at < 0 {
			return nil, fmt.Errorf("there is no volume %s", m.Name)
		}
		from := spec.Volumes[at].Secret
		if from == nil {
			continue
		}
		s, err := set.CoreV1().Secrets(r.namespace()).Get(ctx, from.SecretName, metav1.GetOptions{})
		if err != nil {
			return nil, fmt.Errorf("mount %s: %w", m.Name, err)
		}
		items := from.Items
		if items == nil {
			for key := range s.Data {
				items = append(items, core.KeyToPath{Key: key, Path: key})
			}
		}
		target := filepath.Join(dir, m.Name)
		if err := os.MkdirAll(target, 0o700); err != nil {
			return nil, err
		}
		for _, i := range items {
			if err := os.WriteFile(filepath.Join(target, i.Path), s.Data[i.Key], 0o600); err != nil {
				return nil, err
			}
		}
		paths = append(paths, "="+m.MountPath, "="+target)
	}
	return paths, nil
}

// ports gives each port of the container one of this machine, and returns the
// arguments with those.
func (p *Pod) ports(c core.Container) ([]string, error) {
	args := slices.Clone(c.Args)
	for _, port := range c.Ports {
		at := slices.IndexFunc(args, func(a string) bool { return strings.HasSuffix(a, fmt.Sprintf("address=:%d", port.ContainerPort)) })
		if at < 0 {
			return nil, fmt.Errorf("no argument says what listens on port %s", port.Name)
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		p.Ports[port.Name] = l.Addr().String()
		flag, _, _ := strings.Cut(args[at], "=")
		args[at] = flag + "=" + l.Addr().String()
		if err := l.Close(); err != nil {
			return nil, err
		}
	}
	return args, nil
}

// environment is that of the container; a resource is one of its limits.
func environment(c core.Container, namespace string) []string {
	all := []string{"PATH=" + os.Getenv("PATH")}
	for _, e := range c.Env {
		value := e.Value
		if from := e.ValueFrom; from != nil && from.FieldRef != nil {
			value = namespace
		} else if from != nil && from.ResourceFieldRef != nil {
			q, ok := c.Resources.Limits[core.ResourceMemory]
			if !ok {
				continue
			}
			value = fmt.Sprint(q.Value())
		}
		all = append(all, e.Name+"="+value)
	}
	return all
}

// errEnded says that a process ended by itself.
var errEnded = errors.New("it has ended")
