// Gen writes the table of package schema, and the same as JSON Schema for
// editors, from the Go types of schema/argo, schema/events and k8s.io/api.
//
// It is run in lint/schema, by go generate.
package main

import (
	"fmt"
	"os"
)

const (
	tableFile = "zz_generated.go"
	jsonFile  = "json/argo.json"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run() error {
	files, err := generate()
	if err != nil {
		return err
	}
	for name, b := range files {
		if err := os.WriteFile(name, b, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// generate returns the text of the generated files by name.
func generate() (map[string][]byte, error) {
	src, err := readSources()
	if err != nil {
		return nil, fmt.Errorf("read sources: %w", err)
	}
	m, err := build(src)
	if err != nil {
		return nil, fmt.Errorf("build model: %w", err)
	}
	table, err := m.table()
	if err != nil {
		return nil, fmt.Errorf("format table: %w", err)
	}
	js, err := m.jsonSchema()
	if err != nil {
		return nil, fmt.Errorf("format JSON Schema: %w", err)
	}
	return map[string][]byte{tableFile: table, jsonFile: js}, nil
}
