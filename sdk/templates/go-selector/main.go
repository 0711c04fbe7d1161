// The plugin. What the host calls is in the package export_tidegate_plugin_selector; the bindings
// that lead there are made by `tidegate plugin build`.
package main

import _ "example.com/{{project-name}}/build/gen/wit_exports"

func main() {}
