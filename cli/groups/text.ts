/** Formats consumer groups and their lag as text. Pure. */

import type { AgedGroupLag, AgedTopicLag } from '../../lib/queries/kafka/consumer-groups.ts'
import { durationText } from '../../lib/support/duration.ts'
import { escapeText } from '../output/text-width.ts'

/** Report of one group in `groups lag --json`. */
export interface LagReport extends AgedGroupLag {
  /** Age of the oldest record that the group has not consumed, in seconds; 0 without lag, null if no such record can be read. */
  readonly seconds: number | null
}

export function formatLags({ groups }: { readonly groups: readonly LagReport[] }): string {
  if (groups.length === 0) return 'The cluster has no consumer groups.\n'
  return groups.map(formatGroup).join('\n')
}

function formatGroup(report: LagReport): string {
  const { group, state, members, topics, pending, seconds } = report
  const lines = [
    `Group: ${escapeText(group)} (${state}, ${members.length} ${members.length === 1 ? 'member' : 'members'})`,
    ...topics.flatMap(formatTopic),
    `Total lag: ${pending}${formatWait(pending, seconds)}`,
  ]
  return `${lines.join('\n')}\n`
}

function formatTopic({ topic, partitions }: AgedTopicLag): string[] {
  const lines = partitions.map(
    ({ partition, pending, seconds }) =>
      `Partition ${partition}: lag = ${pending}${formatWait(pending, seconds)}`,
  )
  return [`Topic: ${escapeText(topic)}`, ...lines]
}

function formatWait(pending: number, seconds: number | null): string {
  if (pending === 0) return ''
  return seconds === null ? ' (age unknown)' : ` (oldest waits ${durationText(seconds * 1000)})`
}
