package page

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/cache"
	"k8s.io/utils/clock"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/graph"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/packaging/bundle"
	"github.com/tiphys-dev/tiphys/packaging/deploy"
	"github.com/tiphys-dev/tiphys/packaging/environment"
	"github.com/tiphys-dev/tiphys/packaging/render"
)

// The bounds of pictures.
const (
	mostFlows     = 24
	mostManifests = 4 << 20 // bytes of what a chart becomes
	mostPicture   = 1 << 20 // bytes of one
	mostPictures  = 2 << 20 // and of those of one environment
	mostDrawn     = 16      // environments whose pictures are kept
	drawPatience  = 5 * time.Second
	keepPictures  = time.Hour
	keepNotes     = time.Minute // what went wrong may go well later
)

// workflows are those of a candidate in an environment, as the page shows them.
type workflows struct {
	Environment string
	Choices     []choice
	Digest      string
	Flows       []flowView
	Others      []runView // runs of what is not drawn
	// Note is why there are none, or not all.
	Note string
}

type choice struct {
	Name, URL string
	Current   bool
}

type flowView struct {
	Kind, Name, URL string
	Width, Height   string
	Runs            []runView
}

// A picture is a workflow, drawn.
type picture struct {
	kind, name    string
	width, height string
	svg           []byte
}

var sizeOf = regexp.MustCompile(`^<svg [^>]*width="(\d+)" height="(\d+)"`)

// A drawing is what came of a package in an environment: pictures, or a note on
// why there are none.
type drawing struct {
	pictures []picture
	note     string
}

// where names what is drawn; all of it is immutable together.
type where struct{ digest, environment, release, namespace string }

// An artist draws the workflows of packages, one package at a time, and keeps
// the last ones. What it draws has placeholders for secrets.
type artist struct {
	packages func(context.Context, *v1alpha1.Candidate) (*bundle.Package, error)
	desk     chan struct{} // holds the one that draws
	drawn    *cache.LRUExpireCache
}

func newArtist(s Source, c clock.Clock) *artist {
	return &artist{packages: s.Package, desk: make(chan struct{}, 1), drawn: cache.NewLRUExpireCacheWithClock(mostDrawn, c)}
}

// draw returns the pictures of a candidate in an environment. It does not wait
// for long: a chart that takes its time is drawn when it is asked for again.
func (a *artist) draw(ctx context.Context, c *v1alpha1.Candidate, at where) *drawing {
	if d, ok := a.drawn.Get(at); ok {
		return d.(*drawing)
	}
	ctx, cancel := context.WithTimeout(ctx, drawPatience)
	defer cancel()
	select {
	case a.desk <- struct{}{}:
	case <-ctx.Done():
		return &drawing{note: "others are being drawn; look again in a moment"}
	}
	if d, ok := a.drawn.Get(at); ok {
		<-a.desk
		return d.(*drawing)
	}
	p, err := a.packages(ctx, c)
	if err != nil {
		<-a.desk
		return &drawing{note: "the package cannot be read: " + plain(err.Error())}
	}
	done := make(chan *drawing, 1)
	go func() { // templates cannot be stopped: nobody else draws until they end
		defer func() { <-a.desk }()
		keep := keepPictures
		d, err := drawPackage(p, at)
		if err != nil {
			d, keep = &drawing{note: plain(err.Error())}, keepNotes
		}
		a.drawn.Add(at, d, keep)
		done <- d
	}()
	select {
	case d := <-done:
		return d
	case <-ctx.Done():
		return &drawing{note: "the chart takes long to render; look again in a moment"}
	}
}

func drawPackage(p *bundle.Package, at where) (d *drawing, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the chart cannot be drawn: %v", r)
		}
	}()
	files, err := manifests(p, at)
	if err != nil {
		return nil, err
	}
	var docs []*manifest.Document
	size := 0
	for _, name := range files.Names() {
		if size += len(files.Files[name]); size > mostManifests {
			return nil, fmt.Errorf("the manifests have more than %d MiB, too many to draw", mostManifests>>20)
		}
		docs = append(docs, manifest.Parse(source.NewFile(name, []byte(files.Files[name])))...)
	}
	return paint(graph.Draw(docs, nil, graph.Options{Show: lint.Error})), nil
}

// paint writes a picture for each workflow.
func paint(all *graph.Picture) *drawing {
	d := &drawing{}
	if len(all.Flows) == 0 {
		d.note = "there are no workflows in this package"
	}
	left, total := 0, 0
	for _, f := range all.Flows {
		var b bytes.Buffer
		if len(d.pictures) < mostFlows {
			if err := graph.Write(&b, &graph.Picture{Flows: []*graph.Flow{f}}, graph.SVG, graph.Look{}); err != nil {
				b.Reset()
			}
		}
		if b.Len() == 0 || b.Len() > mostPicture || total+b.Len() > mostPictures {
			left++
			continue
		}
		total += b.Len()
		made := picture{kind: f.Kind, name: f.Name, svg: b.Bytes()}
		if m := sizeOf.FindSubmatch(made.svg); m != nil {
			made.width, made.height = string(m[1]), string(m[2])
		}
		d.pictures = append(d.pictures, made)
	}
	if left > 0 {
		d.note = fmt.Sprintf("%d more workflows are too many or too large to draw here", left)
	}
	return d
}

// manifests renders the chart of a package, with a placeholder for all that is
// encrypted.
func manifests(p *bundle.Package, at where) (_ *render.Output, err error) {
	dir, err := os.MkdirTemp("", "tiphys-page-")
	if err != nil {
		return nil, errors.New("there is no room to unpack the package")
	}
	defer os.RemoveAll(dir)
	defer func() {
		if err != nil { // where it was unpacked is nobody's business
			err = errors.New(strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), ""))
		}
	}()
	if err := p.Extract(filepath.Join(dir, "package")); err != nil {
		return nil, err
	}
	return renderChart(p.ChartDir(filepath.Join(dir, "package")), at)
}

func renderChart(dir string, at where) (*render.Output, error) {
	chart, err := render.Load(dir)
	if err != nil {
		return nil, err
	}
	set, err := environment.Open(dir)
	if err != nil {
		return nil, err
	}
	env := set.Find(at.environment)
	if env == nil {
		return nil, fmt.Errorf("the package has no environment %q", at.environment)
	}
	values, err := deploy.Values(set, chart, env)
	if err != nil {
		return nil, err
	}
	if values.Root == nil {
		return nil, fmt.Errorf("the values of %q cannot be read", at.environment)
	}
	in, err := deploy.Read(context.Background(), deploy.Layers(values), render.Sets{}, nil, nil)
	if err != nil {
		return nil, err
	}
	namespace := at.namespace
	if namespace == "" {
		namespace = env.Namespace
	}
	out, err := chart.Render(deploy.Placeholders(in.Sealed), render.Options{Name: at.release, Namespace: namespace, SkipSchema: true})
	if err != nil {
		return nil, fmt.Errorf("the chart cannot be rendered with placeholders for its secrets: %w", err)
	}
	return out, nil
}
