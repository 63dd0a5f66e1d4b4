/** Compares what the consumers did with what the log contains. Pure; its input was read by other clients. */
import { idOf } from '../ledger/count/event.ts'
import { Violations } from '../ledger/count/violations.ts'
import type { FailureRecord, FuzzedRecord, Logged, Topic } from './observed.ts'

/** Stored state of a consumer for one partition. */
export interface Decided {
  readonly consumer: string
  readonly partition: number
  /** Last decided offset; -1 before the first. */
  readonly appliedOffset: number
  readonly outbox: number
  /** How many records and timers had each `outcome/reason`. */
  readonly tally: ReadonlyMap<string, number>
}

export interface Observed {
  readonly readingsTopic: string
  readonly sent: readonly FuzzedRecord[]
  readonly readings: Topic<Logged>
  readonly failures: Topic<FailureRecord>
  readonly deadLetters: Topic<FailureRecord>
  /** States by partition of the consumers of readings and of the `dlq-router`. */
  readonly decided: readonly Decided[]
  /** Good readings: their source, and by entity how many were sent and how many the `processor` counted. */
  readonly steady: {
    readonly source: string
    readonly sent: ReadonlyMap<string, number>
    readonly counted: ReadonlyMap<string, number>
  }
}

export const ROUTER = 'dlq-router'
/** Records up to this size always fit into a failure record. Larger parts may be left out. */
const FITS_BYTES = 1_500_000
/** Failures with these codes are not outcomes of a record. */
const NOT_OF_A_RECORD = /^(timer-|emission-refused)/

/** All violations; none if every record is accounted for. */
export function account(observed: Observed): Violations {
  const violations = new Violations()
  const kinds = new Map(observed.sent.map(sent => [placeOf(sent), sent.kind]))
  const log = new Map(observed.readings.records.map(record => [placeOf(record), record]))
  checkLog(observed, log, violations)
  for (const decided of observed.decided) {
    const topic = decided.consumer === ROUTER ? observed.failures : observed.readings
    checkDecided(decided, topic, kinds, violations)
  }
  const all = distinct(observed.failures.records)
  const readers = new Set(observed.decided.map(({ consumer }) => consumer))
  const failures = new Map([...all].filter(([, { consumer }]) => readers.has(consumer)))
  checkFailures(observed, failures, { log, kinds }, violations)
  checkDownstream(
    [...all.values()].filter(({ id }) => !failures.has(id)),
    violations,
  )
  checkDeadLetters(all, distinct(observed.deadLetters.records), violations)
  checkSteady(observed, failures, log, violations)
  return violations
}

function checkLog(
  { sent, readings }: Observed,
  log: ReadonlyMap<string, Logged>,
  violations: Violations,
): void {
  if (readings.records.length === 0)
    violations.add('no readings were found', 'the topic of readings is empty')
  for (const record of sent)
    if (log.has(placeOf(record)) !== (record.how === 'ack'))
      violations.add(
        record.how === 'ack' ? 'acknowledged but not in the log' : 'not committed but in the log',
        `${placeOf(record)} ${record.kind}`,
      )
}

function checkDecided(
  { consumer, partition, appliedOffset, outbox, tally }: Decided,
  { records, ends }: Topic<{ readonly partition: number; readonly offset: number }>,
  kinds: ReadonlyMap<string, string>,
  violations: Violations,
): void {
  const own = records.filter(record => record.partition === partition).map(({ offset }) => offset)
  const undecided = own.filter(offset => offset > appliedOffset)
  const where = `${consumer}/${partition}`
  const first = Math.min(...undecided)
  const kind =
    consumer === ROUTER
      ? ''
      : ` (${kinds.get(`${partition}/${first}`) ?? 'no record of the fuzzing producer'})`
  if (undecided.length > 0)
    violations.add(
      'stuck partitions',
      `${where} at offset ${first}${kind}, and ${undecided.length} records in all`,
    )
  if (appliedOffset >= (ends[partition] ?? 0))
    violations.add('an applied offset beyond the log', `${where}: ${appliedOffset}`)
  if (outbox > 0) violations.add('entries left in the outbox', `${where}: ${outbox}`, outbox)
  const counted = [...tally].reduce((sum, [how, count]) => sum + (how.startsWith('timer/') ? 0 : count), 0)
  const should = own.length - undecided.length
  if (counted !== should)
    violations.add(
      'records without exactly one outcome',
      `${where}: ${counted} outcomes of ${should} records`,
      Math.abs(counted - should),
    )
}

/** Each failed record has one failure record, with the id that belongs to its offset, and its bytes. */
function checkFailures(
  { readingsTopic, decided }: Observed,
  failures: ReadonlyMap<string, FailureRecord>,
  { log, kinds }: { log: ReadonlyMap<string, Logged>; kinds: ReadonlyMap<string, string> },
  violations: Violations,
): void {
  const found = new Map<string, number>()
  for (const failure of failures.values()) {
    if (NOT_OF_A_RECORD.test(failure.code)) continue
    const { consumer, originalPartition, originalOffset, code } = failure
    const place = `${originalPartition}/${originalOffset}`
    increase(found, `${consumer}/${originalPartition} ${code}`)
    const record = log.get(place)
    const shown = `${consumer}/${place} ${code} (${kinds.get(place) ?? 'not of the fuzzing producer'})`
    if (record === undefined) violations.add('failures without a record', shown)
    else if (failure.id !== idOf('failure', consumer, readingsTopic, originalPartition, originalOffset))
      violations.add('failures with a wrong id', shown)
    else
      for (const part of ['key', 'value', 'headers'] as const)
        if (failure[part] !== record[part] && !(failure[part] === 'null' && record.encodedBytes > FITS_BYTES))
          violations.add(`failures whose ${part} differs from the record`, shown)
  }
  const counted = new Map<string, number>()
  for (const { consumer, partition, tally } of decided.filter(({ consumer }) => consumer !== ROUTER))
    for (const [how, count] of tally)
      if (how.startsWith('failed/'))
        counted.set(`${consumer}/${partition} ${how.slice('failed/'.length)}`, count)
  compare('failures that differ from the counters', found, counted, violations)
}

/**
 * Whatever consumers of readings emit can be read by those behind them. Only an event that its producer has put into several
 * partitions becomes several, with one id.
 */
function checkDownstream(failures: Iterable<FailureRecord>, violations: Violations): void {
  for (const { consumer, originalPartition, originalOffset, code } of failures)
    if (code !== 'id-conflict')
      violations.add(
        'failures of what consumers have emitted',
        `${consumer}/${originalPartition}/${originalOffset} ${code}`,
      )
}

function checkDeadLetters(
  failures: ReadonlyMap<string, FailureRecord>,
  deadLetters: ReadonlyMap<string, FailureRecord>,
  violations: Violations,
): void {
  const nameOf = ({
    consumer,
    originalPartition,
    originalOffset,
    code,
    key,
    value,
    headers,
  }: FailureRecord) => `${consumer}/${originalPartition}/${originalOffset} ${code} ${key} ${value} ${headers}`
  const [found, wanted] = [new Map<string, number>(), new Map<string, number>()]
  for (const deadLetter of deadLetters.values()) increase(found, nameOf(deadLetter))
  for (const failure of failures.values()) increase(wanted, nameOf(failure))
  compare('failures without exactly one dead letter', found, wanted, violations)
}

function checkSteady(
  { steady: { source, sent, counted }, readings }: Observed,
  failures: ReadonlyMap<string, FailureRecord>,
  log: ReadonlyMap<string, Logged>,
  violations: Violations,
): void {
  for (const { consumer, originalPartition, originalOffset, code } of failures.values())
    if (log.get(`${originalPartition}/${originalOffset}`)?.source === source)
      violations.add(
        'good readings that failed',
        `${consumer}/${originalPartition}/${originalOffset} ${code}`,
      )
  compare('good readings not counted exactly once', counted, sent, violations)
  const total = [...sent.values()].reduce((sum, count) => sum + count, 0)
  const logged = new Set(readings.records.filter(record => record.source === source).map(({ id }) => id)).size
  if (total === 0 || logged !== total)
    violations.add('good readings that are not in the log', `${logged} of ${total}`)
}

/** Copies of an event have the same id, and count once. */
function distinct(records: readonly FailureRecord[]): Map<string, FailureRecord> {
  return new Map(records.map(record => [record.id, record]))
}

function compare(
  kind: string,
  found: ReadonlyMap<string, number>,
  wanted: ReadonlyMap<string, number>,
  violations: Violations,
): void {
  for (const name of new Set([...found.keys(), ...wanted.keys()])) {
    const [has, should] = [found.get(name) ?? 0, wanted.get(name) ?? 0]
    if (has !== should) violations.add(kind, `${name}: ${has}, not ${should}`, Math.abs(has - should))
  }
}

function increase(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

function placeOf({ partition, offset }: { readonly partition: number; readonly offset: number }): string {
  return `${partition}/${offset}`
}
