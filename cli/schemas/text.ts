/** Formats verdicts on schemas as text. Pure. */
import { type Column, formatTable } from '../output/table.ts'
import { escapeText } from '../output/text-width.ts'
import type { SchemaStatus, Verdict } from './compare-schemas.ts'

/** JSON document that the `schemas` commands print with `--json`. */
export interface SchemasReport {
  readonly env: string
  /** Address of the registry, without credentials. */
  readonly registry: string
  readonly schemas: readonly Verdict[]
}

const COLUMNS: readonly Column[] = [
  { heading: 'TYPE', least: 20 },
  { heading: 'FORMAT' },
  { heading: 'STATUS' },
  { heading: 'ID', align: 'right' },
  { heading: 'VERSION', align: 'right' },
  { heading: 'RULE', leaveOut: 2 },
  { heading: 'SUBJECT', least: 20, cut: 'start', leaveOut: 1 },
]

const STATUS: Readonly<Record<SchemaStatus, string>> = {
  registered: 'registered',
  new: 'new',
  compatible: 'next version',
  incompatible: 'refused',
}

/** Returns a table of the schemas, the schemas that would be refused with the reasons, and a line with counts. */
export function formatSchemas({ schemas, registry }: SchemasReport, columns?: number): string {
  const rows = schemas.map(({ type, format, standing, id, version, rule, subject }) => [
    type,
    format,
    STATUS[standing],
    ...[id, version].map(number => (number === null ? '-' : String(number))),
    rule ?? "registry's default",
    subject,
  ])
  const refused = schemas
    .filter(({ standing }) => standing === 'incompatible')
    .flatMap(({ subject, version, reasons }) => [
      // Not every registry gives reasons.
      `! ${subject} is not compatible with version ${version}${reasons.length > 0 ? ':' : ''}`,
      ...reasons.map(reason => `    ${escapeText(reason)}`),
    ])
  const counts = Object.entries(STATUS).map(
    ([standing, text]) => `${schemas.filter(schema => schema.standing === standing).length} ${text}`,
  )
  const parts = [`Schema registry ${registry}`, '', formatTable(COLUMNS, rows, columns), ...refused]
  return `${[...parts, `${counts.join(', ')}.`].join('\n')}\n`
}

export function formatRegistered({
  registered,
}: {
  readonly registered: readonly { readonly subject: string; readonly id: number }[]
}): string {
  return registered.map(({ subject, id }) => `Registered ${subject}: id ${id}\n`).join('')
}
