package pages

// The pages that others link to.
const (
	loginPath   = "/login"
	accountPath = "/account"
)

// next returns where to go after a sign-in: the page that was asked for if it is one of ours, else the account page.
//
// It compares with a list and parses nothing. Whoever parses must read an address exactly as every browser does, with
// its backslashes, line breaks and missing slashes, or becomes the open door of somebody else's phishing (STD-50).
func (p *pages) next(wanted string) string {
	for _, own := range []string{accountPath} {
		if wanted == p.Door.Path(own) {
			return own
		}
	}
	return accountPath
}
