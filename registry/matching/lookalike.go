package matching

// latinShape maps a capital letter that is drawn like a Latin one to that one,
// and returns any other rune as it is. The tables follow the shapes of the
// capitals in print; a letter that is merely similar (И and N, Я and R) is not
// in them.
func latinShape(r rune) rune {
	switch {
	case r < 0x80:
		return r
	case r == 'İ': // what Turkish upper-casing makes of i
		return 'I'
	case 0x0370 <= r && r <= 0x03FF:
		return greekShape(r)
	case 0x0400 <= r && r <= 0x052F:
		return cyrillicShape(r)
	}
	return r
}

func greekShape(r rune) rune {
	switch r {
	case 'Α':
		return 'A'
	case 'Β':
		return 'B'
	case 'Ε':
		return 'E'
	case 'Ϝ':
		return 'F'
	case 'Η':
		return 'H'
	case 'Ι':
		return 'I'
	case 'Ϳ':
		return 'J'
	case 'Κ':
		return 'K'
	case 'Μ':
		return 'M'
	case 'Ν':
		return 'N'
	case 'Ο':
		return 'O'
	case 'Ρ':
		return 'P'
	case 'Τ':
		return 'T'
	case 'Χ':
		return 'X'
	case 'Υ':
		return 'Y'
	case 'Ζ':
		return 'Z'
	}
	return r
}

func cyrillicShape(r rune) rune {
	switch r {
	case 'А':
		return 'A'
	case 'В':
		return 'B'
	case 'С':
		return 'C'
	case 'Е', 'Ё': // Russian writes Ё as Е more often than not
		return 'E'
	case 'Ԍ':
		return 'G'
	case 'Н':
		return 'H'
	case 'І', 'Ӏ':
		return 'I'
	case 'Ј':
		return 'J'
	case 'К':
		return 'K'
	case 'М':
		return 'M'
	case 'О':
		return 'O'
	case 'Р':
		return 'P'
	case 'Ԛ':
		return 'Q'
	case 'Ѕ':
		return 'S'
	case 'Т':
		return 'T'
	case 'Ѵ':
		return 'V'
	case 'Ԝ':
		return 'W'
	case 'Х':
		return 'X'
	case 'У', 'Ү':
		return 'Y'
	}
	return r
}

// foldRune folds a sign of a normal form to the one that stands for all it is
// taken for: O, Q and D for 0, and so on. З is Cyrillic only, and no Latin
// letter; in print it is the digit 3.
func foldRune(r rune) rune {
	if r < 0x80 {
		return rune(folded[r])
	}
	if r == 'З' {
		return '3'
	}
	return r
}

var folded = foldTable()

func foldTable() (t [0x80]byte) {
	for c := range t {
		t[c] = byte(c)
	}
	for from, to := range map[byte]byte{'O': '0', 'Q': '0', 'D': '0', 'I': '1', 'L': '1', 'Z': '2', 'S': '5', 'G': '6', 'B': '8'} {
		t[from] = to
	}
	return t
}
