package rules

import (
	"strings"
	"testing"
)

func TestTheBlockedPathAndWhatIsBelowIt(t *testing.T) {
	config, err := Parse(`{"blocked": "/private/"}`)
	if err != nil {
		t.Fatal(err)
	}
	for path, blocked := range map[string]bool{
		"/private": true, "/private/papers": true, "/": false, "/privateer": false,
	} {
		if config.IsBlocked(path) != blocked {
			t.Error(path)
		}
	}
}

func TestWhatIsNotUnderstoodIsRefused(t *testing.T) {
	for config, expected := range map[string]string{
		`{"blokced": "/private"}`: "blokced: unknown",
		`{"blocked": "private"}`:  "blocked: ",
		`{"blocked": 7}`:          "blocked: ",
		`{}`:                      "blocked is missing",
	} {
		if _, err := Parse(config); err == nil || !strings.HasPrefix(err.Error(), expected) {
			t.Errorf("%s: %v", config, err)
		}
	}
}
