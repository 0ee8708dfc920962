package imports

// A spreadsheet takes a cell that begins with one of these signs for a formula,
// which may fetch from or send to anywhere. An apostrophe before it makes it
// text, there and here.
func beginsFormula(s string) bool {
	for i := range len(s) {
		switch s[i] {
		case '\'':
			continue
		case '=', '+', '-', '@':
			return true
		}
		return false
	}
	return false
}

// Guard makes a cell of a CSV file safe to open in a spreadsheet. Unguard takes
// it back, whatever stood in it.
func Guard(cell string) string {
	if beginsFormula(cell) {
		return "'" + cell
	}
	return cell
}

// Unguard takes the apostrophe of Guard off a cell. Every CSV file is read so:
// an apostrophe before such a sign means the same wherever it was written.
func Unguard(cell string) string {
	if len(cell) > 1 && cell[0] == '\'' && beginsFormula(cell) {
		return cell[1:]
	}
	return cell
}
