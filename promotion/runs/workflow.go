package runs

import (
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

var version = schema.GroupVersion{Group: "argoproj.io", Version: "v1alpha1"}

// A workflow is what is read of a Workflow. Its nodes, which may be a megabyte,
// are skipped while it is decoded.
type workflow struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Shutdown            string `json:"shutdown"`
		WorkflowTemplateRef struct {
			Name string `json:"name"`
		} `json:"workflowTemplateRef"`
	} `json:"spec"`
	Status struct {
		Phase      string       `json:"phase"`
		Message    string       `json:"message"`
		FinishedAt *metav1.Time `json:"finishedAt"`
	} `json:"status"`
}

// DeepCopyObject copies a workflow.
func (w *workflow) DeepCopyObject() runtime.Object {
	c := *w
	c.ObjectMeta = *w.ObjectMeta.DeepCopy()
	c.Status.FinishedAt = w.Status.FinishedAt.DeepCopy()
	return &c
}

// workflows are a page of them.
type workflows struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`
	Items           []workflow `json:"items"`
}

// DeepCopyObject copies a page.
func (w *workflows) DeepCopyObject() runtime.Object {
	c := *w
	c.ListMeta = *w.ListMeta.DeepCopy()
	c.Items = make([]workflow, len(w.Items))
	for i := range w.Items {
		c.Items[i] = *w.Items[i].DeepCopyObject().(*workflow)
	}
	return &c
}

// client returns one that reads workflows as the type above. No timeout cuts its
// watches.
func client(config *rest.Config) (rest.Interface, error) {
	scheme := runtime.NewScheme()
	scheme.AddKnownTypeWithName(version.WithKind("Workflow"), &workflow{})
	scheme.AddKnownTypeWithName(version.WithKind("WorkflowList"), &workflows{})
	metav1.AddToGroupVersion(scheme, version)
	config = rest.CopyConfig(config)
	config.Timeout = 0
	config.GroupVersion, config.APIPath = &version, "/apis"
	config.ContentType, config.AcceptContentTypes = runtime.ContentTypeJSON, runtime.ContentTypeJSON
	config.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	return rest.RESTClientFor(config)
}

// A run is what is kept of a workflow.
type run struct {
	metav1.ObjectMeta
	record v1alpha1.RunRecord
}

// The labels that Argo puts on workflows.
const (
	cronLabel     = "workflows.argoproj.io/cron-workflow"
	templateLabel = "workflows.argoproj.io/workflow-template"
	phaseLabel    = "workflows.argoproj.io/phase"
)

// strip leaves what is kept of a workflow, some hundred bytes.
func strip(object any) (any, error) {
	w, ok := object.(*workflow)
	if !ok {
		return object, nil // stripped already, or a tombstone
	}
	return &run{
		ObjectMeta: metav1.ObjectMeta{Name: w.Name, Namespace: w.Namespace, UID: w.UID, ResourceVersion: w.ResourceVersion},
		record:     record(w),
	}, nil
}

// record tells of a workflow.
func record(w *workflow) v1alpha1.RunRecord {
	r := v1alpha1.RunRecord{
		Name: w.Name, UID: string(w.UID), Created: w.CreationTimestamp,
		Gate: w.Labels[v1alpha1.GateLabel], Candidate: w.Labels[v1alpha1.CandidateLabel],
		Attempt: number(w.Labels[v1alpha1.AttemptLabel]), Revision: number(w.Labels[v1alpha1.RevisionLabel]),
		CronWorkflow: w.Labels[cronLabel], Template: w.Labels[templateLabel],
		Phase: w.Status.Phase, Message: short(w.Status.Message), Stopping: w.Spec.Shutdown != "",
	}
	if p := w.Labels[v1alpha1.PromotionLabel]; p != "" {
		r.Promotion = w.Labels[v1alpha1.NamespaceLabel] + "/" + p
	}
	for _, o := range w.OwnerReferences {
		if r.CronWorkflow == "" && o.Kind == "CronWorkflow" {
			r.CronWorkflow = o.Name
		}
	}
	if r.Template == "" {
		r.Template = w.Spec.WorkflowTemplateRef.Name
	}
	if r.Phase == "" {
		r.Phase = w.Labels[phaseLabel]
	}
	if f := w.Status.FinishedAt; f != nil && !f.IsZero() {
		r.Finished = f
	}
	return r
}

func number(s string) int32 {
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil || n < 0 {
		return 0
	}
	return int32(n)
}

// short cuts a message to what a status bears.
func short(message string) string {
	if runes := []rune(message); len(runes) > 300 {
		return string(runes[:300]) + "..."
	}
	return message
}
