package credential

import (
	"iter"
	"strings"
)

// An Assignment is a literal credential that a program or a command line gives
// to a name: PASSWORD=hunter2, --token abc, {"password": "hunter2"}.
type Assignment struct {
	Name string
	// The value stands at the bytes [From, To), without quotes.
	From, To int
}

// longest is how far a name and a value may reach.
const longest = 256

// Assignments iterates over the literal credentials of a text. In the text of a
// shell a value needs no quotes.
func Assignments(text string, shell bool) iter.Seq[Assignment] {
	return func(yield func(Assignment) bool) {
		for i := 0; i < len(text); i++ {
			var a Assignment
			ok := false
			switch c := text[i]; {
			case c == '=' || c == ':':
				a, ok = assigned(text, i, shell)
			case shell && c == '-' && strings.HasPrefix(text[i:], "--") && (i == 0 || space(text[i-1])):
				a, ok = flag(text, i)
			}
			if !ok {
				continue
			}
			if !yield(a) {
				return
			}
			i = a.To
		}
	}
}

func space(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\\' }

// assigned looks around the "=" or ":" at text[i].
func assigned(text string, i int, shell bool) (Assignment, bool) {
	name, tight, plain := before(text, i)
	if name == "" {
		return Assignment{}, false
	}
	if text[i] == ':' && strings.EqualFold(name, "authorization") {
		return header(text, i, name)
	}
	if Named(name) != Value {
		return Assignment{}, false
	}
	from := i + 1
	for from < len(text) && (text[from] == ' ' || text[from] == '\t') {
		from++
	}
	if from < len(text) && (text[from] == '"' || text[from] == '\'') {
		return quoted(text, from, name)
	}
	if !shell || text[i] != '=' || !tight || !plain || from != i+1 {
		return Assignment{}, false
	}
	return bare(text, from, name)
}

// before returns the name that ends before text[i]. It is tight when nothing
// is between, and plain when it stands after a space.
func before(text string, i int) (name string, tight, plain bool) {
	end := i
	for end > 0 && i-end < longest && (text[end-1] == ' ' || text[end-1] == '\t') {
		end--
	}
	tight = end == i
	if end > 0 && text[end-1] == ']' {
		end-- // os.environ["TOKEN"] = ...
	}
	if end > 0 && (text[end-1] == '"' || text[end-1] == '\'') {
		end--
	}
	from := end
	for from > 0 && end-from < longest && (dotted(text[from-1])) {
		from--
	}
	return text[from:end], tight, from == 0 || space(text[from-1]) || text[from-1] == ';'
}

// quoted reads a value whose quote is text[from].
func quoted(text string, from int, name string) (Assignment, bool) {
	rest := text[from+1 : min(len(text), from+longest)]
	to := strings.IndexAny(rest, "\n"+text[from:from+1])
	if to < 0 || rest[to] == '\n' {
		return Assignment{}, false
	}
	return check(text, Assignment{name, from + 1, from + 1 + to})
}

// bare reads a value without quotes, as a shell does.
func bare(text string, from int, name string) (Assignment, bool) {
	to := from
	for to < len(text) && to-from < longest && !space(text[to]) && !strings.ContainsRune(";&|<>\"'`)", rune(text[to])) {
		to++
	}
	value := text[from:to]
	if !strings.HasPrefix(name, "-") && strings.ToUpper(name) != name && !strings.ContainsAny(value, "0123456789") {
		return Assignment{}, false // password=password, which may be a program's own variable
	}
	return check(text, Assignment{name, from, to})
}

// flag reads a flag and the word after it.
func flag(text string, i int) (Assignment, bool) {
	end := i
	for end < len(text) && end-i < longest && dashed(text[end]) {
		end++
	}
	name := text[i:end]
	from := end
	for from < len(text) && (text[from] == ' ' || text[from] == '\t') {
		from++
	}
	if from == end || from == len(text) || text[from] == '-' || Named(name) != Value {
		return Assignment{}, false
	}
	if text[from] == '"' || text[from] == '\'' {
		return quoted(text, from, name)
	}
	return bare(text, from, name)
}

// header reads "Authorization: Bearer ...".
func header(text string, i int, name string) (Assignment, bool) {
	rest := strings.TrimLeft(text[i+1:min(len(text), i+longest)], " \t\"'")
	from := min(len(text), i+longest) - len(rest)
	for _, scheme := range []string{"Bearer ", "Basic ", "token ", "Token "} {
		if !strings.HasPrefix(rest, scheme) {
			continue
		}
		from += len(scheme)
		to := from
		for to < len(text) && (dotted(text[to]) || strings.IndexByte("+/=~", text[to]) >= 0) {
			to++
		}
		if to-from < 8 {
			break
		}
		return check(text, Assignment{name, from, to})
	}
	return Assignment{}, false
}

// check tells a literal credential from text that only stands where one might.
func check(text string, a Assignment) (Assignment, bool) {
	value := text[a.From:a.To]
	ok := Literal(Value, value) && !strings.ContainsAny(value, " \t$(){},;") && !strings.EqualFold(value, strings.TrimLeft(a.Name, "-"))
	return a, ok
}
