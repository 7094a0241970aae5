package webhook

import "encoding/json"

type review struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Response   answer `json:"response"`
}

type answer struct {
	UID       string            `json:"uid"`
	Allowed   bool              `json:"allowed"`
	Status    *status           `json:"status,omitempty"`
	PatchType string            `json:"patchType,omitempty"`
	Patch     []byte            `json:"patch,omitempty"` // base64
	Audit     map[string]string `json:"auditAnnotations,omitempty"`
	Warnings  []string          `json:"warnings,omitempty"`
}

type status struct {
	Status  string  `json:"status"`
	Code    int     `json:"code"`
	Reason  string  `json:"reason"`
	Message string  `json:"message"`
	Details details `json:"details"`
}

type details struct {
	Name   string  `json:"name,omitempty"`
	Group  string  `json:"group,omitempty"`
	Kind   string  `json:"kind,omitempty"`
	Causes []cause `json:"causes,omitempty"`
}

type cause struct {
	Reason  string `json:"reason,omitempty"`
	Field   string `json:"field,omitempty"`
	Message string `json:"message"`
}

// JSON returns the answer as an AdmissionReview.
func (r *Response) JSON() ([]byte, error) {
	a := answer{UID: r.Request.UID, Allowed: r.Allowed, Audit: r.Audit, Warnings: r.Warnings}
	if len(r.Patch) > 0 {
		a.PatchType, a.Patch = "JSONPatch", r.Patch
	}
	if !r.Allowed {
		a.Status = &status{
			Status: "Failure", Code: r.Code, Reason: r.Reason, Message: r.Message,
			Details: details{Name: r.Request.Name, Group: r.Request.Group, Kind: r.Request.Kind},
		}
		for _, c := range r.Causes {
			a.Status.Details.Causes = append(a.Status.Details.Causes, cause(c))
		}
	}
	return json.Marshal(review{APIVersion: apiVersion, Kind: reviewKind, Response: a})
}
