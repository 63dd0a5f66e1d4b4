/** Formats consumer groups and their lag as text. Pure. */

import type { AgedGroupLag, AgedTopicLag } from '../../lib/queries/kafka/group-lags.ts'
import { durationText } from '../../lib/support/duration.ts'
import { harmless } from '../text-width.ts'

/** Report of one group in `groups lag --json`. */
export interface LagReport extends AgedGroupLag {
  /** Age of the oldest record that the group has not consumed, in seconds; 0 without lag, null if no such record can be read. */
  readonly seconds: number | null
}

/** Returns the report of a group, with the age of the oldest pending record of all its partitions. */
export function lagReport(lag: AgedGroupLag): LagReport {
  const partitions = lag.topics.flatMap(topic => topic.partitions)
  return { ...lag, seconds: longest(partitions.filter(({ pending }) => pending > 0)) }
}

function longest(waiting: readonly { readonly seconds: number | null }[]): number | null {
  const known = waiting.flatMap(({ seconds }) => (seconds === null ? [] : [seconds]))
  if (waiting.length > 0 && known.length === 0) return null
  return Math.max(0, ...known)
}

export function lagText({ groups }: { readonly groups: readonly LagReport[] }): string {
  if (groups.length === 0) return 'The cluster has no consumer groups.\n'
  return groups.map(lagOfGroup).join('\n')
}

function lagOfGroup(report: LagReport): string {
  const { group, state, members, topics, pending, seconds } = report
  const lines = [
    `Group: ${harmless(group)} (${state}, ${members.length} ${members.length === 1 ? 'member' : 'members'})`,
    ...topics.flatMap(lagOfTopic),
    `Total lag: ${pending}${waited(pending, seconds)}`,
  ]
  return `${lines.join('\n')}\n`
}

function lagOfTopic({ topic, partitions }: AgedTopicLag): string[] {
  const lines = partitions.map(
    ({ partition, pending, seconds }) =>
      `Partition ${partition}: lag = ${pending}${waited(pending, seconds)}`,
  )
  return [`Topic: ${harmless(topic)}`, ...lines]
}

function waited(pending: number, seconds: number | null): string {
  if (pending === 0) return ''
  return seconds === null ? ' (age unknown)' : ` (oldest waits ${durationText(seconds * 1000)})`
}
