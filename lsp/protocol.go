package lsp

import "encoding/json"

// What we use of the Language Server Protocol 3.17, under the names of the
// standard. Numbers are what the standard calls uinteger.
type (
	// A Position is a place in a document, line and character from 0; the unit
	// of characters is negotiated.
	Position struct {
		Line      int `json:"line"`
		Character int `json:"character"`
	}
	// A Range is half-open.
	Range struct {
		Start Position `json:"start"`
		End   Position `json:"end"`
	}
	location struct {
		URI   string `json:"uri"`
		Range Range  `json:"range"`
	}
	textEdit struct {
		Range   Range  `json:"range"`
		NewText string `json:"newText"`
	}
	folder struct {
		URI string `json:"uri"`
	}
	initializeParams struct {
		ProcessID        *int     `json:"processId"`
		RootURI          string   `json:"rootUri"`
		RootPath         string   `json:"rootPath"`
		WorkspaceFolders []folder `json:"workspaceFolders"`
		Capabilities     struct {
			General struct {
				PositionEncodings []encoding `json:"positionEncodings"`
			} `json:"general"`
			TextDocument struct {
				PublishDiagnostics struct {
					RelatedInformation bool `json:"relatedInformation"`
				} `json:"publishDiagnostics"`
				Hover struct {
					ContentFormat []string `json:"contentFormat"`
				} `json:"hover"`
			} `json:"textDocument"`
			Workspace struct {
				DidChangeWatchedFiles struct {
					DynamicRegistration bool `json:"dynamicRegistration"`
				} `json:"didChangeWatchedFiles"`
			} `json:"workspace"`
		} `json:"capabilities"`
	}
	didOpenParams struct {
		TextDocument struct {
			URI        string `json:"uri"`
			LanguageID string `json:"languageId"`
			Version    int    `json:"version"`
			Text       string `json:"text"`
		} `json:"textDocument"`
	}
	documentID struct {
		URI     string `json:"uri"`
		Version int    `json:"version"`
	}
	didChangeParams struct {
		TextDocument   documentID      `json:"textDocument"`
		ContentChanges []contentChange `json:"contentChanges"`
	}
	contentChange struct {
		Range *Range `json:"range"` // nil for the whole text
		Text  string `json:"text"`
	}
	documentParams struct {
		TextDocument documentID `json:"textDocument"`
	}
	positionParams struct {
		TextDocument documentID `json:"textDocument"`
		Position     Position   `json:"position"`
	}
	watchedParams struct {
		Changes []struct {
			URI string `json:"uri"`
		} `json:"changes"`
	}
	foldersParams struct {
		Event struct {
			Added   []folder `json:"added"`
			Removed []folder `json:"removed"`
		} `json:"event"`
	}
	cancelParams struct {
		ID json.RawMessage `json:"id"`
	}
	codeActionParams struct {
		TextDocument documentID `json:"textDocument"`
		Range        Range      `json:"range"`
		Context      struct {
			Only []string `json:"only"`
		} `json:"context"`
	}
	codeDescription struct {
		Href string `json:"href"`
	}
	related struct {
		Location location `json:"location"`
		Message  string   `json:"message"`
	}
	diagnostic struct {
		Range           Range            `json:"range"`
		Severity        int              `json:"severity"`
		Code            string           `json:"code,omitempty"`
		CodeDescription *codeDescription `json:"codeDescription,omitempty"`
		Source          string           `json:"source"`
		Message         string           `json:"message"`
		Tags            []int            `json:"tags,omitempty"`
		Related         []related        `json:"relatedInformation,omitempty"`
	}
	publishParams struct {
		URI         string       `json:"uri"`
		Version     *int         `json:"version,omitempty"`
		Diagnostics []diagnostic `json:"diagnostics"`
	}
	workspaceEdit struct {
		Changes map[string][]textEdit `json:"changes"`
	}
	codeAction struct {
		Title       string        `json:"title"`
		Kind        string        `json:"kind"`
		Diagnostics []diagnostic  `json:"diagnostics,omitempty"`
		Preferred   bool          `json:"isPreferred,omitempty"`
		Edit        workspaceEdit `json:"edit"`
	}
	markup struct {
		Kind  string `json:"kind"`
		Value string `json:"value"`
	}
	hover struct {
		Contents markup `json:"contents"`
		Range    *Range `json:"range,omitempty"`
	}
	completionList struct {
		Incomplete bool             `json:"isIncomplete"`
		Items      []completionItem `json:"items"`
	}
	completionItem struct {
		Label         string   `json:"label"`
		Kind          int      `json:"kind"`
		Detail        string   `json:"detail,omitempty"`
		Documentation *markup  `json:"documentation,omitempty"`
		SortText      string   `json:"sortText,omitempty"`
		FilterText    string   `json:"filterText,omitempty"`
		TextEdit      textEdit `json:"textEdit"`
	}
	documentSymbol struct {
		Name           string           `json:"name"`
		Detail         string           `json:"detail,omitempty"`
		Kind           int              `json:"kind"`
		Range          Range            `json:"range"`
		SelectionRange Range            `json:"selectionRange"`
		Children       []documentSymbol `json:"children,omitempty"`
	}
)

// Numbers of the standard.
const (
	severityError   = 1
	severityWarning = 2
	severityInfo    = 3

	tagUnnecessary = 1
	tagDeprecated  = 2

	messageError = 1

	kindProperty  = 10 // of completion items
	kindValue     = 12
	kindEnum      = 13
	kindReference = 18
	kindVariable  = 6
	kindFunction  = 3

	symbolObject   = 19
	symbolFunction = 12
	symbolEvent    = 24

	syncIncremental = 2
)

// Codes of the standard beside those of JSON-RPC.
const (
	codeNotInitialized   = -32002
	codeRequestCancelled = -32800
)
