// Package export_tidegate_plugin_filter joins the rules to the host. The names are those of
// wit/filter.wit.
package export_tidegate_plugin_filter

import (
	"strconv"
	"time"

	"example.com/maintenance/build/gen/tidegate_plugin_clock"
	"example.com/maintenance/build/gen/tidegate_plugin_filter"
	"example.com/maintenance/build/gen/tidegate_plugin_metrics"
	"example.com/maintenance/build/gen/tidegate_plugin_request"
	"example.com/maintenance/build/gen/tidegate_plugin_types"
	wit "example.com/maintenance/build/gen/wit/types"
	"example.com/maintenance/rules"
)

type field = wit.Tuple2[string, []uint8]

var (
	config     rules.Config
	turnedAway *tidegate_plugin_metrics.Counter
)

// Configure says what is to be called; what is not asked for costs nothing.
func Configure(text string) wit.Result[tidegate_plugin_filter.Interest, string] {
	parsed, err := rules.Parse(text)
	if err != nil {
		return wit.Err[tidegate_plugin_filter.Interest](err.Error())
	}
	config = parsed
	turnedAway = tidegate_plugin_metrics.MakeCounter("turned_away", "Requests during maintenance")
	return wit.Ok[tidegate_plugin_filter.Interest, string](
		tidegate_plugin_filter.Interest{Request: true})
}

// OnRequest is called for every request.
func OnRequest() tidegate_plugin_filter.Verdict {
	now := time.UnixMilli(int64(tidegate_plugin_clock.Wall()))
	remaining, closed := config.Closed(now)
	if !closed || config.Allows(tidegate_plugin_request.ClientAddress()) {
		return tidegate_plugin_filter.MakeVerdictPass()
	}
	turnedAway.Add(1)
	seconds := strconv.Itoa(int((remaining + time.Second - 1) / time.Second))
	return tidegate_plugin_filter.MakeVerdictAnswer(tidegate_plugin_types.Reply{
		Status: 503,
		Headers: []field{
			{F0: "content-type", F1: []byte("text/plain; charset=utf-8")},
			{F0: "retry-after", F1: []byte(seconds)},
		},
		Body: []byte(config.Message + "\n"),
	})
}

// Not asked for above, so not called; but the contract has them.

// OnRequestBody is called for a piece of the request's body.
func OnRequestBody(chunk []uint8, last bool) tidegate_plugin_filter.BodyVerdict {
	return tidegate_plugin_filter.MakeBodyVerdictPass()
}

// OnResponse is called for the response's head.
func OnResponse() wit.Option[tidegate_plugin_filter.ResponseEdits] {
	return wit.None[tidegate_plugin_filter.ResponseEdits]()
}

// OnResponseBody is called for a piece of the response's body.
func OnResponseBody(chunk []uint8, last bool) tidegate_plugin_filter.BodyVerdict {
	return tidegate_plugin_filter.MakeBodyVerdictPass()
}
