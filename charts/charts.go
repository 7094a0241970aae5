// Package charts holds the Helm charts that Tiphys brings along.
package charts

import "embed"

//go:generate sh -c "cp ../api/crds/*.yaml tiphys/files/crds/"

// FS holds the library chart, below "workflows": it is what new and import
// vendor into the charts that they make.
//
//go:embed all:workflows
var FS embed.FS
