// Package rules says when a site is closed and for whom it is open all the same: plain Go, tested
// by `go test ./rules`.
package rules

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Config is the plugin's `config`, ready to be asked.
type Config struct {
	Windows []Window
	Allow   []netip.Prefix
	Message string
}

// Window is a time of the week, in UTC. It begins on each of its days, and may end on the next.
type Window struct {
	days     [7]bool
	from, to time.Duration
}

const day = 24 * time.Hour

// Parse reads the configuration. An error refuses the operator's file and is shown there.
func Parse(text string) (Config, error) {
	var written struct {
		Windows []struct {
			Days     []string `json:"days"`
			From, To string
		} `json:"windows"`
		Allow   []string `json:"allow"`
		Message string   `json:"message"`
	}
	written.Message = "closed for maintenance"
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&written); err != nil {
		return Config{}, explain(err)
	}
	if len(written.Windows) == 0 {
		return Config{}, errors.New("windows: write at least one, as in { days: [sun], from: \"22:00\", to: \"23:30\" }")
	}
	config := Config{Message: written.Message}
	for i, window := range written.Windows {
		parsed, err := parseWindow(window.Days, window.From, window.To)
		if err != nil {
			return Config{}, fmt.Errorf("windows[%d].%w", i, err)
		}
		config.Windows = append(config.Windows, parsed)
	}
	for i, text := range written.Allow {
		prefix, err := parsePrefix(text)
		if err != nil {
			return Config{}, fmt.Errorf("allow[%d]: expected an address or a network such as 10.0.0.0/8", i)
		}
		config.Allow = append(config.Allow, prefix)
	}
	return config, nil
}

// explain puts the key first, as the host's own problems do.
func explain(err error) error {
	if key, found := strings.CutPrefix(err.Error(), "json: unknown field "); found {
		return fmt.Errorf("%s: unknown key", strings.Trim(key, `"`))
	}
	var mistyped *json.UnmarshalTypeError
	if errors.As(err, &mistyped) {
		return fmt.Errorf("%s: expected a %s", mistyped.Field, mistyped.Type)
	}
	return err
}

var names = [7]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

func parseWindow(days []string, from, to string) (window Window, err error) {
	if len(days) == 0 {
		days = names[:]
	}
	for _, name := range days {
		known := false
		for i := range names {
			if names[i] == name {
				window.days[i], known = true, true
			}
		}
		if !known {
			return window, fmt.Errorf("days: expected some of %s", strings.Join(names[:], " "))
		}
	}
	if window.from, err = parseTime(from); err != nil {
		return window, fmt.Errorf("from: %w", err)
	}
	if window.to, err = parseTime(to); err != nil {
		return window, fmt.Errorf("to: %w", err)
	}
	if window.to <= window.from {
		window.to += day
	}
	return window, nil
}

func parseTime(text string) (time.Duration, error) {
	parsed, err := time.Parse("15:04", text)
	if err != nil {
		return 0, errors.New("expected hours and minutes, such as \"22:00\"")
	}
	return time.Duration(parsed.Hour())*time.Hour + time.Duration(parsed.Minute())*time.Minute, nil
}

func parsePrefix(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil {
		return address.Prefix(address.BitLen())
	}
	return netip.ParsePrefix(text)
}

// Closed tells whether the site is closed at that time, and for how long from then.
func (c Config) Closed(now time.Time) (remaining time.Duration, closed bool) {
	now = now.UTC()
	midnight := now.Truncate(day)
	for _, window := range c.Windows {
		for _, begin := range []time.Time{midnight, midnight.Add(-day)} {
			since := now.Sub(begin)
			if window.days[begin.Weekday()] && since >= window.from && since < window.to {
				remaining, closed = max(remaining, window.to-since), true
			}
		}
	}
	return remaining, closed
}

// Allows tells whether that client gets in all the same.
func (c Config) Allows(client string) bool {
	address, err := netip.ParseAddr(client)
	if err != nil {
		return false
	}
	for _, prefix := range c.Allow {
		if prefix.Contains(address.Unmap()) {
			return true
		}
	}
	return false
}
