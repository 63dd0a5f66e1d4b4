/** Texts of `sluice state sources`. Pure. */
import type { EntitySources } from '../../lib/queries/entity-sources.ts'
import { type Column, tableText } from '../table.ts'
import { harmless } from '../text-width.ts'
import { sizeText } from './list-text.ts'

const COLUMNS: readonly Column[] = [
  { heading: 'ENTITIES', align: 'right' },
  { heading: 'SHARE', align: 'right' },
  { heading: 'SIZE', align: 'right', leaveOut: 1 },
  { heading: 'SOURCE', least: 16 },
  { heading: 'FOR EXAMPLE', least: 16, leaveOut: 2 },
]

export function sourcesText({ entities, sources }: EntitySources, columns?: number): string {
  if (entities === 0) return 'The consumer has no entities.\n'
  const rows = sources.map(one => [
    String(one.entities),
    `${((100 * one.entities) / entities).toFixed(1)} %`,
    sizeText(one.bytes),
    harmless(one.source),
    harmless(one.example),
  ])
  return `${tableText(COLUMNS, rows, columns)}\n\nTotal: ${entities}\n`
}
