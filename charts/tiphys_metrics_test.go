package charts

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/tiphys-dev/tiphys/test/testbin"
)

// ours are the metrics that the code of a folder has.
func ours(t *testing.T, folder string) map[string]bool {
	t.Helper()
	literal := regexp.MustCompile(`\btiphys_[a-z_]+`)
	built := regexp.MustCompile(`(?:counter|histogram|gauge)\("([a-z_]+)"`)
	have := map[string]bool{}
	err := filepath.WalkDir(folder, func(path string, _ os.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range literal.FindAllString(string(text), -1) {
			have[m] = true
		}
		for _, m := range built.FindAllStringSubmatch(string(text), -1) {
			have["tiphys_promotion_"+m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return have
}

// Every metric of the alerts and of the dashboards is one that there is.
func TestProductMetrics(t *testing.T) {
	name := regexp.MustCompile(`\btiphys_[a-z_]+`)
	for part, folder := range map[string]string{"webhook": "../webhook", "controller": "../promotion"} {
		have := ours(t, folder)
		for _, f := range []string{"tiphys/files/alerts/" + part + ".yaml", "tiphys/files/dashboards/" + part + ".json"} {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range name.FindAllString(string(text), -1) {
				for _, suffix := range []string{"_bucket", "_sum", "_count"} {
					m = strings.TrimSuffix(m, suffix)
				}
				if !have[m] {
					t.Errorf("%s has metric %s, which the %s has not", f, m, part)
				}
			}
		}
	}
}

// The dashboards can be read, and the titles of their panels are told apart.
func TestProductDashboards(t *testing.T) {
	files, err := fs.Glob(os.DirFS("tiphys/files/dashboards"), "*.json")
	if err != nil || len(files) != 2 {
		t.Fatalf("the dashboards are %v, %v", files, err)
	}
	for _, f := range files {
		var dashboard struct {
			UID    string
			Panels []struct {
				Title   string
				Targets []struct{ Expr string }
			}
		}
		text, err := os.ReadFile(filepath.Join("tiphys/files/dashboards", f))
		if err == nil {
			err = json.Unmarshal(text, &dashboard)
		}
		if err != nil || len(dashboard.Panels) < 10 || dashboard.UID == "" {
			t.Errorf("%s has %d panels: %v", f, len(dashboard.Panels), err)
		}
		titles := map[string]bool{}
		for _, p := range dashboard.Panels {
			if titles[p.Title] || len(p.Targets) == 0 {
				t.Errorf("%s: there is another panel %q, or it shows nothing", f, p.Title)
			}
			titles[p.Title] = true
		}
	}
}

// Each part has alerts and a dashboard of its own, and annotations that Datadog
// can read.
func TestProductMonitoring(t *testing.T) {
	on := []string{"metrics.serviceMonitor=true", "metrics.prometheusRule=true", "metrics.dashboard=true", "metrics.datadog=true"}
	for part, set := range map[string][]string{"webhook": nil, "controller": {"webhook.enabled=false", "controller.enabled=true"}} {
		objects := byName(t, product(t, testbin.Helm4(t), append(set, on...)...))
		for _, key := range []string{"ServiceMonitor release-name-tiphys-" + part, "PrometheusRule release-name-tiphys-" + part, "ConfigMap release-name-tiphys-" + part + "-dashboard"} {
			if objects[key] == nil {
				t.Errorf("the %s alone has no %s", part, key)
			}
		}
		text, err := yaml.Marshal(objects["Deployment release-name-tiphys-"+part])
		if err != nil {
			t.Fatal(err)
		}
		var d struct {
			Spec struct {
				Template struct {
					Metadata struct{ Annotations map[string]string }
					Spec     struct {
						Containers []struct {
							Name  string
							Ports []struct {
								Name          string
								ContainerPort int
							}
						}
					}
				}
			}
		}
		if err := yaml.Unmarshal(text, &d); err != nil {
			t.Fatal(err)
		}
		c := d.Spec.Template.Spec.Containers[0]
		var check struct {
			OpenMetrics struct {
				Instances []struct {
					Endpoint string `json:"openmetrics_endpoint"`
					Metrics  []string
				}
			}
		}
		if err := json.Unmarshal([]byte(d.Spec.Template.Metadata.Annotations["ad.datadoghq.com/"+c.Name+".checks"]), &check); err != nil {
			t.Fatalf("%s: %v: %v", part, err, d.Spec.Template.Metadata.Annotations)
		}
		if in := check.OpenMetrics.Instances; len(in) != 1 || in[0].Endpoint != "http://%%host%%:8080/metrics" || len(in[0].Metrics) == 0 {
			t.Errorf("%s: Datadog is told %+v", part, check)
		}
	}
}
