package deploy

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// A record is what Helm keeps of a revision, unpacked, or any other object of
// ours in the namespace.
type record struct {
	name string
	text []byte
}

func (m *team) client() *kubernetes.Clientset {
	m.t.Helper()
	var kubeconfig string
	for _, e := range m.env {
		if path, ok := strings.CutPrefix(e, "KUBECONFIG="); ok {
			kubeconfig = path
		}
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		m.t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		m.t.Fatal(err)
	}
	return client
}

// secret returns a value of a Secret in the namespace.
func (m *team) secret(name, key string) string {
	m.t.Helper()
	s, err := m.client().CoreV1().Secrets(m.namespace).Get(m.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		m.t.Fatal(err)
	}
	return string(s.Data[key])
}

// records returns everything in the namespace that keeps data, but for the
// Secret that is meant to.
func (m *team) records() []record {
	m.t.Helper()
	var all []record
	secrets, err := m.client().CoreV1().Secrets(m.namespace).List(m.t.Context(), metav1.ListOptions{})
	if err != nil {
		m.t.Fatal(err)
	}
	for _, s := range secrets.Items {
		if s.Name == "warehouse" {
			for _, text := range s.Annotations {
				all = append(all, record{"annotation of warehouse", []byte(text)})
			}
			continue
		}
		for key, data := range s.Data {
			all = append(all, record{s.Name + " " + key, unpacked(data)})
		}
	}
	maps, err := m.client().CoreV1().ConfigMaps(m.namespace).List(m.t.Context(), metav1.ListOptions{})
	if err != nil {
		m.t.Fatal(err)
	}
	for _, c := range maps.Items {
		for key, text := range c.Data {
			all = append(all, record{c.Name + " " + key, []byte(text)})
		}
	}
	events, err := m.client().CoreV1().Events(m.namespace).List(m.t.Context(), metav1.ListOptions{})
	if err != nil {
		m.t.Fatal(err)
	}
	for _, e := range events.Items {
		all = append(all, record{"event " + e.Name, []byte(e.Message)})
	}
	return all
}

// unpacked undoes base64 and gzip, as Helm stores records.
func unpacked(data []byte) []byte {
	raw, err := base64.StdEncoding.DecodeString(string(data))
	if err != nil {
		return data
	}
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return data
	}
	text, err := io.ReadAll(z)
	if err != nil {
		return data
	}
	return append(data, text...)
}
