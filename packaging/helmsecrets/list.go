package helmsecrets

import (
	"encoding/csv"
	"strings"
)

// A replacer says what to hand to helm instead of a file.
type replacer func(file string) (string, error)

// replaceList replaces the files in the value of -f or --values. It is left as
// it is when no file changes.
func replaceList(list string, replace replacer) (string, error) {
	files, escaped := splitList(list)
	changed := escaped
	for i, file := range files {
		with, err := replace(file)
		if err != nil {
			return "", err
		}
		changed = changed || with != file
		files[i] = with
	}
	if !changed {
		return list, nil
	}
	var b strings.Builder
	w := csv.NewWriter(&b) // which is what helm reads lists with
	if err := w.Write(files); err != nil {
		return "", err
	}
	w.Flush()
	return strings.TrimSuffix(b.String(), "\n"), w.Error()
}

// splitList splits a list of files at commas. Helm takes a comma that belongs
// to a name in quotes, this command line after a backslash: escaped tells
// whether there was one, which helm would not understand.
func splitList(list string) (files []string, escaped bool) {
	var file strings.Builder
	quoted, start := false, true
	for i := 0; i < len(list); i++ {
		begins := start
		start = false
		switch rest := list[i:]; {
		case quoted && strings.HasPrefix(rest, `""`):
			file.WriteByte('"')
			i++
		case rest[0] == '"' && (quoted || begins):
			quoted = !quoted
		case !quoted && strings.HasPrefix(rest, `\,`):
			file.WriteByte(',')
			escaped = true
			i++
		case !quoted && rest[0] == ',':
			files = append(files, file.String())
			file.Reset()
			start = true
		default:
			file.WriteByte(rest[0])
		}
	}
	return append(files, file.String()), escaped
}

// replaceSet replaces the files in the value of --set-file: key=file,key=file
// or key={file,file}, where a backslash takes its meaning from the next byte.
func replaceSet(list string, replace replacer) (string, error) {
	var b strings.Builder
	for rest := list; rest != ""; {
		key := until(rest, "=")
		b.WriteString(key)
		rest = rest[len(key):]
		ends := ","
		if strings.HasPrefix(rest, "{") {
			b.WriteByte('{')
			rest, ends = rest[1:], ",}"
		}
		for more := true; more && rest != ""; { // the files of this key
			file := until(rest, ends)
			rest = rest[len(file):]
			stop := ""
			if n := len(file) - 1; strings.IndexByte(ends, file[n]) >= 0 && !escapedEnd(file) {
				file, stop = file[:n], file[n:]
			}
			with, err := replaceEscaped(file, replace)
			if err != nil {
				return "", err
			}
			b.WriteString(with + stop)
			more = ends == ",}" && stop == ","
		}
		if after, ok := strings.CutPrefix(rest, ","); ok && ends == ",}" {
			b.WriteByte(',')
			rest = after
		}
	}
	return b.String(), nil
}

// until returns s up to and with the first of the bytes in ends that no
// backslash precedes.
func until(s, ends string) string {
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' {
			i++
		} else if strings.IndexByte(ends, s[i]) >= 0 {
			return s[:i+1]
		}
	}
	return s
}

// escapedEnd reports whether a backslash precedes the last byte.
func escapedEnd(s string) bool {
	n := 0
	for i := len(s) - 2; i >= 0 && s[i] == '\\'; i-- {
		n++
	}
	return n%2 == 1
}

func replaceEscaped(raw string, replace replacer) (string, error) {
	var file strings.Builder
	for i := 0; i < len(raw); i++ {
		if raw[i] == '\\' {
			if i++; i == len(raw) {
				break
			}
		}
		file.WriteByte(raw[i])
	}
	if file.Len() == 0 {
		return raw, nil
	}
	with, err := replace(file.String())
	if err != nil || with == file.String() {
		return raw, err
	}
	return strings.NewReplacer(`\`, `\\`, `,`, `\,`, `{`, `\{`, `}`, `\}`).Replace(with), nil
}
