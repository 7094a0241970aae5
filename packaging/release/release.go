// Package release brings a rendered chart to a cluster and keeps Helm's record
// of it, so that every stock helm can go on from there.
//
// It promises that
//
//   - no decrypted value is ever in a record: Secrets that hold one are applied
//     beside it, tracked in an inventory, and pruned when they are gone from
//     the chart;
//   - two runs for one release never work at the same time;
//   - a run that is interrupted or killed at any moment leaves nothing that the
//     next one cannot go on from, and what somebody else's helm is doing is
//     never touched.
//
// None of Helm's types is in its interface.
package release

import (
	"time"

	"github.com/tiphys-dev/tiphys/packaging/render"
)

// Defaults of Options.
const (
	DefaultTimeout    = 5 * time.Minute
	DefaultHistoryMax = 10
)

// Spec is what to deploy.
type Spec struct {
	// Name is that of the release. Its namespace is the Client's.
	Name string
	// Chart is the chart as it lies on disk, for the record.
	Chart *render.Chart
	// Values are those that the user gave, for the record: encrypted leaves are
	// as they lie on disk.
	Values map[string]any
	// Files are the rendered templates, hooks included, without Secrets. A key
	// is the path of a template: "etl/templates/wf.yaml", in a subchart
	// "etl/charts/db/templates/pod.yaml".
	Files map[string]string
	// Notes is the rendered NOTES.txt.
	Notes string
	// Secrets are the manifests, one each, of Secrets that hold a decrypted value.
	Secrets []string
	// Never are the decrypted values. A record that holds one is not written,
	// and what is printed has it masked. Short ones are everywhere by chance
	// and count for nothing: see ShortestNever.
	Never []Never
	// Digest and Environment tell later where the revision came from.
	Digest, Environment string
	// State is what the templates were rendered for. When the release is not at
	// that state any more, nothing is done. It may be nil.
	State *State
}

// ShortestNever is how many bytes a value needs to be looked for in records.
const ShortestNever = 8

// Never is a value that must be in no record.
type Never struct {
	// Key says which value it is in messages, like "warehouse.password".
	Key   string
	Value []byte
}

// Options change how it is done; the zero value works.
type Options struct {
	// DryRun sends everything to the cluster to be checked, and changes nothing.
	DryRun bool
	// Wait waits until what was applied is ready, WaitJobs also until Jobs are
	// done. Objects of Argo are ready at once.
	Wait, WaitJobs bool
	// Timeout bounds hooks and waiting; zero is DefaultTimeout.
	Timeout time.Duration
	// RollbackOnFailure goes back to the last good revision when the run fails,
	// and to nothing when it was the first.
	RollbackOnFailure bool
	// HistoryMax is how many revisions are kept; zero is DefaultHistoryMax,
	// negative keeps all.
	HistoryMax int
	// CreateNamespace makes the namespace when it is missing.
	CreateNamespace bool
	// NoHooks leaves hooks out.
	NoHooks bool
	// Force replaces objects where a patch is refused.
	Force bool
	// Unlock takes over from whatever holds the release: a lock that is held, an
	// operation of another helm that seems to be going on. Only after making
	// sure that nobody is at it.
	Unlock bool
	// Once does nothing when the newest revision is deployed and has the Digest
	// and the Environment of the Spec: the error is ErrAlready. Else the new
	// revision takes the place of attempts at the same that did not come through:
	// history has one record of all of them, however often it is tried.
	Once bool
	// Description is kept in the record instead of Helm's.
	Description string
	// KeepHistory leaves the records when a release is uninstalled.
	KeepHistory bool
	// Log gets a line for each step; nil drops them.
	Log func(string)
}

func (o Options) timeout() time.Duration {
	if o.Timeout <= 0 {
		return DefaultTimeout
	}
	return o.Timeout
}

func (o Options) historyMax() int {
	switch {
	case o.HistoryMax == 0:
		return DefaultHistoryMax
	case o.HistoryMax < 0:
		return 0 // Helm's word for no limit
	}
	return o.HistoryMax
}

func (o Options) log(line string) {
	if o.Log != nil {
		o.Log(line)
	}
}

// Result is what an upgrade or a rollback came to. After an error it may be
// there too, and tells how far it got.
type Result struct {
	Name, Namespace string
	Revision        int
	// Status is Helm's: deployed, failed.
	Status string
	// Installed is set when there was no release before.
	Installed bool
	// Recovered is the revision that a killed run had left pending, or 0.
	Recovered int
	// RolledBack is the revision that a failed run went back to, or 0;
	// Uninstalled is set when that was none.
	RolledBack  int
	Uninstalled bool
	// Applied and Pruned are the Secrets beside the record, as namespace/name.
	Applied, Pruned []string
	// Warnings are those of the API server, and of ours.
	Warnings []string
	Notes    string
	DryRun   bool
}

// Revision is one revision of a release.
type Revision struct {
	Number      int       `json:"revision"`
	Updated     time.Time `json:"updated"`
	Status      string    `json:"status"`
	Chart       string    `json:"chart"` // name-version
	AppVersion  string    `json:"appVersion,omitempty"`
	Digest      string    `json:"digest,omitempty"`
	Environment string    `json:"environment,omitempty"`
	Description string    `json:"description"`
	// ByHelm is set when another program made the revision; its record may
	// hold secrets in the clear.
	ByHelm bool `json:"byHelm,omitempty"`
}

// Status is what a release is now.
type Status struct {
	Name          string `json:"name"`
	Namespace     string `json:"namespace"`
	Revision      `json:"revision"`
	FirstDeployed time.Time `json:"firstDeployed"`
	Notes         string    `json:"notes,omitempty"`
	// Objects are those of the record, Secrets those beside it.
	Objects []Object `json:"objects"`
	Secrets []Object `json:"secrets,omitempty"`
	// Lock tells who is at work on the release, and is empty when nobody is.
	Lock string `json:"lock,omitempty"`
}

// Object names an object, and tells whether it is there.
type Object struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace,omitempty"`
	Name       string `json:"name"`
	Missing    bool   `json:"missing,omitempty"`
	// Passing is set for what goes away by itself when it has run.
	Passing bool `json:"-"`
	// Ready is what there is to say about it: "ready", "not ready: 0 of 2
	// pods", or nothing for what is ready by being there.
	Ready string `json:"ready,omitempty"`
}

// Action is what would be done to an object.
type Action string

// The actions.
const (
	Create Action = "create"
	Update Action = "update"
	Delete Action = "delete"
	Keep   Action = "keep" // gone from the chart, but its policy is to stay
	Same   Action = "same"
	Hook   Action = "hook" // created when its time comes
)

// Change is what an upgrade would do to one object.
type Change struct {
	Action     Action `json:"action"`
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace,omitempty"`
	Name       string `json:"name"`
	// Before and After are the object as YAML, without what the cluster keeps
	// for itself, and with the values of Secrets masked.
	Before string `json:"-"`
	After  string `json:"-"`
	// Note says more, such as when a hook runs; Refused is what the API server
	// would say against it.
	Note    string `json:"note,omitempty"`
	Refused string `json:"refused,omitempty"`
	// Beside is set for a Secret beside the record.
	Beside bool `json:"beside,omitempty"`
}

// Uninstalled is what an uninstall did.
type Uninstalled struct {
	Name, Namespace string
	// Kept are objects that their policy keeps, as Helm lists them.
	Kept string
	// Secrets are those beside the record that were removed, as namespace/name.
	Secrets []string
	// NoRecord is set when another helm had removed the record before.
	NoRecord bool
	DryRun   bool
}
