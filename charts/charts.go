// Package charts holds the Helm charts that Tiphys brings along.
package charts

import "embed"

//go:generate cp ../api/crds/tiphys.dev_workflowpolicies.yaml tiphys/files/crds/

// FS holds the library chart, below "workflows": it is what new and import
// vendor into the charts that they make.
//
//go:embed all:workflows
var FS embed.FS
