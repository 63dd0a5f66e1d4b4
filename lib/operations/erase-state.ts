/** Operation that erases one entity from the states of all consumers. */
import { listConsumers, writesRows, writesSegments } from '../app/functions.ts'
import { resolveSignals } from '../app/topic-table.ts'
import { withTimeout } from '../diagnosis/observe.ts'
import { describeKafka } from '../diagnosis/server-standards.ts'
import { findTopicBounds } from '../queries/kafka/topics.ts'
import { durationField, nameField } from '../questions/field.ts'
import { durationText } from '../support/duration.ts'
import { formatSize } from '../support/size-text.ts'
import { type ErasurePlan, type ErasureReport, planErasure, runErasure } from './erase/erase.ts'
import { type ChangedEnvironment, operation } from './operation.ts'
import { OperationFailure } from './operation-failure.ts'
import { serverFailure } from './server-failure.ts'
import { formatStateKey } from './state-keys.ts'

const DEFAULT_TIMEOUT_MS = 120_000

interface Plan extends ErasurePlan {
  readonly timeoutMs: number
  /** Reason why the erasure cannot be appended to the topics, so that the plan can only be shown. */
  readonly refusal?: string | undefined
}

export const ERASE_STATE = operation({
  action: 'state erase',
  about: `Erase one entity from the states of all consumers.

The erasure is an event in the log: in every partition of readings and of patterns, each consumer forgets the entity
at that position. It therefore remains in effect even if Redis loses the state and the log is read again. Later events
of the entity create a new state.

The command waits until every consumer has applied the erasure. The plan lists the copies that it does not reach, such
as those in Kafka's log and in the history.`,
  more: `
ENTITY is source, a space and subject, or only the subject if no other entity has it. The exit status is 1 if a
consumer has not applied the erasure in time, or if another state contains the entity; the erasure stays in the log.

Examples:
  sluice state erase roof-1 --dry-run
  sluice state erase '/greenhouse/north roof-1'`,
  fields: {
    entity: nameField('source, a space and subject, or the subject'),
    timeout: durationField('time to wait for the consumers (default: 2m)'),
  },
  asks: (_: Plan) => 'Erase this entity in every partition?',
  async plan(environment, { entity, timeout = DEFAULT_TIMEOUT_MS }): Promise<Plan> {
    const { config, functions } = environment
    const signals = resolveSignals(['erased'])
    const sizes = signals.map(signal => config.names.topicSize(signal, config.env))
    const found = await readPartitionCounts(environment, sizes)
    // Sinks store no state of an entity.
    const keeping = functions.filter(entry => !writesSegments(entry) && !writesRows(entry))
    const topics = sizes.map(({ topic, partitions }, index) => ({
      topic,
      partitions: found.counts[index] ?? partitions,
      consumers: listConsumers(keeping, signals[index]),
    }))
    return {
      ...(await planErasure(environment, entity, topics)),
      ...{ timeoutMs: timeout, refusal: found.refusal },
    }
  },
  isEmpty: ({ refusal }) => refusal !== undefined,
  describe: describePlan,
  toAudit: ({ entity }) => ({ entity }),
  carryOut: (environment, plan, running) => runErasure(environment, plan, plan.timeoutMs, running),
  describeResult: report => [
    ...report.consumers.map(({ consumer, topic, outcome, lag }) => {
      return `${consumer} on ${topic}: ${outcome === 'applied' ? outcome : `not yet (lag ${lag})`}`
    }),
    ...(listBehind(report).length > 0
      ? [`The erasure ${report.erasureId} remains in the log, and is applied when the consumers reach it.`]
      : []),
  ],
  describeRest({ notReached, timeoutMs, refusal }, report) {
    if (refusal !== undefined) return `Nothing was changed: ${refusal}`
    if (!report) return undefined
    const behind = listBehind(report)
    if (behind.length > 0)
      return `Pending after ${durationText(timeoutMs)}: ${behind.join(', ')}. \`sluice state show ${behind[0]}\` shows its lag, and \`--dry-run\` the remaining states.`
    return notReached.length > 0 ? 'The erasure is incomplete: see above.' : undefined
  },
  afterStop: () => 'With `--dry-run`, the command shows the remaining states.',
})

/**
 * Returns the partition counts of topics. If Kafka does not answer or a topic is missing, the plan can still be shown, with the
 * counts of the topic table.
 */
async function readPartitionCounts(
  environment: ChangedEnvironment,
  topics: readonly { readonly topic: string }[],
): Promise<{ readonly counts: readonly (number | undefined)[]; readonly refusal?: string }> {
  const { config } = environment
  try {
    const offsets = await environment.offsets()
    const bounds = topics.map(async ({ topic }) => (await findTopicBounds(offsets, topic))?.length)
    const counts = await withTimeout(Promise.all(bounds))
    const missing = topics[counts.indexOf(undefined)]
    if (!missing) return { counts }
    const refusal = `Kafka at ${describeKafka(config).address} has no topic ${missing.topic}. \`sluice topics apply\` creates it; check --env and SLUICE_ENV.`
    return { counts, refusal }
  } catch (error) {
    const failure = serverFailure(error, config)
    if (!(failure instanceof OperationFailure)) throw error
    return { counts: [], refusal: failure.message }
  }
}

/** Copies of an entity's records that the erasure does not reach. */
const OTHER_COPIES = [
  "Kafka's own log, until the retention of its topics, and topics of other systems",
  'the history, until the lifecycle of its bucket deletes the objects (HISTORY_RETENTION), and copies of its objects',
  'rows of a database, which SQL can delete',
  'rows of tables in SQL, until their window leaves; without windows, until the table is dropped',
  'audit events, which name the entity of an erasure',
  'recordings, snapshots of the cache and backups',
  'notifications that were sent, logs and traces',
]

function describePlan({ entity, topics, holdings, notReached }: ErasurePlan): string[] {
  const states = topics.flatMap(({ topic, consumers }) =>
    consumers.flatMap(consumer => {
      const own = holdings.filter(holding => holding.consumer === consumer && holding.topic === topic)
      if (own.length === 0) return [`${consumer} on ${topic}: none`]
      return own.map(({ bytes, timers, ...stateKey }) => {
        const names = timers.length > 0 ? `, timers ${timers.map(({ name }) => name).join(', ')}` : ''
        return `${formatStateKey(stateKey)}: ${formatSize(bytes)}${names}`
      })
    }),
  )
  const advice =
    'These copies are not erased, because no function reads them any more. If a consumer is gone, `sluice state drop CONSUMER --all-partitions` removes its states:'
  return [
    ...describeList(`States of ${entity}:`, states),
    ...describeList(advice, notReached.map(formatStateKey)),
    ...describeList('These copies are not reached:', OTHER_COPIES),
  ]
}

function describeList(heading: string, lines: readonly string[]): string[] {
  return lines.length > 0 ? [heading, ...lines.map(line => `  ${line}`)] : []
}

/** Returns the consumers that have not applied the erasure. */
function listBehind({ consumers }: ErasureReport): string[] {
  return consumers.filter(({ outcome }) => outcome === 'not-yet').map(({ consumer }) => consumer)
}
