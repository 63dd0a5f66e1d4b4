/** Writes drafts as YAML with comments. Pure. */
import { dump } from 'js-yaml'

/** Entry of a file, or a section with entries, and the comment that explains a guess. */
export interface DraftEntry {
  readonly key: string
  readonly value?: unknown
  readonly entries?: readonly DraftEntry[]
  readonly note?: string | undefined
}

/** @param notes comments that are no explanation of an entry */
export function writeDraft(
  kind: 'family' | 'mapping',
  entries: readonly DraftEntry[],
  notes: readonly string[],
): string {
  const head = [`yaml-language-server: $schema=../schemas/${kind}.v1.json`, ...notes]
  return [...head.map(note => `# ${toComment(note)}`), ...writeEntries(entries, ''), ''].join('\n')
}

function writeEntries(entries: readonly DraftEntry[], indent: string): string[] {
  return entries.flatMap(({ key, value, entries: below, note }) => {
    if (below) return below.length > 0 ? [`${indent}${key}:`, ...writeEntries(below, `${indent}  `)] : []
    return `${indent}${toLine(key, value)}${note === undefined ? '' : `  # ${toComment(note)}`}`
  })
}

/** Returns the comments that ask for an answer, with the entries at which they stand. */
export function listQuestions(entries: readonly DraftEntry[]): readonly string[] {
  return entries.flatMap(({ key, note = '', entries: below = [] }) => [
    ...(note.endsWith('?') ? [`${key}: ${note}`] : []),
    ...listQuestions(below),
  ])
}

/** Returns an entry in the flow style of YAML, which has no line breaks. */
function toLine(key: string, value: unknown): string {
  const flow = dump({ [key]: value }, { flowLevel: 0, flowBracketPadding: true, lineWidth: -1 })
  return flow.trim().slice(1, -1).trim()
}

/** Removes what would end a comment. */
function toComment(text: string): string {
  return text.replace(/[\p{C}\u2028\u2029]+/gu, ' ')
}
