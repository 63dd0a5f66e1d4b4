/** Minimum length of names in which two mistakes are tolerated. */
const LONG = 8

/**
 * Returns the known name that was probably meant; undefined if none exists. The names may differ in one edit, or in two if the
 * name is long. Case, hyphens and underscores are ignored.
 */
export function nearest(name: string, known: readonly string[]): string | undefined {
  if (known.includes(name)) return undefined
  const best = known
    .map(one => ({ one, edits: editsBetween(folded(name), folded(one)) }))
    .sort((a, b) => a.edits - b.edits)[0]
  const most = name.length >= LONG ? 2 : 1
  return best && best.edits <= most ? best.one : undefined
}

function folded(name: string): string {
  return name.toLowerCase().replaceAll(/[-_\s]/g, '')
}

/** Returns the number of edits between two texts (optimal string alignment distance). */
function editsBetween(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1]
      const isSwapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      const edits = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (isSame ? 0 : 1),
      )
      current[column] = isSwapped ? Math.min(edits, at(before, column - 2) + 1) : edits
    }
    before = last
    last = current
  }
  return at(last, b.length)
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY
}
