/** Writes drafts as YAML with comments. Pure. */
import { dump } from 'js-yaml'

/** Entry of a file and the comment that explains a guess, or a section with entries. */
export type DraftEntry =
  | readonly [key: string, value: unknown, note?: string | undefined]
  | { readonly section: string; readonly entries: readonly DraftEntry[] }

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
  return entries.flatMap(entry => {
    if ('section' in entry) {
      const lines = writeEntries(entry.entries, `${indent}  `)
      return lines.length > 0 ? [`${indent}${entry.section}:`, ...lines] : []
    }
    const [key, value, note] = entry
    return `${indent}${toLine(key, value)}${note ? `  # ${toComment(note)}` : ''}`
  })
}

/** Returns the comments that ask for an answer, each once, with the entry at which it stands. */
export function listQuestions(entries: readonly DraftEntry[]): readonly string[] {
  const all = entries.flatMap(entry => ('section' in entry ? entry.entries : [entry]))
  const notes = all.flatMap(entry => ('section' in entry || !entry[2]?.endsWith('?') ? [] : [entry]))
  return [...Map.groupBy(notes, ([, , note]) => note).values()].map(
    ([first]) => `${first?.[0]}: ${first?.[2]}`,
  )
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
