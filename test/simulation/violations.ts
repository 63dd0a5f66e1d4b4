/** Counts between consumers: what one has written must have come once to the next, and to the receivers. */
import { isDeepStrictEqual } from 'node:util'
import { isFailure, readEvent } from '#runtime/cloudevents'
import type { Event, FailureData } from '#runtime/consumer'
import {
  failureId,
  type LogRecord,
  originalPosition,
  readRedriveTarget,
  runUndisturbed,
} from '#runtime/test/support/inside'
import { RETRY_TOPICS, topicRow } from '../../lib/app/naming/topic-table.ts'
import { originalEvent, readDlqRecord } from '../../lib/failures/dlq-record.ts'
import { NOTIFICATION_TYPE, type Notification } from '../../lib/notification/notification.ts'
import { storageSink } from '../../lib/storage/sink.ts'
import { families, SEGMENT, type SluiceSimulation, topicOf } from './sluice.ts'
import { callsOf, MemoryStorage } from './stores.ts'

/** Returns what is lost, twice, or in the wrong order between consumers. */
export async function countViolations(
  sluice: SluiceSimulation,
  inputs: readonly string[],
): Promise<readonly string[]> {
  return [
    ...countInputs(sluice, inputs),
    ...countRetries(sluice),
    ...countSegments(sluice),
    ...countNotifications(sluice),
    ...(await compareStorage(sluice)),
  ]
}

function listRecords({ simulation: { log } }: SluiceSimulation, topic: string): readonly LogRecord[] {
  return Array.from({ length: log.countPartitions(topic) }, (_, partition) =>
    log.all(topic, partition),
  ).flat()
}

function listEvents(sluice: SluiceSimulation, topic: string): readonly Event[] {
  return listRecords(sluice, topic).flatMap(record => {
    const event = readEvent(record)
    return isFailure(event) ? [] : [event]
  })
}

/** Each valid record of the input becomes one reading. */
function countInputs(sluice: SluiceSimulation, inputs: readonly string[]): string[] {
  const ids = new Map<string, Set<string>>()
  for (const { id, data } of listEvents(sluice, topicOf('readings'))) {
    const { sensorId, temperature } = (data ?? {}) as {
      readonly sensorId?: string
      readonly temperature?: number
    }
    if (!sensorId?.startsWith('gh-')) continue
    const name = `${sensorId} ${temperature}`
    ids.set(name, (ids.get(name) ?? new Set()).add(id))
  }
  return inputs.flatMap(name => {
    const found = ids.get(name)?.size ?? 0
    return found === 1
      ? []
      : [`${found === 0 ? 'lost' : 'twice'}: the record ${name} of the input became ${found} readings`]
  })
}

/** A record that has returned to the topic of its consumer. */
interface Returned {
  readonly record: LogRecord
  /** Place among all records that have returned, in the order of the log. */
  readonly index: number
}

/** Each failure that waits for a retry returns once its time has come, in the order of the failures, or becomes a dead letter. */
function countRetries(sluice: SluiceSimulation): string[] {
  const returned = new Map<string, Returned>()
  for (const topic of sluice.simulation.log.topics)
    for (const record of listRecords(sluice, topic)) {
      const target = readRedriveTarget(record)
      const name = target ? `${target.failure} ${target.attempt}` : undefined
      if (name !== undefined && !returned.has(name)) returned.set(name, { record, index: returned.size })
    }
  const dead = new Set(
    listRecords(sluice, topicOf('dlq')).flatMap(record => {
      const read = readDlqRecord(record)
      return read.kind === 'letter' ? [nameAttempt(read.deadLetter as never)] : []
    }),
  )
  return RETRY_TOPICS.flatMap(signal => {
    const last = new Map<string, number>()
    const seen = new Set<string>()
    return listRecords(sluice, topicOf(signal)).flatMap(record => {
      const event = readEvent(record)
      if (isFailure(event)) return []
      const failure = event.data as FailureData
      // A failure can be routed twice, and its second copy changes nothing.
      if (seen.size === seen.add(nameAttempt(failure)).size) return []
      const back = returned.get(nameAttempt(failure, 1))
      if (!back)
        return dead.has(nameAttempt(failure))
          ? []
          : [`lost: ${nameAttempt(failure)} did not return from ${signal}`]
      if (dead.has(nameAttempt(failure))) return []
      const place = `${back.record.topic}/${back.record.partition}`
      const isInOrder = back.index >= (last.get(place) ?? 0)
      last.set(place, back.index)
      const isEarly = back.record.timestampMs < record.timestampMs + (topicRow(signal).delayMs ?? 0)
      return [
        ...(isEarly ? [`too early: ${nameAttempt(failure)} returned from ${signal}`] : []),
        ...(isInOrder ? [] : [`out of order: ${nameAttempt(failure)} returned from ${signal}`]),
      ]
    })
  })
}

function nameAttempt(failure: FailureData, later = 0): string {
  return `${failureId(failure.consumer, originalPosition(failure))} ${failure.attempt + later}`
}

/** The segments of a partition have all records of its log up to some record, each once, in order and unchanged. */
function countSegments({ simulation: { log }, segments, groups }: SluiceSimulation): string[] {
  const all = [...segments.values()]
  return (groups.get('archiver')?.partitions ?? []).flatMap(({ topic, partition }) => {
    const own = all.filter(segment => segment.topic === topic && segment.partition === partition)
    const archived = own.toSorted((a, b) => a.firstOffset - b.firstOffset).flatMap(({ records }) => records)
    const written = log.all(topic, partition)
    const isRight = archived.every(
      ({ offset, value }, index) =>
        offset === written[index]?.offset && isSameValue(value, written[index].value),
    )
    // Only the last block of offsets may wait for its end.
    const [first, last] = [written[archived.length]?.offset ?? 0, written.at(-1)?.offset ?? 0]
    const isWhole =
      Math.floor(first / SEGMENT) === Math.floor(last / SEGMENT) || archived.length === written.length
    return isRight && isWhole ? [] : [`wrong segments: those of ${topic}/${partition} differ from its log`]
  })
}

function isSameValue(a: Buffer | null, b: Buffer | null): boolean {
  return a === null || b === null ? a === b : a.equals(b)
}

/** Each receiver has accepted the last notification of each of its groups, or a digest of old ones, unless a dead letter has it. */
function countNotifications(sluice: SluiceSimulation): string[] {
  const last = new Map<string, Notification>()
  for (const record of listRecords(sluice, topicOf('notifications'))) {
    const event = readEvent(record)
    // A retry comes behind later notifications, which it does not replace.
    if (isFailure(event) || event.type !== NOTIFICATION_TYPE || readRedriveTarget(record)) continue
    const notification = event.data as Notification
    for (const receiver of notification.receivers) last.set(`${receiver} ${notification.group}`, notification)
  }
  const dead = new Set(
    listRecords(sluice, topicOf('dlq')).flatMap(record => {
      const read = readDlqRecord(record)
      if (read.kind !== 'letter' || read.deadLetter.consumer !== 'deliver') return []
      return (originalEvent(read)?.data as Notification | undefined)?.notificationId ?? []
    }),
  )
  return [...last].flatMap(([name, { notificationId, group }]) => {
    const receiver = name.slice(0, name.indexOf(' '))
    const own = sluice.webhooks.accepted.filter(one => one.receiver.startsWith(`${receiver}.`))
    if (dead.has(notificationId) || own.some(one => one.id === notificationId || one.group === 'digest'))
      return []
    return [`lost: ${receiver} did not get ${notificationId} of ${group}`]
  })
}

/** The database has the rows of an undisturbed run. */
async function compareStorage(sluice: SluiceSimulation): Promise<string[]> {
  const { simulation, groups, storage } = sluice
  const expected = new MemoryStorage(callsOf(undefined, 'storage'))
  const group = groups.get('storage')
  const codes = (group?.codes ?? []).map(code => ({
    ...code,
    process: storageSink(families, expected) as never,
  }))
  for (const own of group?.partitions ?? [])
    await runUndisturbed(simulation.log.whole, own, simulation.log.all(own.topic, own.partition), {
      codes,
      codeFrom: own.codeFrom,
    })
  return [...new Set([...expected.tables.keys(), ...storage.tables.keys()])].flatMap(name => {
    const [wanted, found] = [expected.tables.get(name), storage.tables.get(name)]
    return isDeepStrictEqual(wanted, found)
      ? []
      : [`other state: the table ${name} has other rows (${found?.size}, not ${wanted?.size})`]
  })
}
