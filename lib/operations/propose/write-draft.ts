/** Writes drafts as YAML with comments. Pure. */
import type { Draft, DraftEntry, FamilyDraft } from './draft.ts'

/** Returns the text of the family file. @param sample name of the sample in the comment */
export function writeFamily({ name, records }: Draft, family: FamilyDraft, sample: string): string {
  return [
    ...writeHead('family', sample, records),
    `family: ${toFlow(name)}`,
    `description: Readings of ${name}`,
    'entity:',
    ...writeEntries(family.entity),
    ...writeSection('fields', family.fields),
    ...writeSection('metrics', family.metrics),
    '# others: numbers   # makes any further number a metric without a unit; without it, a mapping must name each metric',
    ...writeSection('states', family.states),
    ...(family.tags.length > 0 ? [`tags: ${toFlow(family.tags)}`] : []),
    '',
  ].join('\n')
}

/** Returns the text of the mapping file. */
export function writeMapping({ name, family, records, mapping }: Draft, sample: string): string {
  const { when, time, metric, fields, leftOut } = mapping
  return [
    ...writeHead('mapping', sample, records),
    `family: ${toFlow(family ? name : 'metrics')}`,
    ...writeSection('when', when),
    ...writeLines([time], ''),
    ...(metric ? writeLines([metric], '') : []),
    'fields:',
    ...writeEntries(fields),
    ...leftOut.map(field => `# left out: ${toComment(field)}`),
    '',
  ].join('\n')
}

function writeHead(kind: string, sample: string, records: number): string[] {
  return [
    `# yaml-language-server: $schema=../schemas/${kind}.v1.json`,
    `# Draft from ${records} records of ${toComment(sample)}. Check the guesses, which the comments explain.`,
  ]
}

function writeSection(name: string, entries: readonly DraftEntry[]): string[] {
  return entries.length === 0 ? [] : [`${name}:`, ...writeEntries(entries)]
}

function writeEntries(entries: readonly DraftEntry[]): string[] {
  return writeLines(entries, '  ')
}

/** Width up to which the comments of a section are aligned. */
const WIDTH = 60

function writeLines(entries: readonly DraftEntry[], indent: string): string[] {
  const lines = entries.map(({ key, value }) => `${indent}${toFlow(key)}: ${toFlow(value)}`.trimEnd())
  const width = Math.max(...lines.map(({ length }) => length).filter(length => length <= WIDTH), 0)
  return lines.map((line, index) => {
    const note = entries[index]?.note
    return note === undefined ? line : `${line.padEnd(width)}  # ${toComment(note)}`
  })
}

/** Texts that YAML reads as texts without quotes. */
const PLAIN = /^(?!(?:true|false|null|yes|no|on|off|[yn])$)[\p{L}_/°][\p{L}\d_./²°µ-]*$/iu

/** Returns a value in the flow style of YAML. An object without members is empty, as an entry without settings. */
function toFlow(value: unknown): string {
  if (typeof value === 'string') return PLAIN.test(value) ? value : quoteText(value)
  if (Array.isArray(value)) return `[${value.map(toFlow).join(', ')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  const members = Object.entries(value).map(([key, one]) => `${toFlow(key)}: ${toFlow(one)}`)
  return members.length === 0 ? '' : `{ ${members.join(', ')} }`
}

function quoteText(text: string): string {
  return /[\p{C}\u2028\u2029\ufeff]/u.test(text) ? JSON.stringify(text) : `'${text.replaceAll("'", "''")}'`
}

/** Removes what would end a comment. */
function toComment(text: string): string {
  return text.replace(/[\p{C}\u2028\u2029]+/gu, ' ')
}
