package rules

import (
	"strings"
	"testing"
	"time"
)

func parsed(t *testing.T, text string) Config {
	t.Helper()
	config, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func TestAWindowEndsWhereItSays(t *testing.T) {
	config := parsed(t, `{"windows": [{"days": ["sat"], "from": "22:00", "to": "02:30"}]}`)
	for at, minutes := range map[string]int{
		"2026-01-03T21:59:00Z":      0, // a Saturday
		"2026-01-03T22:00:00Z":      270,
		"2026-01-04T02:29:00Z":      1,
		"2026-01-04T02:30:00Z":      0,
		"2026-01-04T22:30:00Z":      0,
		"2026-01-03T23:00:00+01:00": 270,
	} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		remaining, closed := config.Closed(now)
		if closed != (minutes > 0) || remaining != time.Duration(minutes)*time.Minute {
			t.Errorf("%s: %v %v", at, remaining, closed)
		}
	}
}

func TestWithoutDaysItIsEveryDay(t *testing.T) {
	config := parsed(t, `{"windows": [{"from": "00:00", "to": "00:00"}]}`)
	if _, closed := config.Closed(time.Now()); !closed {
		t.Error("open")
	}
}

func TestWhoIsAllowedGetsIn(t *testing.T) {
	config := parsed(t, `{"windows": [{"from": "00:00", "to": "01:00"}], "allow": ["10.0.0.0/8", "2001:db8::1"]}`)
	for client, allowed := range map[string]bool{
		"10.1.2.3": true, "::ffff:10.1.2.3": true, "2001:db8::1": true,
		"11.1.2.3": false, "2001:db8::2": false, "": false,
	} {
		if config.Allows(client) != allowed {
			t.Error(client)
		}
	}
}

func TestWhatIsNotUnderstoodIsRefused(t *testing.T) {
	for config, expected := range map[string]string{
		`{}`:                 "windows: write at least one",
		`{"widnows": []}`:    "widnows: unknown",
		`{"windows": "all"}`: "windows: ",
		`{"windows": [{"from": "9", "to": "10:00"}]}`:                               "windows[0].from: ",
		`{"windows": [{"from": "09:00", "to": "24:00"}]}`:                           "windows[0].to: ",
		`{"windows": [{"days": ["sunday"], "from": "09:00", "to": "10:00"}]}`:       "windows[0].days: ",
		`{"windows": [{"from": "09:00", "to": "10:00"}], "allow": ["10.0.0.0/33"]}`: "allow[0]: ",
	} {
		if _, err := Parse(config); err == nil || !strings.HasPrefix(err.Error(), expected) {
			t.Errorf("%s: %v", config, err)
		}
	}
}
