package graph

import (
	"bufio"
	"io"
)

// A Format is a way to write a picture.
type Format string

// The formats.
const (
	Text    Format = "text"
	Mermaid Format = "mermaid"
	Dot     Format = "dot"
	SVG     Format = "svg"
)

// Formats returns the names of all formats.
func Formats() []string {
	return []string{string(Text), string(Mermaid), string(Dot), string(SVG)}
}

// A Look is how text is written.
type Look struct {
	// ASCII draws with the characters of ASCII only.
	ASCII bool
	// Color uses the colours of a terminal.
	Color bool
}

// Write writes the picture. Its error is that of w.
func Write(w io.Writer, p *Picture, f Format, look Look) error {
	b := bufio.NewWriter(w)
	switch f {
	case Mermaid:
		writeMermaid(b, p)
	case Dot:
		writeDot(b, p)
	case SVG:
		writeSVG(b, p)
	default:
		writeText(b, p, look)
	}
	return b.Flush()
}
