/** Metrics and log lines of the pipeline's reports, without payloads. Pure. */
import type { Application } from '../../consumer/application.ts'
import { RetryableError } from '../../consumer/author-errors.ts'
import type { Decision } from '../../pipeline/model/decision.ts'
import type { StateKey } from '../../pipeline/model/partition-state.ts'
import type { Report, ReportOf } from '../../pipeline/model/report.ts'
import { describeDecision, describeError, describeFailure, keyText, truncate } from './log-fields.ts'
import type { CounterName } from './metric-names.ts'

/** Remedies to log, by the reason why records wait. */
export type Remedies = NonNullable<Application['remedies']>

/** Counts, and a line of the log about an unusual condition. */
export interface Telemetry {
  readonly counter?: CounterName
  /** Counts by reason. */
  readonly counts?: Readonly<Record<string, number>>
  /** Message of a line at the level ERROR. */
  readonly error?: string
  /** Message of a line at the level WARN. */
  readonly warn?: string
  /** Kind of the line, by which programs recognise it. */
  readonly kind: string
  readonly details?: Readonly<Record<string, unknown>>
  /** Subject of the line. Lines of a kind with different subjects are limited separately. A line with `null` is always written. */
  readonly of?: string | null
}

/** A row has only what differs from the report: counter and line have its name. */
type Row = Partial<Telemetry>

type Describe<Kind extends Report['kind']> = (
  report: ReportOf<Kind>,
  remedies: Remedies,
) => Row | readonly Row[]

/** Maximum number of log lines for the dead letters of one batch and partition. There is one line per key. */
const MAX_KEYS = 10

const TELEMETRY: { readonly [Kind in Report['kind']]: Describe<Kind> } = {
  decisions: ({ decisions }) => {
    const groups = Map.groupBy(decisions, ({ outcome, reason }) => `${outcome}/${reason}`)
    const held = decisions.filter(({ hold }) => hold !== undefined && hold !== 'stays')
    return [...[...groups.values()].map(describeGroup), ...held.map(describeHold)]
  },
  redelivered: ({ records }) => ({ counts: { 'at-or-below-applied-offset': records } }),
  deferred: ({ fromOffset, reason, error }, remedies) => ({
    counts: { [reason]: 1 },
    error: 'a partition waits: its records stay in Kafka',
    of: reason,
    details: { fromOffset, reason, ...describeError(error), remedy: remedies[reason] },
  }),
  'offer-failed': ({ stateKey, attempt, of, records, offset, cause }) => {
    const threw = 'error' in cause
    const reason = threw ? 'threw' : 'not-accepted'
    const { error = reason, ...behind } = threw
      ? describeError(cause.error)
      : { error: cause.safeMessage && truncate(cause.safeMessage) }
    const because = Array.isArray(behind.causes) ? `, caused by ${behind.causes.join(', ')}` : ''
    // A receiver that is away fails the tries of all partitions for as long as it is away. Others have delays between their tries.
    const isAway = threw && cause.error instanceof RetryableError
    return {
      counts: { [reason]: records },
      warn: `Retry ${attempt}/${of}: ${error}${because}`,
      kind: 'retry',
      of: isAway ? stateKey.topic : null,
      details: { offset, attempt, records, ...behind },
    }
  },
  'outbox-not-trimmed': ({ count, error }) => ({
    counts: { 'trim-failed': count },
    warn: 'entries are published, but the outbox was not trimmed: the batch is delivered again, and repeats them with the same ids',
    details: { count, ...describeError(error) },
  }),
  refused: ({ entries, error }) => ({
    counts: { 'never-taken': entries.length },
    error:
      'Kafka permanently refuses records, and failure records replace them: check the limits of its topics',
    kind: 'records-refused',
    of: String(entries[0]?.to),
    details: {
      to: entries[0]?.to,
      position: entries[0]?.position,
      count: entries.length,
      ...describeError(error),
    },
  }),
  'dead-letters': ({ entries }) => {
    const byKey = Map.groupBy(entries, ({ key }) => keyText(key))
    const keys = byKey.size > MAX_KEYS ? byKey.size : undefined
    const lines = [...byKey].slice(0, MAX_KEYS).map(([key, letters]) => ({
      warn: `Sent to DLQ: ${key}`,
      kind: 'dead-letter',
      of: null,
      details: {
        eventId: letters[0]?.event.id,
        subject: letters[0]?.event.subject,
        records: letters.length,
        keys,
      },
    }))
    return [{ counts: { sent: entries.length } }, ...lines]
  },
  'range-read-back': ({ stateKey, fromOffset, toOffset }) => ({
    counts: { 'never-delivered': toOffset - fromOffset + 1 },
    error: 'offsets that were never delivered, or that the store forgot, are read from the log',
    of: formatPartition(stateKey),
    details: { fromOffset, toOffset },
  }),
  'failures-not-kept': ({ stateKey, records }) => ({
    counter: 'range-read-back',
    counts: { 'failures-not-kept': records },
    warn: 'records are read back whose earlier failures are no longer in the topics for failures: emissions of records that succeed now may be dropped',
    of: formatPartition(stateKey),
    details: { records },
  }),
  expired: ({ stateKey, fromOffset, toOffset }) => ({
    counts: { 'not-in-the-log': toOffset - fromOffset + 1 },
    error: 'offsets that were never processed are no longer in the log: their records are lost',
    kind: 'records-lost',
    of: formatPartition(stateKey),
    details: { fromOffset, toOffset },
  }),
  'no-applied-offset': () => ({ counts: { 'starts-anew': 1 } }),
  'log-created-again': ({ stateKey, appliedOffset }) => ({
    warn: 'a topic of another application was deleted and created again: its partition is read from the start as a new log',
    of: stateKey.topic,
    details: { appliedOffset },
  }),
  'failure-memory': ({ bytes, forgotten, limit }) =>
    forgotten === 0
      ? {
          counts: { 'nearly-full': 1 },
          warn: 'the memory of failures is nearly full: check which producer sends records that fail',
          kind: 'failure-memory-nearly-full',
          details: { bytes, limit },
        }
      : {
          counts: { 'nearly-full': 1, forgotten },
          error:
            'failures were forgotten to make room for newer ones: their records can no longer be redriven',
          kind: 'failures-forgotten',
          details: { bytes, limit, forgotten },
        },
  'clock-gap': () => ({ counts: { 'no-records': 1 } }),
  'timed-by-producers': ({ stateKey, fromOffset }) => ({
    counts: { 'create-time': 1 },
    error:
      'the timestamps of a topic come from its producers, so timers depend on their clocks. Set message.timestamp.type=' +
      'LogAppendTime on the topic; where it was replayed from another one, set LOG_TIME=carried on the consumer',
    of: stateKey.topic,
    details: { fromOffset },
  }),
  'context-unreadable': ({ stateKey }) => ({
    counts: { 'other-code': 1 },
    error:
      'the stored context of a partition is from another version of the code: the packaged one is used until the next is set',
    of: stateKey.topic,
  }),
  misrouted: ({ stateKey, fromOffset, records }) => ({
    counts: { 'another-partitioner': records },
    error:
      'records are in other partitions than those of their keys: check the partitioners of the producers',
    of: stateKey.topic,
    details: { fromOffset, records },
  }),
  'breaker-open': ({ sinceMs, failure }) => ({
    counts: { surge: 1 },
    error:
      'nearly all records fail unexpectedly: they stay in Kafka until the code changes, for 15 minutes at most',
    details: { since: new Date(sinceMs).toISOString(), ...(failure && describeFailure(failure)) },
  }),
}

/** Returns what is counted and logged for a report. */
export function describeReport(report: Report, remedies: Remedies): readonly Telemetry[] {
  const { kind } = report
  const rows = [(TELEMETRY[kind] as Describe<typeof kind>)(report, remedies)].flat()
  return rows.map(row => ({ kind, counter: kind as CounterName, ...row }))
}

/** Describes decisions with the same outcome and reason. Those that failed have one line, with details of the first one. */
function describeGroup(group: readonly Decision[]): Row {
  const first = group[0] as Decision
  const { outcome, reason, failure } = first
  const counted = { counter: outcome, counts: { [reason]: group.length } }
  if (!failure) return counted
  const { code } = failure
  return {
    ...counted,
    warn: 'records cannot be processed and become failure records',
    kind: 'records-failed',
    of: code,
    details: { ...describeDecision(first), code, ...describeFailure(failure), records: group.length },
  }
}

/** Describes a decision that has held or released an entity. */
function describeHold(decision: Decision): Row {
  const { hold, failure } = decision
  if (hold === 'begins') return failure ? { counter: 'held', counts: { [failure.code]: 1 } } : {}
  const released: Row = { counter: 'released', counts: { [String(hold)]: 1 } }
  if (hold !== 'full' && hold !== 'time') return released
  return {
    ...released,
    warn: 'an entity was held for longer than its consumer allows: its parked events are processed, although one is still retried',
    kind: 'order-given-up',
    of: hold,
    details: describeDecision(decision),
  }
}

function formatPartition({ topic, partition }: StateKey): string {
  return `${topic}/${partition}`
}
