/** Formats the status of the history as text. Pure. */
import { plural } from '../../lib/diagnosis/finding.ts'
import { durationText } from '../../lib/duration.ts'
import type { HistoryPartition, HistoryStatus, HistoryTopic } from '../../lib/queries/history-status.ts'
import { sizeText } from '../state/list-text.ts'
import { harmless } from '../text-width.ts'

/** JSON document that `history status --json` prints. */
export interface StatusReport extends HistoryStatus {
  readonly place: string
}

export function statusText({ place, topics, foreign }: StatusReport): string {
  const others = foreign.length === 0 ? [] : [otherObjects(foreign)]
  return [`History: ${harmless(place)}\n`, ...topics.map(topicText), ...others].join('\n')
}

function topicText({ table, topic, parts, compacted, partitions }: HistoryTopic): string {
  const lines = [
    `Topic: ${harmless(topic)} (table ${table})`,
    `${plural(parts.objects, 'part')} with ${sizeText(parts.bytes)}, ` +
      `${plural(compacted.objects, 'compacted object')} with ${sizeText(compacted.bytes)}`,
    ...partitions.flatMap(partitionLines),
  ]
  return `${lines.join('\n')}\n`
}

function partitionLines(status: HistoryPartition): string[] {
  const { partition, rows, firstOffset, lastOffset, frontier, missing } = status
  const archived =
    firstOffset === null
      ? ['nothing archived']
      : [
          `${plural(rows, 'row')}, offsets ${firstOffset} to ${lastOffset}`,
          frontier === null ? 'none compacted' : `compacted to ${frontier}`,
        ]
  return [
    `Partition ${partition}: ${[...archived, lagText(status)].join(', ')}`,
    ...missing.map(
      ({ fromOffset, toOffset }) =>
        `Partition ${partition}: MISSING offsets ${fromOffset} to ${toOffset} (${toOffset - fromOffset + 1})`,
    ),
  ]
}

function lagText({ pending, seconds }: HistoryPartition): string {
  if (pending === null) return 'no such partition in Kafka'
  if (pending === 0) return 'lag = 0'
  const waits = seconds === null ? 'age unknown' : `oldest waits ${durationText(seconds * 1000)}`
  return `lag = ${pending} (${waits})`
}

function otherObjects(foreign: readonly string[]): string {
  const lines = foreign.map(key => `  ${harmless(key)}`)
  return `Objects that do not belong to the history:\n${lines.join('\n')}\n`
}
