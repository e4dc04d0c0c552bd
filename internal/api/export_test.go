package api

// Route is one row of the route table.
type Route struct{ Method, Path string }

// Routes is the route table, for the test that holds it against the contract.
func Routes() []Route {
	var routes []Route
	for _, one := range (&API{}).routes() {
		routes = append(routes, Route{one.method, one.path})
	}
	return routes
}
