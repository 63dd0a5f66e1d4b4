/** Runs one erasure: shows who holds the entity, appends the event, waits until every consumer has applied it, and reports. */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../../lib/app/config.ts'
import { type ErasurePlace, erasuresSoFar, holdingsOf } from '../../lib/queries/erasure.ts'
import { partitionsOf } from '../../lib/queries/partition-states.ts'
import { append } from '../../lib/runtime/adapters/kafka/append.ts'
import { RefusedByKafka } from '../../lib/runtime/adapters/kafka/publisher.ts'
import type { StateInspection } from '../../lib/runtime/adapters/redis/inspection.ts'
import type { StateList } from '../../lib/runtime/adapters/redis/state-list.ts'
import { producedRecord } from '../../lib/runtime/cloudevents/writer.ts'
import { partsOfEntity } from '../../lib/runtime/consumer/event.ts'
import type { Connections } from '../../lib/runtime/lambda/connections.ts'
import { Unavailable } from '../../lib/runtime/pipeline/errors.ts'
import type { StateKey } from '../../lib/runtime/pipeline/model.ts'
import { entityErased } from '../../lib/telemetry/erasure.ts'
import { kafkaAddress, reasonOf } from '../connections.ts'
import { CliFailure } from '../failure.ts'
import { showLine } from '../progress.ts'
import type { Terminal } from '../terminal.ts'
import { erasureTarget } from './erasure-target.ts'
import { type ErasurePlan, type ErasureReport, waitingText } from './erasure-text.ts'
import { type ConsumerErasure, untilApplied } from './erasure-wait.ts'
import { signalTopics } from './state-keys.ts'

/** What an erasure works with. */
export interface Servers {
  readonly config: Config
  readonly connections: Pick<Connections, 'kafka'>
  readonly inspection: StateInspection
  readonly states: Pick<StateList, 'names'>
}

/**
 * Who holds what of the entity.
 *
 * @param wanted its whole name, or its subject
 * @param partitions how many the topic has
 * @throws CliFailure if it names no entity, or several
 */
export async function planned(
  { config, inspection, states }: Servers,
  wanted: string,
  {
    consumers,
    topic,
    partitions,
  }: Pick<ErasurePlan, 'consumers' | 'topic'> & { readonly partitions: number },
): Promise<ErasurePlan> {
  const reached = consumers.flatMap(consumer => partitionsOf(consumer, { topic, partitions }))
  const names = new Set(reached.map(nameIn))
  const topics = new Set(signalTopics(config.env).map(one => one.topic))
  const others = (await states.names()).filter(one => topics.has(one.topic) && !names.has(nameIn(one)))
  const entity = await erasureTarget(inspection, [...reached, ...others], wanted)
  return {
    entity,
    topic,
    consumers,
    holdings: await holdingsOf(inspection, reached, entity),
    notReached: (await holdingsOf(inspection, others, entity)).map(stateKeyOf),
  }
}

/**
 * Appends the erasure to every partition of the topic, and waits for the consumers. Every partition, because an entity can have
 * states in several: if its keys are random, or were another partitioner's, or if the topic has grown.
 *
 * @throws CliFailure if Kafka does not take the erasure
 */
export async function erased(
  servers: Servers,
  plan: ErasurePlan,
  { partitions, timeoutMs }: { readonly partitions: number; readonly timeoutMs: number },
  terminal: Terminal,
): Promise<ErasureReport> {
  const { inspection } = servers
  const { entity, topic, notReached } = plan
  const before = await placesBefore(inspection, plan, partitions)
  const erasureId = randomUUID()
  const offsets = await appended(servers, plan, erasureId, partitions)
  const places = before.map(place => ({ ...place, offset: offsets[place.partition] as number }))
  const consumers = await waited(inspection, places, timeoutMs, terminal)
  const now = await holdingsOf(inspection, places.map(stateKeyOf), entity)
  return {
    entity,
    topic,
    notReached,
    erasureId,
    records: offsets.map((offset, partition) => ({ partition, offset })),
    consumers: consumers.map(one => ({
      ...one,
      holdsAgain: now.some(
        ({ consumer, partition }) => consumer === one.consumer && !one.pending.includes(partition),
      ),
    })),
  }
}

async function placesBefore(
  inspection: StateInspection,
  { consumers, topic, holdings }: ErasurePlan,
  partitions: number,
): Promise<Omit<ErasurePlace, 'offset'>[]> {
  const held = new Set(holdings.map(nameIn))
  const places: Omit<ErasurePlace, 'offset'>[] = []
  for (const stateKey of consumers.flatMap(consumer => partitionsOf(consumer, { topic, partitions }))) {
    const erasedBefore = await erasuresSoFar(inspection, stateKey)
    places.push({ ...stateKey, held: held.has(nameIn(stateKey)), erasedBefore })
  }
  return places
}

async function appended(
  { config, connections }: Servers,
  { entity, topic }: ErasurePlan,
  erasureId: string,
  partitions: number,
): Promise<readonly number[]> {
  const requestedAt = new Date().toISOString()
  const records = Array.from({ length: partitions }, (_, partition) => {
    const event = entityErased(partsOfEntity(entity), { erasureId, requestedAt, partition })
    return { ...producedRecord(topic, null, event, config.contentMode), partition }
  })
  try {
    return await append(await connections.kafka(), records)
  } catch (error) {
    if (!(error instanceof Unavailable || error instanceof RefusedByKafka)) throw error
    throw new CliFailure(
      `Kafka at ${kafkaAddress(config)} has not acknowledged the erasure: some partitions may have it, and others not. Erase the ` +
        `entity again: twice does no harm. (${reasonOf(error)})`,
    )
  }
}

async function waited(
  inspection: StateInspection,
  places: readonly ErasurePlace[],
  timeoutMs: number,
  terminal: Terminal,
): Promise<ConsumerErasure[]> {
  let now: readonly ConsumerErasure[] = []
  const hide = showLine(terminal, () => waitingText(now))
  try {
    const patience = {
      timeoutMs,
      nowMs: () => performance.now(),
      pause: (ms: number) => sleep(ms, undefined, { signal: terminal.stop }),
      stop: terminal.stop,
    }
    return await untilApplied(inspection, places, patience, consumers => {
      now = consumers
    })
  } finally {
    hide()
  }
}

function nameIn({ consumer, topic, partition }: StateKey): string {
  return `${consumer} ${topic} ${partition}`
}

function stateKeyOf({ consumer, topic, partition }: StateKey): StateKey {
  return { consumer, topic, partition }
}
