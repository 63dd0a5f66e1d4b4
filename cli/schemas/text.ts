/** Formats verdicts on schemas as text. Pure. */

import { count } from '../../lib/count.ts'
import { type Column, tableText } from '../table.ts'
import { harmless } from '../text-width.ts'
import type { SchemaStatus, Verdict } from './verdict.ts'

/** JSON document that the `schemas` commands print with `--json`. */
export interface SchemasReport {
  readonly env: string
  /** Address of the registry, without credentials. */
  readonly registry: string
  readonly schemas: readonly Verdict[]
}

const LIST: readonly Column[] = [
  { heading: 'TYPE', least: 20 },
  { heading: 'FORMAT' },
  { heading: 'STATUS' },
  { heading: 'ID', align: 'right' },
  { heading: 'VERSION', align: 'right' },
  { heading: 'RULE', leaveOut: 2 },
  { heading: 'SUBJECT', least: 20, cut: 'start', leaveOut: 1 },
]

const LISTED: Readonly<Record<SchemaStatus, string>> = {
  registered: 'registered',
  new: 'not registered',
  unchecked: 'differs',
  compatible: 'differs',
  incompatible: 'differs',
}

export function listText({ schemas, registry }: SchemasReport, columns?: number): string {
  const rows = schemas.map(({ type, format, standing, id, version, rule, subject }) => [
    type,
    format,
    LISTED[standing],
    ...[id, version].map(number => (number === null ? '-' : String(number))),
    rule === null ? "registry's default" : harmless(rule),
    subject,
  ])
  return `Schema registry ${registry}\n\n${tableText(LIST, rows, columns)}\n`
}

/**
 * Returns one line per schema, and a line with counts. A line starts with `!` for a refused schema, with `~` for a new version of a
 * subject, and with `+` for the first version of a subject. The reasons are listed below a refused schema.
 */
export function planText({ schemas, registry }: SchemasReport): string {
  const of = (standing: SchemaStatus) => schemas.filter(one => one.standing === standing)
  const [added, next, refused] = [of('new'), of('compatible'), of('incompatible')]
  if (added.length + next.length + refused.length === 0)
    return `The schema registry ${registry} has all packaged schemas (${schemas.length}).\n`
  return `${[
    ...refused.flatMap(one => [`! ${refusedText(one)}`, ...diffText(one)]),
    ...next.flatMap(one => [`~ ${nextText(one)}`, ...diffText(one)]),
    ...added.map(({ subject }) => `+ ${subject}: its first version`),
    `${added.length} new, ${count(next.length, 'new version')}, ${refused.length} refused, ${of('registered').length} registered.`,
  ].join('\n')}\n`
}

function nextText({ subject, version, rule }: Verdict): string {
  return `${subject}: version ${(version ?? 0) + 1}${ruleText(rule)}`
}

function refusedText({ subject, version, rule, reasons }: Verdict): string {
  const why = reasons.map(reason => `\n    ${harmless(reason)}`).join('')
  return `${subject}: refused, because it is not compatible with version ${version}${ruleText(rule)}${why}`
}

/** Returns the compatibility mode in parentheses, such as ` (BACKWARD: …)`; empty if the mode is unknown. */
function ruleText(rule: string | null): string {
  if (rule === null) return ''
  const promise = promiseOf(rule)
  return ` (${harmless(rule)}${promise ? `: ${promise}` : ''})`
}

function diffText({ diff }: Verdict): string[] {
  if (diff.length === 0) return ['    (only documentation differs)']
  return diff.map(({ sign, text, breaks }) => `    ${sign} ${harmless(text)}${breaks ? '  <-- breaks' : ''}`)
}

export interface RegisteredReport extends SchemasReport {
  readonly registered: readonly { readonly subject: string; readonly id: number }[]
}

export function registeredText({ registered }: RegisteredReport): string {
  return registered.map(({ subject, id }) => `Registered ${subject}: id ${id}\n`).join('')
}

/** Guarantee that each compatibility mode provides. Source: Confluent's documentation, "Schema Evolution and Compatibility". */
const RULES: Readonly<Record<string, string>> = {
  NONE: 'nothing is checked',
  BACKWARD: 'the new schema reads data of the last version',
  BACKWARD_TRANSITIVE: 'the new schema reads data of every version',
  FORWARD: 'the last version reads data of the new schema',
  FORWARD_TRANSITIVE: 'every version reads data of the new schema',
  FULL: 'the new schema and the last version read data of each other',
  FULL_TRANSITIVE: 'the new schema and every version read data of each other',
}

/** Returns the guarantee of a compatibility mode; undefined for an unknown mode. */
function promiseOf(rule: string): string | undefined {
  return Object.hasOwn(RULES, rule) ? RULES[rule] : undefined
}
