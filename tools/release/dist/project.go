package dist

// A Project is what there is to release.
type Project struct {
	Module     string // its path
	Home       string // where it is on the web
	Registry   string // what references of images begin with, unless they are published elsewhere
	Version    string // the variable that the linker sets, IMPORTPATH.NAME
	Licence    string // SPDX
	Vendor     string
	Programs   []Program
	Charts     []string // folders
	Pinned     string   // the one of them that installs the images
	Plugins    []Plugin
	Crds       string   // the folder of the CRDs
	Companions []string // files that go with a program into its archive
	Changelog  string
}

// A Program becomes an archive for each of its systems, and an image.
type Program struct {
	Name, Package, Title string
	Archives             []string // like linux/amd64
	Images               []string // likewise
	Ports                []string
	Workdir              string
}

// A Plugin of Helm is in a folder.
type Plugin struct{ Name, Dir string }

// Tiphys is this project.
var Tiphys = Project{
	Module:   "github.com/tiphys-dev/tiphys",
	Home:     "https://github.com/tiphys-dev/tiphys",
	Registry: "ghcr.io/tiphys-dev",
	Version:  "github.com/tiphys-dev/tiphys/internal/version.version",
	Licence:  "Apache-2.0",
	Vendor:   "The Tiphys authors",
	Programs: []Program{{
		Name: "tiphys", Package: "./cmd/tiphys", Title: "Checks, packages and promotes Argo workflows",
		Archives: []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64", "windows/arm64"},
		Images:   []string{"linux/amd64", "linux/arm64"}, Workdir: "/work",
	}, {
		Name: "tiphys-webhook", Package: "./cmd/tiphys-webhook", Title: "Judges and completes Argo workflows as they enter a cluster",
		Images: []string{"linux/amd64", "linux/arm64"}, Ports: []string{"8443/tcp", "8080/tcp"},
	}, {
		Name: "tiphys-controller", Package: "./cmd/tiphys-controller", Title: "Takes packages of Argo workflows from environment to environment",
		Images: []string{"linux/amd64", "linux/arm64"}, Ports: []string{"8080/tcp", "8081/tcp", "8082/tcp"},
	}},
	Charts: []string{"charts/tiphys", "charts/workflows", "charts/nightly-etl"},
	Pinned: "charts/tiphys",
	Plugins: []Plugin{
		{"tiphys-helm3-secrets", "plugin/helm3/secrets"},
		{"tiphys-helm4-secrets", "plugin/helm4/secrets"},
		{"tiphys-helm4-secrets-getter", "plugin/helm4/secrets-getter"},
		{"tiphys-helm4-lint", "plugin/helm4/tiphys-lint"},
	},
	Crds:       "api/crds",
	Companions: []string{"LICENSE", "README.md", "CHANGELOG.md"},
	Changelog:  "CHANGELOG.md",
}
