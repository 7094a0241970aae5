package lint

// Text returns a parameter that is a string, "" without it.
func (p *Pass) Text(name string) string {
	s, _ := p.Parameters[name].(string)
	return s
}

// Flag returns a parameter that is true or false, false without it.
func (p *Pass) Flag(name string) bool {
	b, _ := p.Parameters[name].(bool)
	return b
}

// Texts returns a parameter that is a list of strings, nil without it.
func (p *Pass) Texts(name string) []string {
	list, _ := p.Parameters[name].([]any)
	var all []string
	for _, item := range list {
		if s, ok := item.(string); ok {
			all = append(all, s)
		}
	}
	return all
}

// Number returns a parameter that is an integer, otherwise without it.
func (p *Pass) Number(name string, otherwise int) int {
	switch n := p.Parameters[name].(type) {
	case int64:
		return int(n)
	case float64: // from encoding/json
		return int(n)
	}
	return otherwise
}
