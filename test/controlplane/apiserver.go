package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	mathrand "math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	clientset "k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
	"sigs.k8s.io/yaml"
)

// A config is what the API server and its clients must agree on.
type config struct {
	dir, token string
	port       int
}

// newConfig makes one, or takes up that of a control plane that ran in dir
// before: its clients find it again, at the same address.
func newConfig(dir string) (*config, error) {
	c := &config{dir: dir}
	if err := c.read(); err == nil {
		return c, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	secret := make([]byte, 16)
	if _, err := rand.Read(secret); err != nil {
		return nil, err
	}
	c.token = hex.EncodeToString(secret)
	var err error
	if c.port, err = freePort(); err != nil {
		return nil, err
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	if err := os.WriteFile(c.path("service-account.key"), text, 0o600); err != nil {
		return nil, err
	}
	users := c.token + `,admin,admin,"system:masters"` + "\n"
	if err := os.WriteFile(c.path("tokens.csv"), []byte(users), 0o600); err != nil {
		return nil, err
	}
	return c, os.WriteFile(c.path("port"), []byte(strconv.Itoa(c.port)), 0o600)
}

// read reads what an earlier run has written.
func (c *config) read() error {
	port, err := os.ReadFile(c.path("port")) // written last
	if err != nil {
		return err
	}
	if c.port, err = strconv.Atoi(string(port)); err != nil {
		return err
	}
	users, err := os.ReadFile(c.path("tokens.csv"))
	if err != nil {
		return err
	}
	c.token, _, _ = strings.Cut(string(users), ",")
	return nil
}

// freePort finds a port below those that systems give out by themselves. One of
// those could be given to somebody else before the API server has it, or while it
// is down.
func freePort() (int, error) {
	var last error
	for range 100 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20000+mathrand.IntN(12000)))
		if err != nil {
			last = err
			continue
		}
		port := l.Addr().(*net.TCPAddr).Port
		return port, l.Close()
	}
	return 0, last
}

func (c *config) path(name string) string { return filepath.Join(c.dir, name) }

func (c *config) kubeconfig() string { return c.path("kubeconfig") }

// serve runs the API server until the process gets a signal.
func (c *config) serve(etcd string, verbose bool) error {
	args := []string{
		"--etcd-servers=" + etcd,
		"--bind-address=127.0.0.1",
		"--advertise-address=127.0.0.1",
		"--secure-port=" + strconv.Itoa(c.port),
		"--cert-dir=" + c.path("certificates"),
		"--token-auth-file=" + c.path("tokens.csv"),
		"--authorization-mode=RBAC",
		"--service-cluster-ip-range=10.0.0.0/24",
		"--service-account-issuer=https://controlplane.test",
		"--service-account-key-file=" + c.path("service-account.key"),
		"--service-account-signing-key-file=" + c.path("service-account.key"),
		"--disable-admission-plugins=ServiceAccount", // nobody here makes service accounts
		"--endpoint-reconciler-type=none",
		"--enable-priority-and-fairness=false",
		"--allow-privileged=true",
		"--v=0",
	}
	if !verbose {
		quiet, err := os.OpenFile(c.path("apiserver.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil {
			return err
		}
		os.Stderr = quiet
	}
	cmd := app.NewAPIServerCommand()
	cmd.SetArgs(args)
	return cmd.Execute()
}

// rest is how to reach the API server as its administrator.
func (c *config) rest() *rest.Config {
	return &rest.Config{
		Host:            "https://127.0.0.1:" + strconv.Itoa(c.port),
		BearerToken:     c.token,
		TLSClientConfig: rest.TLSClientConfig{CAFile: c.path("certificates/apiserver.crt")},
	}
}

// settle waits until the API server answers and serves the kinds of Argo.
func (c *config) settle(ctx context.Context) error {
	for until := time.Now().Add(2 * time.Minute); ; {
		err := c.install(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
		if time.Now().After(until) {
			return fmt.Errorf("wait for the API server: %w", err)
		}
		time.Sleep(100 * time.Millisecond) // nothing tells when it listens
	}
}

func (c *config) install(ctx context.Context) error {
	if _, err := os.Stat(c.rest().CAFile); err != nil {
		return err
	}
	client, err := clientset.NewForConfig(c.rest())
	if err != nil {
		return err
	}
	if _, err := client.Discovery().ServerVersion(); err != nil {
		return err
	}
	if err := client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error(); err != nil {
		return err
	}
	crds := client.ApiextensionsV1().CustomResourceDefinitions()
	for _, k := range kinds {
		var crd apiextensions.CustomResourceDefinition
		if err := yaml.UnmarshalStrict([]byte(k.definition()), &crd); err != nil {
			return err
		}
		if _, err := crds.Create(ctx, &crd, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
			return err
		}
		now, err := crds.Get(ctx, crd.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if !established(now) {
			return fmt.Errorf("%s is not served yet", crd.Name)
		}
	}
	return nil
}

func established(crd *apiextensions.CustomResourceDefinition) bool {
	for _, c := range crd.Status.Conditions {
		if c.Type == apiextensions.Established {
			return c.Status == apiextensions.ConditionTrue
		}
	}
	return false
}

// writeKubeconfig writes the file in one step: whoever waits for it never sees
// half of it.
func (c *config) writeKubeconfig() error {
	ca, err := os.ReadFile(c.rest().CAFile)
	if err != nil {
		return err
	}
	const name = "controlplane"
	k := clientcmdapi.NewConfig()
	k.Clusters[name] = &clientcmdapi.Cluster{Server: c.rest().Host, CertificateAuthorityData: ca}
	k.AuthInfos[name] = &clientcmdapi.AuthInfo{Token: c.token}
	k.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	k.CurrentContext = name
	part := c.kubeconfig() + ".part"
	if err := clientcmd.WriteToFile(*k, part); err != nil {
		return err
	}
	return os.Rename(part, c.kubeconfig())
}
