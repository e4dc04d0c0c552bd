package limit

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// Buckets are the sizes. A zero Bucket is replaced by its default.
type Buckets struct {
	// Network: 600, then one every 6 s. An office of a thousand people behind one address has 600 typos at nine
	// o'clock and 600 an hour after that; the burst is also larger than the queue for password hashing, so that a
	// crowd of right passwords under way never fills it. A sprayer gets 15,000 guesses a day at all accounts together.
	Network Bucket
	// Place: 10, then one every 10 min. A person who does not remember within ten tries does not within eleven.
	Place Bucket
	// Account: 45, then one a minute. An account has at most two identifiers, so 90 failures in a row (STD-95 allows
	// 100), and all the strangers of the world get 1,500 guesses a day at a password that was worth 10 billion.
	Account Bucket
	// Home: 10, then one a minute. Only somebody at the person's own address can fill it.
	Home Bucket
	// Confirmation: 10, then one every 10 min, for each session: somebody with a stolen access token guesses the
	// password. The owner signs in anew and has a fresh bucket.
	Confirmation Bucket
	// Registration: 10,000, then one a second, for each network. It only keeps one source from filling the disk; all of
	// a site's people may seem to come from one address, behind a proxy that was not named.
	Registration Bucket
}

// The reasons are in the documentation of Buckets.
var defaults = Buckets{
	Network:      Bucket{Burst: 600, Interval: 6 * time.Second},
	Place:        Bucket{Burst: 10, Interval: 10 * time.Minute},
	Account:      Bucket{Burst: 45, Interval: time.Minute},
	Home:         Bucket{Burst: 10, Interval: time.Minute},
	Confirmation: Bucket{Burst: 10, Interval: 10 * time.Minute},
	Registration: Bucket{Burst: 10_000, Interval: time.Second},
}

// MaxWait is the longest that a refused person is told to wait, with the default buckets.
const MaxWait = 10 * time.Minute

// Config is what a Limiter needs.
type Config struct {
	Store Store
	// Key makes the keys in the store unreadable to somebody who has only the store. It may be nil.
	Key     []byte
	Buckets Buckets
	Now     func() time.Time
}

// Limiter decides whether an attempt may be made now.
type Limiter struct {
	store   Store
	names   names
	buckets Buckets
	now     func() time.Time
}

// New returns a Limiter over its store.
func New(c Config) *Limiter {
	b := c.Buckets
	for _, pair := range []struct{ size, fallback *Bucket }{
		{&b.Network, &defaults.Network},
		{&b.Place, &defaults.Place},
		{&b.Account, &defaults.Account},
		{&b.Home, &defaults.Home},
		{&b.Confirmation, &defaults.Confirmation},
		{&b.Registration, &defaults.Registration},
	} {
		if *pair.size == (Bucket{}) {
			*pair.size = *pair.fallback
		}
	}
	return &Limiter{store: c.Store, names: names{c.Key}, buckets: b, now: c.Now}
}

// TooManyError says how long to wait before the next attempt can be made.
type TooManyError struct{ RetryAfter time.Duration }

func (e *TooManyError) Error() string {
	return "limit: too many attempts, wait " + e.RetryAfter.String()
}

func isTooMany(err error) bool {
	var full *TooManyError
	return errors.As(err, &full)
}

// SignIn charges one attempt to sign in. The account is the key of the identifier that was typed, whether or not it
// belongs to anybody, so that a full bucket says nothing about who exists. Known is asked whether the account has
// signed in from this network before, and only when that makes a difference.
//
// Without an error the caller settles the ticket, whatever happens. With one nothing was charged: *TooManyError, or a
// fault of the store or of known.
func (l *Limiter) SignIn(ctx context.Context, account string, from netip.Addr, known func(context.Context) (bool, error)) (*Ticket, error) {
	t := &Ticket{limiter: l}
	if err := t.signIn(ctx, account, from, known); err != nil {
		return nil, errors.Join(err, t.Withdraw(ctx))
	}
	return t, nil
}

func (t *Ticket) signIn(ctx context.Context, account string, from netip.Addr, known func(context.Context) (bool, error)) error {
	names, sizes := t.limiter.names, t.limiter.buckets
	network, neighbourhood := networkOf(from), neighbourhoodOf(from)
	if network.IsValid() { // an address that nobody knows is not one place
		if err := t.take(ctx, charge{names.of("network", network.String()), sizes.Network, giveBack}); err != nil {
			return err
		}
	}
	err := t.take(ctx,
		charge{names.of("place", account, neighbourhood.String()), sizes.Place, forget},
		charge{names.of("account", account), sizes.Account, giveBack})
	if !isTooMany(err) {
		return err
	}
	switch home, fault := known(ctx); {
	case fault != nil:
		return fault
	case !home:
		return err
	}
	return t.take(ctx, charge{names.of("home", account, network.String()), sizes.Home, forget})
}

// Confirm charges one attempt to prove, within a session, that its person still knows the password. As SignIn.
func (l *Limiter) Confirm(ctx context.Context, session string) (*Ticket, error) {
	t := &Ticket{limiter: l}
	if err := t.take(ctx, charge{l.names.of("confirmation", session), l.buckets.Confirmation, forget}); err != nil {
		return nil, err
	}
	return t, nil
}

// Register charges one registration, whatever comes of it.
func (l *Limiter) Register(ctx context.Context, from netip.Addr) error {
	network := networkOf(from)
	if !network.IsValid() {
		return nil
	}
	t := &Ticket{limiter: l}
	return t.take(ctx, charge{l.names.of("registration", network.String()), l.buckets.Registration, giveBack})
}

// Clean removes at most limit keys that no longer say anything and returns how many.
func (l *Limiter) Clean(ctx context.Context, limit int) (int, error) {
	n, err := l.store.Clean(ctx, l.now(), limit)
	if err != nil {
		return n, fmt.Errorf("clean limits: %w", err)
	}
	return n, nil
}
