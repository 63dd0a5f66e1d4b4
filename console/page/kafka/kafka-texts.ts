/** Texts of the Kafka pages. Pure. */
import { durationText } from '../../../lib/support/duration.ts'
import { formatRanges } from '../../../lib/support/ranges-text.ts'
import type { GroupAnswer } from '../../api/kafka/groups.ts'
import { formatBytes, formatNumber } from '../components/value-texts.ts'

/** Formats the age of the oldest pending record, such as `1 h 5 min`; a dash without lag. @param seconds null if unknown */
export function formatWait(pending: number, seconds: number | null): string {
  if (pending === 0) return '–'
  return seconds === null ? 'not known' : durationText(seconds * 1_000)
}

/** Formats the value of a setting and its meaning, such as `604800000 (7 d)`. */
export function formatSetting(name: string, value: string | null): string {
  if (value === null) return 'hidden'
  const number = /^\d+$/.test(value) ? Number(value) : undefined
  if (number === undefined || number === 0) return value
  // Kafka uses the largest possible number to mean "no limit".
  if (number >= Number.MAX_SAFE_INTEGER) return `${value} (no limit)`
  if (name.endsWith('.ms')) return number < 1_000 ? value : `${value} (${durationText(number)})`
  if (name.endsWith('.bytes')) return number < 1_024 ? value : `${value} (${formatBytes(number)})`
  return value
}

/** Returns the client ids and hosts of the consumers that read each partition. */
export function listReaders(topic: string, members: GroupAnswer['members']): ReadonlyMap<number, string> {
  return new Map(
    members.flatMap(({ clientId, host, assigned }) =>
      (assigned[topic] ?? []).map(partition => [partition, `${clientId} at ${host}`] as const),
    ),
  )
}

/** Formats assigned partitions, such as `sluice.telemetry.readings.local: 0–5, 8`. */
export function formatAssigned(assigned: Readonly<Record<string, readonly number[]>>): string {
  const topics = Object.entries(assigned).filter(([, partitions]) => partitions.length > 0)
  if (topics.length === 0) return 'nothing'
  return topics.map(([topic, partitions]) => `${topic}: ${formatRanges(partitions)}`).join('; ')
}

/** Formats a lag. @param isAtLeast true if the lag may be larger */
export function formatLag(pending: number, isAtLeast: boolean): string {
  return isAtLeast ? `at least ${formatNumber(pending)}` : formatNumber(pending)
}

/** Returns subject and verb of a sentence about partitions, such as `Partition 3 has` or `Partitions 0–2, 5 have`. */
export function describePartitions(partitions: readonly number[]): string {
  const one = partitions.length === 1
  return `${one ? 'Partition' : 'Partitions'} ${formatRanges(partitions)} ${one ? 'has' : 'have'}`
}
