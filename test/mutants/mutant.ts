/** A mutant: one small change of a source file, which a test should notice. */

/** Replaces a part of a text. Positions are UTF-16 code units; the end is exclusive. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly replacement: string
}

export interface Mutant extends Edit {
  /** Relative to the project. */
  readonly file: string
  /** First and last changed line, counted from 1. */
  readonly line: number
  readonly lastLine: number
  /** The changed lines before and after the change, with normalised white space. */
  readonly before: string
  readonly after: string
}

export interface Judged {
  readonly mutant: Mutant
  readonly verdict: 'killed' | 'timed-out' | 'survived' | 'not-covered'
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
    const before = source.slice(from, next < 0 ? source.length : next)
    const after = mutated(before, { ...edit, start: edit.start - from, end: edit.end - from })
    const lines = { line: lineOf(source, edit.start), lastLine: lineOf(source, edit.end) }
    const mutant = { ...edit, file, ...lines, before: flat(before), after: flat(after) }
    if (mutant.before !== mutant.after) found.set(`${edit.start} ${edit.end} ${edit.replacement}`, mutant)
  }
  return [...found.values()]
}

/** Identifies a mutant by its code, so that the identity survives when lines move. */
export function keyOf({ file, before, after }: Pick<Mutant, 'file' | 'before' | 'after'>): string {
  return JSON.stringify([file, before, after])
}

function lineOf(source: string, offset: number): number {
  return source.slice(0, offset).split('\n').length
}

function flat(code: string): string {
  return code.replace(/\s+/g, ' ').trim()
}
