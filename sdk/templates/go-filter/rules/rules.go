// Package rules is what the plugin does, without the host: plain Go, tested by `go test ./rules`.
package rules

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Config is the plugin's `config`: `{ blocked: /private, tag: hello }`.
type Config struct {
	// Blocked is a path; those below it are blocked too.
	Blocked string
	// Tag is the value of the header `x-tag`.
	Tag string
}

// Parse reads it. An error refuses the operator's file and is shown there.
func Parse(text string) (Config, error) {
	config := Config{Tag: "{{project-name}}"}
	var written map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &written); err != nil {
		return config, err
	}
	fields := map[string]*string{"blocked": &config.Blocked, "tag": &config.Tag}
	for key, value := range written {
		field, known := fields[key]
		if !known {
			return config, fmt.Errorf("%s: unknown key, expected one of blocked, tag", key)
		}
		if err := json.Unmarshal(value, field); err != nil {
			return config, fmt.Errorf("%s: expected a text", key)
		}
	}
	if _, written := written["blocked"]; !written {
		return config, errors.New("blocked is missing")
	}
	if !strings.HasPrefix(config.Blocked, "/") {
		return config, errors.New("blocked: a path begins with a slash")
	}
	config.Blocked = strings.TrimRight(config.Blocked, "/")
	return config, nil
}

// IsBlocked tells whether a path is the blocked one or below it.
func (c Config) IsBlocked(path string) bool {
	return path == c.Blocked || strings.HasPrefix(path, c.Blocked+"/")
}
