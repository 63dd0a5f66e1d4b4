/** A mutant: one small change of a source file, which a test should notice. */
import { createHash } from 'node:crypto'

/** Replaces a part of a text. Positions are UTF-16 code units; the end is exclusive. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly replacement: string
}

export interface Mutant extends Edit {
  /** Relative to the project. */
  readonly file: string
  /** Counted from 1. */
  readonly line: number
  /** The changed lines before and after the change, with normalised white space. */
  readonly before: string
  readonly after: string
}

/** The source with the edit applied. */
export function mutated(source: string, { start, end, replacement }: Edit): string {
  return source.slice(0, start) + replacement + source.slice(end)
}

/** The edits of one file as mutants, without duplicates. */
export function mutantsOf(file: string, source: string, edits: readonly Edit[]): Mutant[] {
  const found = new Map<string, Mutant>()
  for (const edit of edits) {
    const from = source.lastIndexOf('\n', edit.start - 1) + 1
    const next = source.indexOf('\n', edit.end)
    const to = next < 0 ? source.length : next
    const before = source.slice(from, to)
    const after = mutated(before, { ...edit, start: edit.start - from, end: edit.end - from })
    const line = source.slice(0, edit.start).split('\n').length
    const mutant = { ...edit, file, line, before: flat(before), after: flat(after) }
    if (mutant.before !== mutant.after) found.set(`${edit.start} ${edit.end} ${edit.replacement}`, mutant)
  }
  return [...found.values()]
}

/** Identifies a mutant by its code, so that the identity survives when lines move. */
export function keyOf({ file, before, after }: Pick<Mutant, 'file' | 'before' | 'after'>): string {
  return JSON.stringify([file, before, after])
}

/**
 * Draws a sample in an order, both determined by the seed. The rank of each mutant depends on itself only, so that a change
 * of one file leaves the rest of the sample as it was.
 */
export function sampleOf(mutants: readonly Mutant[], size: number, seed: number): Mutant[] {
  const occurrences = new Map<string, number>()
  const placed = mutants.map(mutant => {
    const key = keyOf(mutant)
    const occurrence = occurrences.get(key) ?? 0
    occurrences.set(key, occurrence + 1)
    return { mutant, place: createHash('sha256').update(`${seed} ${occurrence} ${key}`).digest('hex') }
  })
  placed.sort((a, b) => (a.place < b.place ? -1 : 1))
  return placed.slice(0, size).map(({ mutant }) => mutant)
}

function flat(code: string): string {
  return code.replace(/\s+/g, ' ').trim()
}
