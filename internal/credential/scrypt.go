package credential

import (
	"crypto/subtle"

	"golang.org/x/crypto/scrypt"
)

// The most that a stored scrypt hash may ask for, in bytes.
const (
	maxScryptMemory = 256 << 20
	maxScryptWork   = 1 << 30
)

type scryptHash struct {
	n, r, p   int
	salt, key []byte
}

// parseScrypt reads $scrypt$ln=16,r=8,p=1$salt$key, as passlib and the PHC string format write it.
func parseScrypt(fields []string) (stored, error) {
	if len(fields) != 3 {
		return nil, unreadable("it is not scrypt with parameters, salt and key")
	}
	p, err := parameters(fields[0], "ln", "r", "p")
	if err != nil {
		return nil, err
	}
	logN, r, parallel := p[0], uint64(p[1]), uint64(p[2])
	if logN < 1 || logN > 30 || r < 1 || r > 64 || parallel < 1 || parallel > 64 {
		return nil, unreadable("its scrypt parameters are out of range")
	}
	memory := 128 * r << logN // RFC 7914 section 2
	if memory > maxScryptMemory || memory*parallel > maxScryptWork {
		return nil, unreadable("its scrypt parameters ask for more than 256 MiB, or for more than 1 GiB in all lanes")
	}
	salt, err := unpadded(fields[1], 8, 64)
	if err != nil {
		return nil, err
	}
	key, err := unpadded(fields[2], 16, 64)
	if err != nil {
		return nil, err
	}
	return scryptHash{1 << logN, int(r), int(parallel), salt, key}, nil
}

func (scryptHash) scheme() string { return Scrypt }

func (s scryptHash) matches(password []byte) bool {
	key, err := scrypt.Key(password, s.salt, s.n, s.r, s.p, len(s.key))
	return err == nil && subtle.ConstantTimeCompare(key, s.key) == 1
}
