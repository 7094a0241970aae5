package concurrency

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/names"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// A Key is what runs that are counted together have in common. Two keys are
// the same where they are equal.
type Key struct {
	Policy    string
	Per       v1alpha1.ConcurrencyKey
	Namespace string
	// Value is the name of the template, CronWorkflow or namespace, or the value
	// of the label, in the form of a label value.
	Value string
}

// The labels that Argo gives to runs.
const (
	cronLabel      = "workflows.argoproj.io/cron-workflow"
	templateLabel  = "workflows.argoproj.io/workflow-template"
	clusterLabel   = "workflows.argoproj.io/cluster-workflow-template"
	labelPrefix    = "concurrency.tiphys.dev/"
	clusterPrefix  = "cluster_" // no name of a template has an underscore
	mostLabel      = 63
	mostConfigKey  = 253
	mutexPrefix    = "tiphys_"
	hashLength     = 16
	semaphoreLimit = 1 // more runs than this need a semaphore
)

// ConfigMap is the name of the ConfigMap with the limits of the semaphores of a
// namespace.
const ConfigMap = "tiphys-concurrency"

// Of returns the key of the runs that a workflow makes: of a Workflow, which is a
// run itself, or of a CronWorkflow. It reports false for what makes no runs and
// for runs that the limit is not for. The namespace is that of the request,
// which counts where the object does not name one. The library is the template
// that the run is of, nil where it is not known.
func (l *Limit) Of(w *workflow.Workflow, namespace string, library *resolve.Library) (Key, bool) {
	if w.Kind != workflow.KindWorkflow && w.Kind != workflow.KindCronWorkflow {
		return Key{}, false
	}
	if n := w.Namespace.Text(); n != "" {
		namespace = n
	}
	labels := labelsOf(w)
	switch l.Per {
	case v1alpha1.PerTemplate:
		if w.Ref != nil {
			return l.key(namespace, template(w.Ref.Name.Text(), w.Ref.Cluster))
		}
	case v1alpha1.PerCron:
		if w.Cron != nil {
			return l.key(namespace, w.Name.Text())
		}
	case v1alpha1.PerLabel:
		if w.Overwritten("metadata.labels") {
			return Key{}, false // the Sensor says it later
		}
		for _, n := range []*manifest.Node{labels, library.Labelled()} {
			if v := n.Get(l.Label).Text(); v != "" {
				return l.key(namespace, v)
			}
		}
		return Key{}, false
	}
	all := map[string]string{}
	for _, f := range labels.Fields() {
		all[f.Key.Value] = f.Value
	}
	return l.native(namespace, all)
}

// labelsOf are the labels that runs of a workflow have.
func labelsOf(w *workflow.Workflow) *manifest.Node {
	if w.Kind == workflow.KindCronWorkflow {
		return w.Cron.At("workflowMetadata", "labels")
	}
	return w.Metadata.Get("labels")
}

// OfRun returns the key of a Workflow that exists by its labels alone, and
// whether the limit is for it.
func (l *Limit) OfRun(namespace string, labels map[string]string) (Key, bool) {
	if v := labels[l.Mark()]; v != "" {
		return l.key(namespace, v)
	}
	return l.native(namespace, labels)
}

// native finds the key by the labels that Argo or the user sets.
func (l *Limit) native(namespace string, labels map[string]string) (Key, bool) {
	switch l.Per {
	case v1alpha1.PerTemplate:
		if v := labels[clusterLabel]; v != "" {
			return l.key(namespace, template(v, true))
		}
		return l.key(namespace, labels[templateLabel])
	case v1alpha1.PerCron:
		return l.key(namespace, labels[cronLabel])
	case v1alpha1.PerLabel:
		return l.key(namespace, labels[l.Label])
	case v1alpha1.PerNamespace:
		return l.key(namespace, namespace)
	}
	return Key{}, false
}

func template(name string, cluster bool) string {
	if cluster && name != "" {
		return clusterPrefix + name
	}
	return name
}

func (l *Limit) key(namespace, value string) (Key, bool) {
	if value == "" || strings.Contains(value, "{{") {
		return Key{}, false
	}
	value = short(value, mostLabel)
	if _, _, ok := names.LabelValue(value); !ok {
		value = hash(value)
	}
	return Key{l.Policy, l.Per, namespace, value}, true
}

// Mark is the key of the label on runs that the limit counts.
func (l *Limit) Mark() string { return labelPrefix + short(l.Policy, mostLabel) }

// lock names the lock of a key within its namespace: no name of a policy has an
// underscore.
func (k Key) lock() string { return short(k.Policy+"_"+k.Value, mostConfigKey) }

// mutex is the name of the mutex of a key.
func (k Key) mutex() string { return mutexPrefix + k.lock() }

// A Want is an entry of a ConfigMap that a semaphore reads its limit from.
type Want struct{ Namespace, ConfigMap, Key, Value string }

// Wants returns what must be in the cluster before runs of a key can be queued,
// and whether there is anything.
func (l *Limit) Wants(k Key) (Want, bool) {
	if l.Exceeded != v1alpha1.Queue || l.Max <= semaphoreLimit {
		return Want{}, false
	}
	return Want{Namespace: k.Namespace, ConfigMap: ConfigMap, Key: k.lock(), Value: strconv.Itoa(l.Max)}, true
}

// title names what is counted of a limit in messages.
func (l *Limit) title(k Key) string {
	if k.Per != v1alpha1.PerLabel {
		return k.Title()
	}
	return strings.Replace(k.Title(), "a label", "label "+l.Label, 1)
}

// Title names what is counted in messages: CronWorkflow "nightly" in namespace "etl".
func (k Key) Title() string {
	in := ""
	if k.Namespace != "" {
		in = fmt.Sprintf(" in namespace %q", k.Namespace)
	}
	switch k.Per {
	case v1alpha1.PerNamespace:
		return fmt.Sprintf("namespace %q", k.Value)
	case v1alpha1.PerLabel:
		return fmt.Sprintf("a label %q", k.Value) + in
	case v1alpha1.PerCron:
		return fmt.Sprintf("CronWorkflow %q", k.Value) + in
	}
	if name, ok := strings.CutPrefix(k.Value, clusterPrefix); ok {
		return fmt.Sprintf("ClusterWorkflowTemplate %q", name) + in
	}
	return fmt.Sprintf("WorkflowTemplate %q", k.Value) + in
}

// short cuts a name to so many bytes; what is cut off is told by a hash.
func short(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.TrimRight(s[:most-hashLength-1], "-_.") + "-" + hash(s)
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])[:hashLength]
}
