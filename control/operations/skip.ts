/** Operations that skip records at which the function of a consumer hangs or exits, and undo that. */
import { RedisSkippedRecords } from '#runtime/operating/states'
import { computeDigest, type LogReader, type StateKey } from '#runtime/pipeline'
import { mapKind, text } from '#runtime/settings'
import { readTopicBounds } from '../../lib/log/topic-bounds.ts'
import { OperationFailure } from '../../lib/support/operation-failure.ts'
import { withTimeout } from '../diagnosis/observe.ts'
import { findFirstSignal, getConsumerName, listTriggerTopics } from '../environment/functions.ts'
import { type Filter, listField, nameField, textField } from '../questions/field.ts'
import { type ChangedEnvironment, operation } from './operation.ts'
import { serverFailure } from './server-failure.ts'
import { resolveTopic, topicNeededFailure, unknownConsumerFailure } from './state-keys.ts'

interface Position {
  readonly partition: number
  readonly offset: number
}

interface FoundRecord extends Position {
  /** Digest that identifies the record. Empty for a record that is skipped already. */
  readonly digest: string
}

interface Plan {
  readonly consumer: string
  readonly topic: string
  readonly records: readonly FoundRecord[]
}

const POSITION = mapKind(text(/^\d{1,10}@\d{1,15}$/, 'a place, PARTITION@OFFSET'), (at): Position => {
  const [partition, offset] = at.split('@').map(Number) as [number, number]
  return { partition, offset }
})

const FIELDS = {
  consumer: nameField('name of the consumer in serverless.yml'),
  at: listField(nameField('records as PARTITION@OFFSET', POSITION)),
  topic: textField('signal or full name (default: the topic in which the records wait)', 'readings'),
}

const toAudit = ({ consumer, topic, records }: Plan) => ({ consumer, topic, at: formatPositions(records) })

export const SKIP = operation({
  about: `Turn a record at which the function of a consumer hangs or exits into a dead letter.

A step that never returns, runs out of memory or exits the process reports no failure: its batch is delivered again
and again, and the partition is stalled. The record is one of the batch after the applied offset that \`sluice state
show\` prints; with batchSize 1, it is the next one. This command does not change the state. A skipped record fails with
the code "skipped" when the consumer reaches it; it can be redriven once the code is fixed.`,
  more: `
The record is skipped whenever the consumer reads it, even if its state is lost or recomputed. \`sluice skip undo\` reverts
that, so that fixed code applies the record at its original position with \`sluice reprocess\`. A redrive does not need it.
A timer that hangs cannot be skipped.

Examples:
  sluice skip alerting 3@1042 --dry-run
  sluice skip alerting 3@1042 --yes
  sluice skip undo alerting 3@1042`,
  fields: FIELDS,
  asks: ({ records }: Plan) => `Skip ${formatPositions(records)}?`,
  plan: (environment, request) => findRecords(environment, request, openWaiting),
  describe: ({ consumer, topic, records }) => [
    `Skip ${formatPositions(records)} of ${topic} in ${consumer}.`,
  ],
  toAudit,
  carryOut: (environment, plan, { counts }) =>
    changeRecords(environment, plan, async (skipped, key, { offset, digest }) => {
      const isChanged = (await skipped.skip(key, offset, digest)) === 'skipped'
      if (isChanged) counts.skipped = (counts.skipped ?? 0) + 1
      return isChanged
    }),
  describeResult: ({ records }, { consumer, topic }) =>
    records.length === 0
      ? []
      : [
          `Skipped: ${formatPositions(records)} of ${topic}. The next batch of ${consumer} turns them into dead letters with the code "skipped", and processes the rest.`,
          `Once the code is fixed: sluice dlq redrive --consumer ${consumer} --code skipped`,
        ],
  undo: ({ records }, { consumer, topic }) =>
    records.length === 0
      ? undefined
      : {
          action: 'skip undo',
          request: { consumer, at: records.map(record => formatPositions([record])), topic },
        },
  describeRest({ consumer, records }, result) {
    const rest = listRest(records, result)
    if (rest.length === 0) return undefined
    return `${formatPositions(rest)}: ${consumer} has processed them meanwhile, so they were not skipped.`
  },
})

export const UNDO_SKIP = operation({
  about: 'No longer skip records, so that the consumer applies them when it reads them again.',
  more: `
Example:
  sluice skip undo alerting 3@1042`,
  fields: FIELDS,
  asks: null,
  plan: (environment, request) => findRecords(environment, request, openSkipped),
  describe: ({ consumer, topic, records }) => [
    `No longer skip ${formatPositions(records)} of ${topic} in ${consumer}.`,
  ],
  toAudit,
  carryOut: (environment, plan, { counts }) =>
    changeRecords(environment, plan, async (skipped, key, { offset }) => {
      const isChanged = await skipped.unskip(key, offset)
      if (isChanged) counts.undone = (counts.undone ?? 0) + 1
      return isChanged
    }),
  describeResult: ({ records }, { topic }) =>
    records.length === 0 ? [] : [`No longer skipped: ${formatPositions(records)} of ${topic}.`],
  describeRest({ records }, result) {
    const rest = listRest(records, result)
    return rest.length === 0 ? undefined : `Not skipped before: ${formatPositions(rest)}.`
  },
})

/** Changes records one by one. @param change returns whether a record was changed */
async function changeRecords(
  { connections }: ChangedEnvironment,
  { consumer, topic, records }: Plan,
  change: (skipped: RedisSkippedRecords, key: StateKey, record: FoundRecord) => Promise<boolean>,
): Promise<Pick<Plan, 'records'>> {
  const skipped = new RedisSkippedRecords(await connections.redis())
  const changed: FoundRecord[] = []
  for (const record of records)
    if (await change(skipped, { consumer, topic, partition: record.partition }, record)) changed.push(record)
  return { records: changed }
}

/** Returns the records that were not changed. */
function listRest(records: readonly FoundRecord[], result: Pick<Plan, 'records'> | null): FoundRecord[] {
  return records.filter(record => result && !result.records.includes(record))
}

/** Finds the records of a request in the one topic that has all of them. @throws OperationFailure if there is none, or several */
async function findRecords(
  environment: ChangedEnvironment,
  { consumer, at, topic: wanted }: Filter<typeof FIELDS>,
  open: (environment: ChangedEnvironment, topic: string) => Promise<FindRecord>,
): Promise<Plan> {
  const topics = listCandidateTopics(environment, consumer, wanted)
  const found = await Promise.all(
    topics.map(async topic => {
      const find = await open(environment, topic)
      const records = at.map(({ partition, offset }) => find({ consumer, topic, partition }, offset))
      return { topic, records: await Promise.all(records) }
    }),
  )
  const fitting = found.filter(({ records }) => records.every(record => typeof record !== 'string'))
  const [only, ...others] = topics.length === 1 ? found : fitting
  if (!only || others.length > 0) {
    const many = only ? 'several' : 'none'
    throw topicNeededFailure(consumer, topics, `, and ${many} of them can have ${formatPositions(at)}`)
  }
  const records = only.records.map(record => {
    if (typeof record === 'string') throw new OperationFailure(record)
    return record
  })
  return { consumer, topic: only.topic, records }
}

/**
 * Returns the topics that may have the records: all topics of the consumer, or the selected one.
 *
 * @throws OperationFailure if the consumer is not a function of this project, or does not read the topic
 */
function listCandidateTopics(
  { functions, config, inputs }: ChangedEnvironment,
  consumer: string,
  wanted: string | undefined = findFirstSignal(consumer),
): readonly string[] {
  const names = inputs.map(({ topic }) => topic)
  const topics = functions
    .filter(declared => getConsumerName(declared) === consumer)
    .flatMap(declared => listTriggerTopics(declared, config, names).map(({ topic }) => topic))
  if (topics.length === 0) throw unknownConsumerFailure(functions, consumer)
  if (wanted === undefined) return topics
  const selected = resolveTopic({ topic: wanted }, config)
  if (topics.includes(selected)) return [selected]
  throw topicNeededFailure(consumer, topics)
}

/** Finds the record at an offset. Returns a message if it cannot be changed. */
type FindRecord = (stateKey: StateKey, offset: number) => Promise<FoundRecord | string>

/** Finds records that are skipped. */
async function openSkipped({ connections }: ChangedEnvironment): Promise<FindRecord> {
  const records = new RedisSkippedRecords(await connections.redis())
  return async (stateKey, offset) =>
    (await records.listSkipped(stateKey)).has(offset)
      ? { partition: stateKey.partition, offset, digest: '' }
      : `Not skipped before: ${formatPositions([{ ...stateKey, offset }])}.`
}

/** Finds records of a topic that its consumer has not processed yet. @throws OperationFailure if Kafka does not answer */
async function openWaiting(environment: ChangedEnvironment, topic: string): Promise<FindRecord> {
  const { config, connections } = environment
  const ask = <T>(answer: Promise<T>) =>
    withTimeout(answer).catch(error => {
      throw serverFailure(error, config)
    })
  const bounds = await ask(connections.bounds().then(source => readTopicBounds(source, topic)))
  const read = async (log: LogReader, partition: number, offset: number) =>
    (await log.read(topic, partition, { fromOffset: offset, toOffset: offset })).records
  const inspection = await environment.inspection()
  return async (stateKey, offset) => {
    const { consumer, partition } = stateKey
    const position = `${topic}/${partition}@${offset}`
    const end = bounds[partition]?.end
    if (end === undefined) return `${topic} has ${bounds.length} partitions, from 0 to ${bounds.length - 1}.`
    const { appliedOffset } = await inspection.summary(stateKey)
    if (offset <= appliedOffset)
      return `${consumer} has already processed ${position}: its applied offset is ${appliedOffset}.`
    const records = offset < end ? await ask(connections.log().then(log => read(log, partition, offset))) : []
    const record = records.find(record => record.offset === offset)
    return record
      ? { partition, offset, digest: computeDigest(record) }
      : `The log has no record ${position}.`
  }
}

/** Returns a list such as `3@120, 4@7`. */
function formatPositions(positions: readonly Position[]): string {
  return positions.map(({ partition, offset }) => `${partition}@${offset}`).join(', ')
}
