/** Formats the list of partition states as text. Pure. */
import { environmentIn, topicNamed } from '../../lib/app/topics.ts'
import type { StateLine } from '../../lib/queries/partition-states.ts'
import { type Column, tableText } from '../table.ts'
import { harmless } from '../text-width.ts'

const COLUMNS: readonly Column[] = [
  { heading: 'CONSUMER', least: 12 },
  { heading: 'TOPIC', least: 12, cut: 'start' },
  { heading: 'PARTITION', align: 'right' },
  { heading: 'APPLIED OFFSET', align: 'right' },
  { heading: 'ENTITIES', align: 'right', leaveOut: 2 },
  { heading: 'SIZE', align: 'right', leaveOut: 1 },
  { heading: 'FUNCTION' },
]

/** Formats the list as a table. @param columns width of the terminal; undefined for no limit */
export function listText(lines: readonly StateLine[], columns?: number): string {
  if (lines.length === 0) return 'No matching partition states.\n'
  const rows = lines.map(({ consumer, topic, partition, appliedOffset, entities, bytes, hasFunction }) => [
    harmless(consumer),
    harmless(topic),
    String(partition),
    appliedOffset < 0 ? 'none' : String(appliedOffset),
    String(entities),
    sizeText(bytes),
    hasFunction ? 'yes' : 'none',
  ])
  const orphans = lines.filter(({ hasFunction }) => !hasFunction)
  const advice = new Set(orphans.map(one => `  sluice state drop ${harmless(one.consumer)} ${whereOf(one)}`))
  const note =
    orphans.length === 0
      ? []
      : [['No function of this project has these names. To remove their states:', ...advice].join('\n')]
  return `${[tableText(COLUMNS, rows, columns), ...note].join('\n\n')}\n`
}

/**
 * Returns the command-line options that select all partitions of a consumer in the topic. They contain the environment or, for a
 * topic that is not in the topic table, the topic itself.
 */
function whereOf({ topic }: StateLine): string {
  const env = environmentIn(topic)
  const where = topicNamed(topic) ? (env ? `--env ${env}` : '') : `--topic ${topic}`
  return `--all-partitions ${harmless(where)}`
}

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB']

/** Returns a size such as `412 B` or `1.5 KiB`. */
export function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  let [size, unit] = [bytes / 1024, 0]
  for (; size >= 1024 && unit < UNITS.length - 1; unit++) size /= 1024
  return `${size.toFixed(1)} ${UNITS[unit]}`
}
