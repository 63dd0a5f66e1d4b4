/** Texts of the Kafka pages. Pure. */
import type {
  BrokerDescription,
  ClusterDescription,
  ControllerDescription,
} from '../../../lib/queries/cluster.ts'
import { bytesText, countText, durationText, numberText } from '../parts/words.ts'

/** Returns the problems of a cluster, most severe first; empty for a healthy cluster. */
export function clusterWarnings({
  missing,
  leaderless,
  underReplicated,
  controller,
}: Pick<ClusterDescription, 'missing' | 'leaderless' | 'underReplicated' | 'controller'>): string[] {
  const warnings = missing.map(
    ({ id, copies }) => `Broker ${id} is unavailable. It has replicas of ${countText(copies, 'partition')}.`,
  )
  if (leaderless > 0)
    warnings.push(
      `${countText(leaderless, 'partition has', 'partitions have')} no leader and cannot be read or written.`,
    )
  if (underReplicated > 0)
    warnings.push(
      `${countText(underReplicated, 'partition has', 'partitions have')} a replica that is not in sync, so fewer broker failures are tolerated.`,
    )
  if (controller.kind === 'kraft' && controller.voters.length > 0 && controller.id === null)
    warnings.push('No controller is elected. Topics and leaders cannot change until one is elected.')
  return warnings
}

/** Formats the controller, such as `1, elected by 1, 2, 3`. */
export function controllerText({ kind, id, voters }: ControllerDescription): string {
  if (id === null) return kind === 'kraft' && voters.length > 0 ? 'not elected' : 'unknown'
  if (kind === 'zookeeper') return `${id}, by ZooKeeper`
  return voters.length > 1 ? `${id}, elected by ${voters.join(', ')}` : String(id)
}

export function isActive({ id }: ControllerDescription, broker: number): boolean {
  return id === broker
}

/** Formats the free disk space, such as `12 GiB free of 100 GiB`. If it is unknown, returns the reason. */
export function disksText({
  disks,
  disksUnknown,
}: Pick<BrokerDescription, 'disks' | 'disksUnknown'>): string {
  if (disks && disks.totalBytes !== null && disks.usableBytes !== null)
    return `${bytesText(disks.usableBytes)} free of ${bytesText(disks.totalBytes)}`
  switch (disksUnknown) {
    case 'refused':
      return 'unknown: this client is not authorized to describe the cluster'
    case 'away':
      return 'the broker does not answer'
    case 'unsupported':
      return 'unknown with this kind of broker'
    default:
      return 'unknown before Kafka 3.3'
  }
}

export interface StatusText {
  readonly text: string
  readonly tone: 'good' | 'warn' | 'bad'
}

/** Returns the health of a topic's partitions. */
export function topicStanding({
  leaderless,
  underReplicated,
}: {
  readonly leaderless: number
  readonly underReplicated: number
}): StatusText {
  if (leaderless > 0) return { text: `${leaderless} without leader`, tone: 'bad' }
  if (underReplicated > 0) return { text: `${underReplicated} behind`, tone: 'warn' }
  return { text: 'all in sync', tone: 'good' }
}

/** Returns the health of a group. A group without members but with pending records needs attention. */
export function groupStanding({
  state,
  pending,
}: {
  readonly state: 'stable' | 'rebalancing' | 'empty' | 'missing' | 'unknown'
  readonly pending: number
}): StatusText {
  if (state === 'stable') return { text: 'stable', tone: 'good' }
  if (state === 'rebalancing') return { text: 'rebalancing', tone: 'warn' }
  if (state === 'empty')
    return pending > 0 ? { text: 'no readers', tone: 'bad' } : { text: 'empty', tone: 'warn' }
  return { text: state, tone: 'warn' }
}

/** Formats the age of the oldest pending record, such as `1 h 5 min`; a dash without lag. @param seconds null if unknown */
export function waitText(pending: number, seconds: number | null): string {
  if (pending === 0) return '–'
  return seconds === null ? 'not known' : durationText(seconds * 1_000)
}

/** Formats the value of a setting and its meaning, such as `604800000 (7 d 0 h)`. */
export function settingText(name: string, value: string | null): string {
  if (value === null) return 'hidden'
  const number = /^\d+$/.test(value) ? Number(value) : undefined
  if (number === undefined || number === 0) return value
  // Kafka uses the largest possible number to mean "no limit".
  if (number >= Number.MAX_SAFE_INTEGER) return `${value} (no limit)`
  if (name.endsWith('.ms')) return number < 1_000 ? value : `${value} (${durationText(number)})`
  if (name.endsWith('.bytes')) return number < 1_024 ? value : `${value} (${bytesText(number)})`
  return value
}

/** Returns the client ids and hosts of the consumers that read each partition. */
export function readersOf(
  topic: string,
  members: readonly {
    readonly clientId: string
    readonly host: string
    readonly assigned: Readonly<Record<string, readonly number[]>>
  }[],
): ReadonlyMap<number, string> {
  return new Map(
    members.flatMap(({ clientId, host, assigned }) =>
      (assigned[topic] ?? []).map(partition => [partition, `${clientId} at ${host}`] as const),
    ),
  )
}

/** Formats assigned partitions, such as `sluice.telemetry.readings.local: 0–5, 8`. */
export function assignedText(assigned: Readonly<Record<string, readonly number[]>>): string {
  const topics = Object.entries(assigned).filter(([, partitions]) => partitions.length > 0)
  if (topics.length === 0) return 'nothing'
  return topics.map(([topic, partitions]) => `${topic}: ${rangesText(partitions)}`).join('; ')
}

/** Formats a lag. @param isAtLeast true if the lag may be larger */
export function lagText(pending: number, isAtLeast: boolean): string {
  return isAtLeast ? `at least ${numberText(pending)}` : numberText(pending)
}

/** Returns subject and verb of a sentence about partitions, such as `Partition 3 has` or `Partitions 0–2, 5 have`. */
export function partitionsText(partitions: readonly number[]): string {
  const one = partitions.length === 1
  return `${one ? 'Partition' : 'Partitions'} ${rangesText(partitions)} ${one ? 'has' : 'have'}`
}

/** Formats numbers as ranges, such as `0–5, 8`. */
function rangesText(numbers: readonly number[]): string {
  const ranges: [first: number, last: number][] = []
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const range = ranges.at(-1)
    if (range && number === range[1] + 1) range[1] = number
    else ranges.push([number, number])
  }
  return ranges.map(([first, last]) => (first === last ? String(first) : `${first}–${last}`)).join(', ')
}

/** Formats a compatibility rule, such as `BACKWARD: the new schema reads data of the last version`. @param rule null if unknown */
export function ruleText(rule: { readonly name: string; readonly promise: string | null } | null): string {
  if (rule === null) return "the registry's default"
  return rule.promise === null ? rule.name : `${rule.name}: ${rule.promise}`
}

/** Formats JSON with one line per member. Other texts are returned unchanged. */
export function schemaText(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}
