/** State of consumers, by partition and by entity. */
import { maxLength, minLength, optional, pipe, string } from 'valibot'
import { signalNamed, topicSize } from '../../lib/app/topics.ts'
import { findEntities } from '../../lib/queries/find-entities.ts'
import {
  type ConsumerState,
  consumerState,
  type MeasuredState,
  measuredStates,
} from '../../lib/queries/measured-states.ts'
import { boundsIfThere } from '../../lib/queries/topics.ts'
import { partitionsOf } from '../../lib/tables/table.ts'
import { RefusedByKafka } from '../../packages/runtime/adapters/kafka/errors.ts'
import type { Bounds } from '../../packages/runtime/adapters/kafka/offsets.ts'
import { Unavailable } from '../../packages/runtime/pipeline/errors.ts'
import type { ConsoleEnvironment } from '../environment.ts'
import { ProblemError } from './problem.ts'
import { asked, watched } from './route.ts'

/** A consumer and a topic that it reads. */
interface StateName {
  readonly consumer: string
  readonly topic: string
  /** Signal of the topic or, for a topic of another application, the topic's name. */
  readonly signal: string
}

export interface StatesAnswer {
  readonly states: readonly (StateName & ConsumerState)[]
  /** Reason why lags are unknown; absent if they are known. */
  readonly withoutKafka?: string
}

export interface PartitionsAnswer extends StateName {
  readonly partitions: readonly MeasuredState[]
  readonly withoutKafka?: string
}

/** Time limit for counting the contents of states, so that large states do not block Redis for long. */
const COUNTING_MS = 2_000
const ENTITIES = { found: 20, looked: 200_000 }
const SEARCHING_MS = 5_000

const NAME = pipe(string(), minLength(1, 'is missing'), maxLength(300, 'is too long'))
const STATE = { consumer: NAME, topic: optional(NAME) }
const ENTITY = pipe(string(), minLength(1, 'is missing'), maxLength(2_000, 'is too long'))

export function stateRoutes(environment: ConsoleEnvironment) {
  return {
    '/state': watched({}, 5_000, () => statesOf(environment)),
    '/state/partitions': watched(STATE, 10_000, async query =>
      partitionsIn(environment, nameOf(environment, query)),
    ),
    '/state/entities': asked({ ...STATE, entity: ENTITY }, async ({ entity, ...query }, { req }) => {
      const name = nameOf(environment, query)
      const { count } = await sizeOf(environment, name.topic)
      const partitions = partitionsOf(name.consumer, { topic: name.topic, partitions: count })
      const signal = AbortSignal.any([req.raw.signal, AbortSignal.timeout(SEARCHING_MS)])
      const limits = { ...ENTITIES, signal }
      return { ...name, ...(await findEntities(await environment.inspection(), partitions, entity, limits)) }
    }),
  }
}

async function statesOf(environment: ConsoleEnvironment): Promise<StatesAnswer> {
  const inspection = await environment.inspection()
  const problems = new Set<string>()
  const topics = new Set(environment.consumers.map(({ topic }) => topic))
  const sizes = new Map([...topics].map(topic => [topic, sizeOf(environment, topic)]))
  const states = environment.consumers.map(async ({ function: consumer, topic }) => {
    const { count, bounds, problem } = await (sizes.get(topic) ?? sizeOf(environment, topic))
    if (problem) problems.add(problem)
    const state = await consumerState(
      inspection,
      partitionsOf(consumer, { topic, partitions: count }),
      bounds,
    )
    return { ...stateName(environment, consumer, topic), ...state }
  })
  const known = await Promise.all(states)
  const [withoutKafka] = problems
  return { states: known, ...(withoutKafka === undefined ? {} : { withoutKafka }) }
}

async function partitionsIn(environment: ConsoleEnvironment, name: StateName): Promise<PartitionsAnswer> {
  const { count, bounds, problem } = await sizeOf(environment, name.topic)
  const partitions = partitionsOf(name.consumer, { topic: name.topic, partitions: count })
  const signal = AbortSignal.timeout(COUNTING_MS)
  const states = await measuredStates(await environment.inspection(), partitions, bounds, signal)
  return { ...name, partitions: states, ...(problem === undefined ? {} : { withoutKafka: problem }) }
}

/** Returns the number of partitions of a topic. If Kafka does not respond, returns the number in the topic table. */
async function sizeOf(
  environment: ConsoleEnvironment,
  topic: string,
): Promise<{ count: number; bounds?: readonly Bounds[]; problem?: string }> {
  const signal = signalNamed(topic, environment.config.env)
  const inTable = signal === undefined ? 0 : topicSize(signal, environment.config.env).partitions
  try {
    const bounds = await boundsIfThere(await environment.offsets(), topic)
    return bounds ? { count: bounds.length, bounds } : { count: inTable }
  } catch (error) {
    if (!(error instanceof Unavailable) && !(error instanceof RefusedByKafka)) throw error
    return { count: inTable, problem: `${error.message}.` }
  }
}

/** Resolves a consumer and topic. @throws ProblemError if the consumer does not exist or does not read the topic */
function nameOf(
  environment: ConsoleEnvironment,
  { consumer, topic }: { readonly consumer: string; readonly topic?: string | undefined },
): StateName {
  const own = environment.consumers.filter(one => one.function === consumer)
  const wanted = own.find(one => topic === undefined || one.topic === topic)
  if (own.length === 0) throw new ProblemError('not-found', `Consumer ${consumer} does not exist.`)
  if (!wanted) throw new ProblemError('not-found', `${consumer} does not read ${topic}.`)
  return stateName(environment, consumer, wanted.topic)
}

function stateName({ config }: ConsoleEnvironment, consumer: string, topic: string): StateName {
  return { consumer, topic, signal: signalNamed(topic, config.env) ?? topic }
}
