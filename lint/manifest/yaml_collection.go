package manifest

// flowList reads [a, b, c: d].
func (p *parser) flowList(n *Node) {
	base := len(p.stack)
	p.next()
	for first := true; p.fatal == nil && p.peek() != tFlowSeqEnd; first = false {
		if !first {
			if p.peek() != tComma {
				p.unclosed(n, ']')
				return
			}
			p.next()
			if p.peek() == tFlowSeqEnd {
				break
			}
		}
		if p.peek() == tKey {
			p.stack = append(p.stack, p.collection(Map, Flow, properties{}, p.flowPair))
		} else {
			p.stack = append(p.stack, p.value(false, false))
		}
	}
	if p.fatal == nil {
		p.next()
		p.list(n, base)
	}
}

// flowPair reads the one entry of a map that stands in a list without braces.
func (p *parser) flowPair(n *Node) {
	base := len(p.stack)
	p.flowEntry(tFlowSeqEnd)
	if p.fatal == nil {
		p.object(n, base)
	}
}

// flowMap reads {a: b, c}.
func (p *parser) flowMap(n *Node) {
	base := len(p.stack)
	p.next()
	for first := true; p.fatal == nil && p.peek() != tFlowMapEnd; first = false {
		if !first {
			if p.peek() != tComma {
				p.unclosed(n, '}')
				return
			}
			p.next()
			if p.peek() == tFlowMapEnd {
				break
			}
		}
		if p.peek() == tKey {
			p.flowEntry(tFlowMapEnd)
		} else {
			p.merge = false
			key := p.value(false, false)
			p.entry(key, p.merge, p.null())
		}
	}
	if p.fatal == nil {
		p.next()
		p.object(n, base)
	}
}

// flowEntry reads a key and its value, either of which may be missing.
func (p *parser) flowEntry(end tokenKind) {
	p.next()
	p.merge = false
	var key *Node
	if k := p.peek(); k == tValue || k == tComma || k == end {
		key = p.null()
	} else {
		key = p.value(false, false)
	}
	merge := p.merge
	var v *Node
	if p.fatal == nil && p.peek() == tValue {
		p.next()
		if k := p.peek(); k != tComma && k != end {
			v = p.value(false, false)
		}
	}
	if v == nil {
		v = p.null()
	}
	p.entry(key, merge, v)
}

// blockList reads the items of a list that is indented.
func (p *parser) blockList(n *Node) {
	base := len(p.stack)
	p.next()
	for p.fatal == nil {
		switch p.peek() {
		case tEntry:
			p.next()
			if k := p.peek(); k == tEntry || k == tBlockEnd {
				p.stack = append(p.stack, p.null())
			} else {
				p.stack = append(p.stack, p.value(true, false))
			}
		case tBlockEnd:
			p.list(n, base)
			p.next()
			return
		default:
			p.noEntry(n)
			return
		}
	}
}

// indentlessList reads the items of a list at the column of its key.
func (p *parser) indentlessList(n *Node) {
	base := len(p.stack)
	for p.fatal == nil && p.peek() == tEntry {
		p.next()
		switch p.peek() {
		case tEntry, tKey, tValue, tBlockEnd:
			p.stack = append(p.stack, p.null())
		default:
			p.stack = append(p.stack, p.value(true, false))
		}
	}
	if p.fatal == nil {
		p.list(n, base)
	}
}

// blockMap reads the keys and values of a map that is indented.
func (p *parser) blockMap(n *Node) {
	base := len(p.stack)
	p.next()
	for p.fatal == nil {
		switch p.peek() {
		case tKey:
			p.next()
		case tBlockEnd:
			p.object(n, base)
			p.next()
			return
		default:
			p.noKey(n)
			return
		}
		p.merge = false
		key := p.blockPart()
		merge := p.merge
		var v *Node
		if p.fatal == nil && p.peek() == tValue {
			p.next()
			v = p.blockPart()
		} else {
			v = p.null()
		}
		p.entry(key, merge, v)
	}
}

// blockPart reads a key or value of a block map; it is null when it is missing.
func (p *parser) blockPart() *Node {
	switch p.peek() {
	case tKey, tValue, tBlockEnd:
		return p.null()
	}
	return p.value(true, true)
}

// entry adds a value to the map that is being read.
func (p *parser) entry(key *Node, merge bool, v *Node) {
	if p.fatal != nil || key == nil || v == nil {
		return
	}
	if merge && key.Kind == String && !key.Alias {
		p.mergeInto(key, v)
		return
	}
	if key.Kind == List || key.Kind == Map {
		p.fail(Syntax, key.Start, key.End, "a "+key.Kind.article()+" cannot be a key")
		return
	}
	if key.Kind != String {
		key = p.textKey(key, v)
	}
	v.Key = key
	p.stack = append(p.stack, v)
}

// nullKey is what a key that is null is called, so that it is not taken for
// the key "". A document with such a key is refused.
const nullKey = "\x00"

// textKey returns a key as the string that it is in JSON. It is a node of its
// own, since an alias may ask for the key's first meaning.
func (p *parser) textKey(n, v *Node) *Node {
	key := p.node(String, n.Style, n.Start, n.End)
	key.Value, key.Alias = n.Value, n.Alias
	switch n.Kind {
	case Null:
		key.Value = nullKey
		p.odd = append(p.odd, oddity{v, key, "a key cannot be empty or null: name it, or put it in quotes"})
	case Int, Float:
		written := n.Value
		if n.Style == Plain && n.Start < n.End {
			written = p.text[n.Start:n.End]
		}
		text, ok := keyText(written)
		if !ok {
			p.odd = append(p.odd, oddity{v, key, "the number is too large for a key: put it in quotes"})
			break
		}
		key.Value = text
	}
	return key
}

// article names a collection as YAML users do.
func (k Kind) article() string {
	if k == Map {
		return "map"
	}
	return "list"
}

// mergeInto adds the entries of the maps that "<<" names. They come in where
// the merge stands, so that they replace what stands before it and are
// replaced by what follows; of a list of maps the first wins.
func (p *parser) mergeInto(key, v *Node) {
	maps := []*Node{v}
	if v.Kind == List && !v.Alias {
		maps = v.Children
	}
	for i := len(maps) - 1; i >= 0; i-- {
		m := maps[i]
		if m.Kind != Map {
			p.fail(Syntax, key.Start, key.End, `"<<" merges a map or a list of maps: this value is neither`)
			return
		}
		for _, c := range m.Children {
			setAlias(c)
			c.Parent = key
			p.stack = append(p.stack, c)
		}
	}
}

// setAlias marks all that came by a merge.
func setAlias(n *Node) {
	if n.Alias && (n.Key == nil || n.Key.Alias) {
		return // the copy of an alias is marked all through
	}
	n.Alias = true
	if n.Key != nil {
		n.Key.Alias = true
	}
	for _, c := range n.Children {
		setAlias(c)
	}
}
