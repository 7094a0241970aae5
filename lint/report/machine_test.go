package report_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/report"
	"github.com/tiphys-dev/tiphys/lint/source"
)

func TestJSON(t *testing.T) {
	f := at("dir/a.yaml", "x:\n  世界 «{{b}}»\n")
	f.Message = `task "a" <b> & c`
	f.Object.Namespace = "data"
	f.Fix = &lint.Fix{Message: "write c", Safe: true}
	f.Related = []lint.Related{{Path: "spec.x", Span: source.Span{File: f.Span.File, Start: 0, End: 2}, Message: "here"}}
	want := `{
  "findings": [
    {
      "rule": "tag-unresolved",
      "severity": "error",
      "message": "task \"a\" <b> & c",
      "object": {
        "kind": "Workflow",
        "namespace": "data",
        "name": "etl"
      },
      "path": "spec",
      "file": "dir/a.yaml",
      "line": 2,
      "column": 6,
      "endLine": 2,
      "endColumn": 11,
      "fix": {
        "message": "write c",
        "safe": true
      },
      "related": [
        {
          "message": "here",
          "path": "spec.x",
          "file": "dir/a.yaml",
          "line": 1,
          "column": 1,
          "endLine": 1,
          "endColumn": 3
        }
      ]
    }
  ],
  "summary": {
    "files": 1,
    "documents": 1,
    "errors": 1,
    "warnings": 0,
    "infos": 0
  }
}
`
	if diff := cmp.Diff(want, write(t, report.JSON, report.Options{}, f)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestJSONOfNothing(t *testing.T) {
	got := write(t, report.JSON, report.Options{})
	if !strings.Contains(got, `"findings": []`) {
		t.Errorf("findings must be a list:\n%s", got)
	}
	nowhere := write(t, report.JSON, report.Options{}, lint.Finding{Rule: rule, Severity: lint.Info, Message: "\xff"})
	for _, want := range []string{`"file": ""`, `"line": 0`, `"endColumn": 0`} {
		if !strings.Contains(nowhere, want) {
			t.Errorf("a finding without a position lacks %s:\n%s", want, nowhere)
		}
	}
}

func TestGitHub(t *testing.T) {
	plain := at("dir/a,b:c%.yaml", "a: «b»\n")
	plain.Message = "50% of\r\nthat::"
	plain.Related = []lint.Related{{Path: "spec.x", Message: "here"}}
	warning := at("a.yaml", "a: «b\nc»\n")
	warning.Severity = lint.Warning
	info := lint.Finding{Rule: rule, Severity: lint.Info, Message: "no", Path: "spec", Object: lint.Object{Kind: "Workflow"}}
	want := "::error file=dir/a%2Cb%3Ac%25.yaml,line=1,endLine=1,col=4,endColumn=5,title=tiphys tag-unresolved::50%25 of␍␊that:: [tag-unresolved]%0Aspec.x: here\n" +
		"::warning file=a.yaml,line=1,endLine=2,title=tiphys tag-unresolved::no [tag-unresolved]\n" +
		"::notice title=tiphys tag-unresolved::Workflow spec: no [tag-unresolved]\n"
	if diff := cmp.Diff(want, write(t, report.GitHub, report.Options{}, plain, warning, info)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestJUnit(t *testing.T) {
	bad := at("b\x01.yaml", "a: «b»\n")
	bad.Message = "a\x00b\x1b <&>\ufffe\xff]]>"
	mild := at("b\x01.yaml", "a: «b»\n")
	mild.Severity = lint.Info
	got := write(t, report.JUnit, report.Options{FailOn: lint.Error}, bad, mild)
	var doc struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Suites   []struct {
			Name  string `xml:"name,attr"`
			Cases []struct {
				Name    string `xml:"name,attr"`
				Failure *struct {
					Message string `xml:"message,attr"`
				} `xml:"failure"`
				Out string `xml:"system-out"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal([]byte(got), &doc); err != nil {
		t.Fatalf("not XML: %v\n%s", err, got)
	}
	if doc.Tests != 3 || doc.Failures != 1 || len(doc.Suites) != 2 {
		t.Fatalf("tests, failures, suites are wrong:\n%s", got)
	}
	if c := doc.Suites[0].Cases; doc.Suites[0].Name != "a.yaml" || len(c) != 1 || c[0].Failure != nil {
		t.Errorf("the clean file must be one test that passed:\n%s", got)
	}
	c := doc.Suites[1].Cases
	if len(c) != 2 || c[0].Failure == nil || c[0].Failure.Message != "a␀b␛ <&>\ufffd\ufffd]]>" {
		t.Errorf("the error must be a failure:\n%s", got)
	}
	if c[1].Failure != nil || !strings.Contains(c[1].Out, "info: no") {
		t.Errorf("the info must be a test that passed and says something:\n%s", got)
	}
}

type sarif struct {
	Version string
	Runs    []struct {
		ColumnKind string
		Tool       struct {
			Driver struct {
				Name, Version string
				Rules         []struct {
					ID, HelpURI          string
					ShortDescription     struct{ Text string }
					DefaultConfiguration struct{ Level string }
				}
			}
		}
		Results []struct {
			RuleID    string
			RuleIndex int
			Level     string
			Locations []struct {
				PhysicalLocation *struct {
					ArtifactLocation struct{ URI string }
					Region           struct{ StartLine, StartColumn, EndLine, EndColumn int }
				}
				LogicalLocations []struct{ FullyQualifiedName string }
			}
			PartialFingerprints map[string]string
		}
	}
}

func TestSARIF(t *testing.T) {
	other := &lint.Rule{Name: "other", Severity: lint.Info}
	first := at("./dir/a b:世.yaml", "a: «b»\n")
	moved := at("./dir/a b:世.yaml", "# a new line\n\na: «b»\n")
	absolute := at("/tmp/c:d.yaml", "a: «b»\n")
	colon := at("c:d.yaml", "a: «b»\n")
	nowhere := lint.Finding{Rule: other, Severity: lint.Info, Message: "no"}
	read := func(findings ...lint.Finding) sarif {
		var s sarif
		if err := json.Unmarshal([]byte(write(t, report.SARIF, report.Options{}, findings...)), &s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	run := read(first, first, absolute, colon, nowhere).Runs[0]

	if run.ColumnKind != "unicodeCodePoints" || run.Tool.Driver.Version != "v1.2.3" || len(run.Tool.Driver.Rules) != 2 {
		t.Errorf("run is wrong: %+v", run)
	}
	if r := run.Tool.Driver.Rules[0]; r.ShortDescription.Text != "A tag that nothing fills" ||
		r.HelpURI != "https://github.com/tiphys-dev/tiphys/blob/main/docs/rules/tag-unresolved.md" || r.DefaultConfiguration.Level != "error" {
		t.Errorf("rule is wrong: %+v", r)
	}
	var uris []string
	for _, r := range run.Results[:4] {
		uris = append(uris, r.Locations[0].PhysicalLocation.ArtifactLocation.URI)
	}
	want := []string{"dir/a%20b:%E4%B8%96.yaml", "dir/a%20b:%E4%B8%96.yaml", "file:///tmp/c:d.yaml", "./c:d.yaml"}
	if diff := cmp.Diff(want, uris); diff != "" {
		t.Errorf("URIs (-want +got):\n%s", diff)
	}
	if r := run.Results[4]; r.RuleIndex != 1 || r.Level != "note" || r.Locations != nil {
		t.Errorf("a finding without a place is wrong: %+v", r)
	}
	const key = "tiphysFinding/v1"
	if a, b := run.Results[0].PartialFingerprints[key], run.Results[1].PartialFingerprints[key]; a == b || a == "" {
		t.Errorf("two findings have the fingerprint %q", a)
	}
	if a, b := run.Results[0].PartialFingerprints[key], read(moved).Runs[0].Results[0].PartialFingerprints[key]; a != b {
		t.Errorf("the fingerprint changed with the line: %q, then %q", a, b)
	}
}

func TestSameBytesTwice(t *testing.T) {
	findings := []lint.Finding{at("a.yaml", "«b»\n"), at("b.yaml", "«b»\n"), at("c.yaml", "«b»\n")}
	for _, f := range report.Formats() {
		first := write(t, report.Format(f), report.Options{}, findings...)
		for range 5 {
			if again := write(t, report.Format(f), report.Options{}, findings...); again != first {
				t.Fatalf("%s is not the same twice", f)
			}
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestWriteErrors(t *testing.T) {
	for _, f := range report.Formats() {
		r := report.Report{Findings: []lint.Finding{at("a.yaml", "«b»\n")}}
		if err := report.Write(full{}, report.Format(f), r, report.Options{}); !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("%s: the error of the writer got lost: %v", f, err)
		}
	}
	if err := report.Write(io.Discard, "xml", report.Report{}, report.Options{}); err == nil {
		t.Error("a format that does not exist was written")
	}
}

func TestJSONGivesNoOrdersToTheTerminal(t *testing.T) {
	evil := at("a\u009b31m.yaml", "a: «b»\n")
	evil.Message = "\x1b[31m \x7f \u202e \u2028 \U000e0041 世界"
	for _, format := range []report.Format{report.JSON, report.SARIF} {
		var out strings.Builder
		if err := report.Write(&out, format, report.Report{Findings: []lint.Finding{evil}, Files: []string{"a"}}, report.Options{}); err != nil {
			t.Fatal(err)
		}
		if i := strings.IndexAny(out.String(), "\x1b\x7f\u009b\u202e\u2028\U000e0041"); i >= 0 {
			t.Errorf("%s: there is a control character at %d of %q", format, i, out.String())
		}
		if !strings.Contains(out.String(), "世界") {
			t.Errorf("%s: other characters are gone: %s", format, out.String())
		}
		var back any
		if err := json.Unmarshal([]byte(out.String()), &back); err != nil {
			t.Errorf("%s: %v", format, err)
		}
	}
}
