// Package near finds the name that a misspelt word was meant to be.
package near

import (
	"fmt"
	"strings"
)

// longest bounds the work for one pair of names: what is longer is no slip of
// the pen, and must not cost quadratic time.
const longest = 64

// Files may hold hundreds of thousands of misspelt words and as many names, so
// among more than many names only those that begin or end like the word are
// compared with it.
const many = 64

// Most is the length of the longest list of names in which Name looks. A caller
// that makes a list for each word need not make it longer than one more.
const Most = 2000

// Name returns the one of names that word was most likely meant to be, and
// whether there is one. Of names equally near the first wins; word itself is
// never the answer.
func Name(word string, names []string) (string, bool) {
	best, distance := "", limit(word)+1
	if len(names) > Most || word == "" || len(word) > longest {
		return "", false
	}
	for _, name := range names {
		if name == word || name == "" || len(names) > many && !likeEnds(name, word) {
			continue
		}
		if strings.EqualFold(name, word) {
			return name, true
		}
		if d := edits(word, name, distance); d < distance {
			best, distance = name, d
		}
	}
	return best, best != ""
}

// likeEnds reports whether two words begin or end with the same letter.
func likeEnds(a, b string) bool {
	const lower = 'a' - 'A'
	return a[0]|lower == b[0]|lower || a[len(a)-1]|lower == b[len(b)-1]|lower
}

// limit is how many slips are forgiven: one in a short word, a third of a long one.
func limit(word string) int {
	switch n := len(word); {
	case n < 2 || n > longest:
		return 0
	case n < 6:
		return 1
	default:
		return min(n/3, 4)
	}
}

// edits counts the insertions, deletions, replacements and swaps of neighbours
// that make b of a, byte by byte; it returns most when there are more.
func edits(a, b string, most int) int {
	if len(b) > longest || abs(len(a)-len(b)) >= most {
		return most
	}
	var rows [3][longest + 1]int
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		row, above, before := &rows[i%3], &rows[(i+2)%3], &rows[(i+1)%3]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return rows[len(a)%3][len(b)]
}

func abs(n int) int { return max(n, -n) }

// Hint is the end of a message about a name that nobody knows: what may be
// meant, or "".
func Hint(word string, names []string) string {
	if name, ok := Name(word, names); ok {
		return fmt.Sprintf("; did you mean %q?", name)
	}
	return ""
}
