/** Saved files that are not in force. The reload of `npm start` lists them in a file for its console and for commands. */
import { readFileSync } from 'node:fs'

export interface SavedFile {
  readonly kind: 'family' | 'input' | 'receiver' | 'table' | 'rule' | 'code' | 'project'
  /** Path relative to the project. */
  readonly path: string
  readonly sinceMs: number
  /** Reason why the file is not in force. */
  readonly reason: string
}

/** Reason for files that are read only at startup. */
export const NEEDS_RESTART = 'it needs a restart'

/** Returns the reason for refused files, with the first of their errors. Pure. @param lines errors, and headings that end with a colon */
export function describeRefusal(lines: readonly string[]): string {
  const [first = '', ...others] = lines.filter(line => !line.endsWith(':'))
  return `refused: ${first}${others.length > 0 ? ` (and ${others.length} more)` : ''}`
}

/**
 * Returns the list after files were saved. A reload reads all files of a kind, so none of them is left if it succeeds. Pure.
 *
 * @param reason empty if the files are in force
 */
export function noteSaved(
  before: readonly SavedFile[],
  kind: SavedFile['kind'],
  paths: readonly string[],
  reason: string,
  nowMs: number,
): readonly SavedFile[] {
  if (reason === '') return before.filter(file => file.kind !== kind)
  const sinceMs = new Map(before.map(file => [file.path, file.sinceMs]))
  const others = before.filter(({ path }) => !paths.includes(path))
  return [...others, ...paths.map(path => ({ kind, path, sinceMs: sinceMs.get(path) ?? nowMs, reason }))]
}

/** Reads the list; empty without a file, as outside `npm start`. */
export function readSavedFiles(file: string | undefined): readonly SavedFile[] {
  try {
    return file === undefined ? [] : JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return []
  }
}
