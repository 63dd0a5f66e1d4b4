/** Texts of the pages about Kafka. Pure. */
import type {
  BrokerDescription,
  ClusterDescription,
  ControllerDescription,
} from '../../../lib/queries/cluster.ts'
import { bytesText, countText, durationText, numberText } from '../parts/words.ts'

/** Returns the problems of a cluster, the worst first; empty for a healthy one. */
export function clusterWarnings({
  missing,
  leaderless,
  underReplicated,
  controller,
}: Pick<ClusterDescription, 'missing' | 'leaderless' | 'underReplicated' | 'controller'>): string[] {
  const warnings = missing.map(
    ({ id, copies }) => `Broker ${id} is away: it is to keep copies of ${countText(copies, 'partition')}.`,
  )
  if (leaderless > 0)
    warnings.push(
      `${countText(leaderless, 'partition has', 'partitions have')} no leader: nothing can be read from or written to ${leaderless === 1 ? 'it' : 'them'}.`,
    )
  if (underReplicated > 0)
    warnings.push(
      `${countText(underReplicated, 'partition lacks', 'partitions lack')} a copy that is up to date: fewer brokers may fail than planned.`,
    )
  if (controller.kind === 'kraft' && controller.voters.length > 0 && controller.id === null)
    warnings.push('No controller is elected: topics and leaders cannot change until one is.')
  return warnings
}

/** `1, elected by 1, 2, 3` */
export function controllerText({ kind, id, voters }: ControllerDescription): string {
  if (id === null) return kind === 'kraft' && voters.length > 0 ? 'not elected' : 'unknown'
  if (kind === 'zookeeper') return `${id}, by ZooKeeper`
  return voters.length > 1 ? `${id}, elected by ${voters.join(', ')}` : String(id)
}

export function isActive({ id }: ControllerDescription, broker: number): boolean {
  return id === broker
}

/** `12 GiB free of 100 GiB`, or why that is not known. */
export function disksText({
  disks,
  disksUnknown,
}: Pick<BrokerDescription, 'disks' | 'disksUnknown'>): string {
  if (disks && disks.totalBytes !== null && disks.usableBytes !== null)
    return `${bytesText(disks.usableBytes)} free of ${bytesText(disks.totalBytes)}`
  switch (disksUnknown) {
    case 'refused':
      return 'unknown: this needs the right to describe the cluster'
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

/** State of a topic's partitions. */
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

/** State of a group: one without members while records wait is the one to look at. */
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

/** `1 h 5 min` of a lag; nothing where none waits. @param seconds null if that is not known */
export function waitText(pending: number, seconds: number | null): string {
  if (pending === 0) return '–'
  return seconds === null ? 'not known' : durationText(seconds * 1_000)
}

/** The value of a setting, with what its number means: `604800000 (7 d 0 h)`. */
export function settingText(name: string, value: string | null): string {
  if (value === null) return 'hidden'
  const number = /^\d+$/.test(value) ? Number(value) : undefined
  if (number === undefined || number === 0) return value
  // The largest number stands for no limit.
  if (number >= Number.MAX_SAFE_INTEGER) return `${value} (no limit)`
  if (name.endsWith('.ms')) return number < 1_000 ? value : `${value} (${durationText(number)})`
  if (name.endsWith('.bytes')) return number < 1_024 ? value : `${value} (${bytesText(number)})`
  return value
}

/** Returns the readers of each partition of a topic: the client's name and its host. */
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

/** `sluice.telemetry.readings.local: 0–5, 8` */
export function assignedText(assigned: Readonly<Record<string, readonly number[]>>): string {
  const topics = Object.entries(assigned).filter(([, partitions]) => partitions.length > 0)
  if (topics.length === 0) return 'nothing'
  return topics.map(([topic, partitions]) => `${topic}: ${rangesText(partitions)}`).join('; ')
}

/** @param isAtLeast whether more may wait than is known */
export function lagText(pending: number, isAtLeast: boolean): string {
  return isAtLeast ? `at least ${numberText(pending)}` : numberText(pending)
}

/** `Partition 3 has`, `Partitions 0–2, 5 have`: the beginning of a sentence. */
export function partitionsText(partitions: readonly number[]): string {
  const one = partitions.length === 1
  return `${one ? 'Partition' : 'Partitions'} ${rangesText(partitions)} ${one ? 'has' : 'have'}`
}

/** `0–5, 8` */
function rangesText(numbers: readonly number[]): string {
  const ranges: [first: number, last: number][] = []
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const range = ranges.at(-1)
    if (range && number === range[1] + 1) range[1] = number
    else ranges.push([number, number])
  }
  return ranges.map(([first, last]) => (first === last ? String(first) : `${first}–${last}`)).join(', ')
}

/** `BACKWARD: the new schema reads data of the last version` @param rule null if it is not known */
export function ruleText(rule: { readonly name: string; readonly promise: string | null } | null): string {
  if (rule === null) return "the registry's default"
  return rule.promise === null ? rule.name : `${rule.name}: ${rule.promise}`
}

/** JSON with a line for each member; other texts as they are. */
export function schemaText(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}
