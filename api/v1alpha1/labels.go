package v1alpha1

// The labels of smoke runs, by which they are known again. The name of a gate
// is not enough: other promotions may run theirs in the same namespace.
const (
	NamespaceLabel   = "tiphys.dev/namespace" // of the Promotion
	PromotionLabel   = "tiphys.dev/promotion"
	CandidateLabel   = "tiphys.dev/candidate"
	EnvironmentLabel = "tiphys.dev/environment"
	GateLabel        = "tiphys.dev/gate"
	AttemptLabel     = "tiphys.dev/attempt"
	RevisionLabel    = "tiphys.dev/revision" // of Helm's release; none without one
)
