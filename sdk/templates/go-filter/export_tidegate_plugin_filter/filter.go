// Package export_tidegate_plugin_filter joins the rules to the host. The names are those of
// wit/filter.wit.
package export_tidegate_plugin_filter

import (
	"example.com/{{project-name}}/build/gen/tidegate_plugin_filter"
	"example.com/{{project-name}}/build/gen/tidegate_plugin_request"
	"example.com/{{project-name}}/build/gen/tidegate_plugin_types"
	wit "example.com/{{project-name}}/build/gen/wit/types"
	"example.com/{{project-name}}/rules"
)

type field = wit.Tuple2[string, []uint8]

var config rules.Config

// Configure says what is to be called; what is not asked for costs nothing.
func Configure(text string) wit.Result[tidegate_plugin_filter.Interest, string] {
	parsed, err := rules.Parse(text)
	if err != nil {
		return wit.Err[tidegate_plugin_filter.Interest](err.Error())
	}
	config = parsed
	return wit.Ok[tidegate_plugin_filter.Interest, string](
		tidegate_plugin_filter.Interest{Request: true})
}

// OnRequest is called for every request.
func OnRequest() tidegate_plugin_filter.Verdict {
	if config.IsBlocked(tidegate_plugin_request.Path()) {
		return answer(403, "not here\n")
	}
	tag := field{F0: "x-tag", F1: []byte(config.Tag)}
	return edit(tidegate_plugin_types.MakeHeaderEditSet(tag))
}

func answer(status uint16, text string) tidegate_plugin_filter.Verdict {
	kind := field{F0: "content-type", F1: []byte("text/plain; charset=utf-8")}
	return tidegate_plugin_filter.MakeVerdictAnswer(tidegate_plugin_types.Reply{
		Status:  status,
		Headers: []field{kind},
		Body:    []byte(text),
	})
}

func edit(headers ...tidegate_plugin_types.HeaderEdit) tidegate_plugin_filter.Verdict {
	return tidegate_plugin_filter.MakeVerdictEdit(tidegate_plugin_filter.RequestEdits{
		Headers:      headers,
		PathAndQuery: wit.None[string](),
		Upstream:     wit.None[string](),
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
