package messages

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
)

// dump looks at every object of the API server, at the logs and at what is in
// temporary folders.
func (s *servers) dump() {
	s.Helper()
	s.planted["Secret "+s.values["NS"]+"/warehouse"] = true
	lists, err := discovery.NewDiscoveryClientForConfigOrDie(s.api.Config(s)).ServerPreferredResources()
	if err != nil {
		s.Fatal(err)
	}
	count := 0
	for _, list := range lists {
		group, _ := schema.ParseGroupVersion(list.GroupVersion)
		for _, r := range list.APIResources {
			if strings.Contains(r.Name, "/") || !strings.Contains(fmt.Sprint(r.Verbs), "list") {
				continue
			}
			all, err := s.objects.Resource(group.WithResource(r.Name)).List(s.Context(), metav1.ListOptions{})
			if apierrors.IsMethodNotSupported(err) || apierrors.IsNotFound(err) {
				continue
			} else if err != nil {
				s.Fatal(err)
			}
			for _, o := range all.Items {
				count++
				if s.planted[fmt.Sprintf("%s %s/%s", r.Kind, o.GetNamespace(), o.GetName())] {
					continue
				}
				text, err := json.Marshal(o.Object)
				if err != nil {
					s.Fatal(err)
				}
				for _, part := range unpacked(&o) {
					text = append(append(text, '\n'), part...)
				}
				// What is given by --set is recorded, as docs/deploy.md says.
				s.cage.check(fmt.Sprintf("%s %s/%s", r.Kind, o.GetNamespace(), o.GetName()), text, "--set")
			}
		}
	}
	for name, log := range s.logs {
		text := log.bytes()
		s.Logf("%d bytes of log of %s, and %d objects", len(text), name, count)
		if !bytes.Contains(text, []byte(`"level":"DEBUG"`)) {
			s.Errorf("%s logs nothing for debugging", name)
		}
		s.cage.check("the log of "+name, text)
	}
	filepath.WalkDir(s.tmp, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if text, err := os.ReadFile(path); err == nil {
				s.cage.check("the file "+strings.TrimPrefix(path, s.tmp), text)
			}
		}
		return nil
	})
}

// unpacked returns what the data of a Secret or ConfigMap hold: base64 is undone
// as often as it goes, and so is gzip, as Helm's records and packages have it.
func unpacked(o *unstructured.Unstructured) (parts [][]byte) {
	for _, field := range []string{"data", "binaryData"} {
		data, _, _ := unstructured.NestedMap(o.Object, field)
		for _, value := range data {
			text, _ := value.(string)
			parts = append(parts, undone([]byte(text))...)
		}
	}
	return parts
}

func undone(data []byte) (parts [][]byte) {
	if raw, err := base64.StdEncoding.DecodeString(string(data)); err == nil && len(raw) > 0 {
		parts = append(append(parts, raw), undone(raw)...)
	}
	if z, err := gzip.NewReader(bytes.NewReader(data)); err == nil {
		text, _ := io.ReadAll(io.LimitReader(z, 64<<20))
		parts = append(append(parts, text), undone(text)...)
	}
	return parts
}
