/** Compares two texts line by line. Pure. */

/** Line of a diff. It is in only one of the texts, or it is a common line close to a difference. */
export interface DiffLine {
  readonly sign: '+' | '-' | ' '
  readonly text: string
  /** True if this line is a reason why the registry rejects the schema. */
  readonly breaks?: true
}

/** Numbers of the lines that are reasons for rejecting a schema, counted from 0. */
export interface BreakingLines {
  readonly before: ReadonlySet<number>
  readonly after: ReadonlySet<number>
}

const NONE: BreakingLines = { before: new Set(), after: new Set() }

/** Number of common lines to show before and after each difference. */
const AROUND = 2

/**
 * Returns the diff of two texts. Common lines far from any difference are omitted, so the diff of equal texts is empty. The longest
 * common subsequence is computed with a table, which is efficient enough for texts of a few hundred lines.
 */
export function diffOf(before: string, after: string, breaking: BreakingLines = NONE): DiffLine[] {
  const [a, b] = [before.trimEnd().split('\n'), after.trimEnd().split('\n')]
  const lines = aligned(a, b, commonLengths(a, b), breaking)
  const near = new Set(
    lines.flatMap(({ sign }, index) =>
      sign === ' ' ? [] : Array.from({ length: 2 * AROUND + 1 }, (_, offset) => index - AROUND + offset),
    ),
  )
  return lines.filter((_, index) => near.has(index))
}

/** Returns a table for the longest common subsequence. Entry `[i][j]` is its length for `a` from line i and `b` from line j. */
function commonLengths(a: readonly string[], b: readonly string[]): readonly (readonly number[])[] {
  const lengths = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0))
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--) {
      const [row, next] = [lengths[i] as number[], lengths[i + 1] as number[]]
      row[j] = a[i] === b[j] ? (next[j + 1] as number) + 1 : Math.max(next[j] as number, row[j + 1] as number)
    }
  return lengths
}

function aligned(
  a: readonly string[],
  b: readonly string[],
  lengths: readonly (readonly number[])[],
  breaking: BreakingLines,
): DiffLine[] {
  const lines: DiffLine[] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    if (i < a.length && a[i] === b[j]) {
      lines.push({ sign: ' ', text: a[i] as string })
      i++
      j++
    } else if (i < a.length && (j >= b.length || at(lengths, i + 1, j) >= at(lengths, i, j + 1)))
      lines.push({ sign: '-', text: a[i] as string, ...(breaking.before.has(i++) && { breaks: true }) })
    else lines.push({ sign: '+', text: b[j] as string, ...(breaking.after.has(j++) && { breaks: true }) })
  }
  return lines
}

function at(lengths: readonly (readonly number[])[], i: number, j: number): number {
  return lengths[i]?.[j] ?? 0
}
