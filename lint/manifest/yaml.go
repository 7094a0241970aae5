package manifest

import "strings"

// A parser makes the tree of each YAML document of a file from its tokens.
type parser struct {
	builder
	text       string
	clean      bool // all characters of the file are fine
	directives bool // the file has comments for us

	scanner scanner
	tokens  []token
	i       int
	last    int // end of the token before i

	anchors  map[string]*Node
	handles  map[string]string // of the %TAG directives
	version  bool              // a %YAML directive has been read
	comments []Comment         // of the text before the first document
	odd      []oddity
	merge    bool // the last scalar was a merge key
}

// An oddity is a value or key that YAML has and JSON has not. It is a problem
// only if it is still there at the end: a later value of the same key may have
// replaced it.
type oddity struct {
	node    *Node // the value
	at      *Node // what is odd, the value or its key
	message string
}

// open is the End of a collection that is being read.
const open = -1

// document reads the text between two offsets, which follows "---" when
// explicit is set. It returns nil for comments before the first "---".
func (p *parser) document(start, end int, explicit, last bool) *Document {
	from := start
	if explicit {
		from = p.contentStart(start, end)
	}
	p.begin(from, end)
	p.doc.Comments, p.comments = p.comments, nil
	clear(p.anchors)
	p.odd = p.odd[:0]
	if !p.clean {
		if bad := encodingProblem(p.file, start, end); bad != nil {
			p.fatal = bad
			return p.finish(nil)
		}
	}
	p.scan(start, end, explicit)
	if !explicit {
		n := p.readDirectives()
		switch k := p.peek(); {
		case k == tEnd && !last && p.fatal == nil:
			p.comments = p.doc.Comments
			return nil
		case n > 0 && k != tFail:
			p.fail(Syntax, p.last, p.last+1, `expected "---" after the directive`)
		}
	}
	root := p.root(explicit)
	if p.fatal == nil {
		p.oddities(root)
	}
	if p.fatal != nil && p.fatal.Kind == Syntax {
		p.fatal.Message += hint(p.text[start:end], p.fatal.Span.Start-start)
	}
	return p.finish(root)
}

// contentStart passes the rest of the "---" line if nothing stands on it.
func (p *parser) contentStart(start, end int) int {
	i := start
	for i < end && blank(p.text[i]) {
		i++
	}
	if w := breakWidth(p.text, i); i < end && w > 0 {
		return i + w
	}
	return start
}

func (p *parser) scan(start, end int, explicit bool) {
	s := &p.scanner
	s.text, s.directives, s.comments = p.text, p.directives, p.comment
	s.reset(start, end, explicit)
	s.scan()
	p.tokens, p.i, p.last = s.tokens, 0, start
}

func (p *parser) comment(start, end int) {
	line := p.text[p.scanner.line:start]
	p.doc.Comments = append(p.doc.Comments, Comment{
		Span:  p.span(start, end),
		Text:  strings.TrimSpace(p.text[start+1 : end]),
		Alone: strings.Trim(line, " \t\ufeff") == "",
	})
}

// root reads the value of the document and what may follow it.
func (p *parser) root(explicit bool) *Node {
	var root *Node
	switch k := p.peek(); {
	case k == tEnd, explicit && (k == tDocumentEnd || k == tDirective):
	default:
		root = p.value(true, false)
	}
	if p.fatal != nil {
		return nil
	}
	clear(p.handles)
	p.version = false
	for p.peek() == tDocumentEnd {
		p.next()
	}
	p.readDirectives()
	if p.peek() != tEnd {
		p.trailing(root)
	}
	return root
}

// readDirectives reads the directives for the document that follows.
func (p *parser) readDirectives() (n int) {
	for ; p.peek() == tDirective; n++ {
		t := p.tokens[p.i]
		handle, prefix, isTag := strings.Cut(p.tokenText(t), " ")
		_, known := p.handles[handle]
		switch {
		case isTag && known, !isTag && p.version:
			p.fail(Syntax, int(t.start), int(t.end), "the same directive twice: remove one")
		case isTag:
			if p.handles == nil {
				p.handles = map[string]string{}
			}
			p.handles[handle] = prefix
		default:
			p.version = true
		}
		p.next()
	}
	return n
}

// tokenText returns what the scanner has decoded for t, "" when it has nothing.
func (p *parser) tokenText(t token) string {
	if t.value == 0 {
		return ""
	}
	return p.scanner.values[t.value-1]
}

func (p *parser) peek() tokenKind {
	t := &p.tokens[p.i]
	switch {
	case t.marks == 0:
		return t.kind
	case t.marks&opens == 0:
		return tKey
	case t.kind == tEntry:
		return tBlockSeq
	}
	return tBlockMap
}

// next passes the token that peek sees.
func (p *parser) next() {
	t := &p.tokens[p.i]
	switch {
	case t.marks&opens != 0:
		t.marks &^= opens
	case t.marks&keyed != 0:
		t.marks &^= keyed
	case t.kind == tEnd || t.kind == tFail:
	default:
		if t.kind != tBlockEnd {
			p.last = int(t.end)
		}
		p.i++
	}
}

func (p *parser) start() int { return int(p.tokens[p.i].start) }

// properties are what may stand before a value.
type properties struct {
	anchor string
	tag    string
	set    bool
}

// value reads one value with its properties. A list in a block map may stand
// at the column of its key; indentless allows that.
func (p *parser) value(block, indentless bool) *Node {
	if p.peek() == tAlias {
		return p.alias()
	}
	props := p.properties()
	if p.fatal != nil {
		return nil
	}
	k := p.peek()
	switch {
	case k == tScalar:
		n := p.scalar(p.tokens[p.i], props)
		p.next()
		return n
	case k == tFlowSeq:
		return p.collection(List, Flow, props, p.flowList)
	case k == tFlowMap:
		return p.collection(Map, Flow, props, p.flowMap)
	case k == tBlockSeq && block:
		return p.collection(List, Block, props, p.blockList)
	case k == tEntry && indentless:
		return p.collection(List, Block, props, p.indentlessList)
	case k == tBlockMap && block:
		return p.collection(Map, Block, props, p.blockMap)
	case props.set:
		return p.scalar(token{start: int32(p.last), end: int32(p.last)}, props)
	}
	p.noValue(k)
	return nil
}

func (p *parser) properties() (props properties) {
	for {
		t := p.tokens[p.i]
		switch k := p.peek(); {
		case k == tAnchor && props.anchor == "":
			props.anchor = p.text[t.start+1 : t.end]
		case k == tTag && props.tag == "":
			props.tag = p.expand(t)
		default:
			return props
		}
		props.set = true
		p.next()
	}
}

// expand returns the full name of a tag.
func (p *parser) expand(t token) string {
	handle, rest, _ := strings.Cut(p.tokenText(t), " ")
	prefix, ok := p.handles[handle]
	switch {
	case ok:
	case handle == "":
	case handle == "!":
		prefix = "!"
	case handle == "!!":
		prefix = tagPrefix
	default:
		p.fail(Syntax, int(t.start), int(t.end), "the tag "+quote(p.text[t.start:t.end])+" is not known: put the text in quotes")
	}
	return prefix + rest
}

func (p *parser) alias() *Node {
	t := p.tokens[p.i]
	p.next()
	name := p.text[t.start+1 : t.end]
	n := p.anchors[name]
	switch {
	case n == nil:
		p.fail(Syntax, int(t.start), int(t.end), p.noAnchor(name))
		return nil
	case n.End == open:
		p.fail(Syntax, int(t.start), int(t.end), "the value of &"+name+" contains itself")
		return nil
	}
	p.aliases++
	return p.clone(n, int(t.start), int(t.end))
}

func (p *parser) anchor(name string, n *Node) {
	if name == "" {
		return
	}
	if p.anchors == nil {
		p.anchors = map[string]*Node{}
	}
	p.anchors[name] = n
}

func (p *parser) scalar(t token, props properties) *Node {
	start, end := int(t.start), int(t.end)
	n := p.node(String, t.style, start, end)
	n.indent = t.indent
	p.anchor(props.anchor, n)
	switch {
	case t.value > 0:
		n.Value = p.scanner.values[t.value-1]
	case t.style == Plain:
		n.Value = p.text[start:end]
	default:
		n.Value = p.text[start+1 : end-1]
	}
	p.merge = n.Value == "<<" && (props.tag == "" && t.style == Plain || props.tag == "!" || props.tag == tagPrefix+"merge")
	switch {
	case props.tag != "":
		problem := ""
		if n.Kind, n.Value, problem = resolveTag(props.tag, n.Value); problem != "" {
			p.fail(Syntax, start, end, problem)
			return n
		}
	case t.style == Plain:
		n.Kind, n.Value = resolve(n.Value)
	}
	if n.Kind == Float && !finite(n) {
		p.odd = append(p.odd, oddity{n, n, quote(p.text[start:end]) + " is a number that JSON does not have: put it in quotes"})
	}
	return n
}

func (p *parser) null() *Node { return p.node(Null, Plain, p.last, p.last) }

// collection makes the node of a list or map and has its content read.
func (p *parser) collection(kind Kind, style Style, props properties, read func(*Node)) *Node {
	n := p.node(kind, style, p.start(), open)
	p.anchor(props.anchor, n)
	if p.depth++; p.depth > maxDepth {
		p.fail(Limit, n.Start, n.Start+1, "nested deeper than 1000 levels")
		return n
	}
	if p.fatal == nil {
		read(n)
	}
	p.depth--
	n.End = p.last
	return n
}

// oddities reports the first oddity that is still there.
func (p *parser) oddities(root *Node) {
	for _, o := range p.odd {
		top := o.node
		for top.Parent != nil && int(top.index) < len(top.Parent.Children) && top.Parent.Children[top.index] == top {
			top = top.Parent
		}
		if top == root {
			p.fail(Syntax, o.at.Start, o.at.End, o.message)
			return
		}
	}
}
