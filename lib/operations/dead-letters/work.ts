/** Creates the parameters of a run from the request of an operation. */
import type { Connections } from '../../../packages/runtime/lambda/connections.ts'
import type { Config } from '../../app/config.ts'
import { deadLetterSource } from '../../app/dead-letter-source.ts'
import { mappingsOfTopics } from '../../app/topic-mappings.ts'
import type { DeadLetterFilter } from '../../queries/dead-letter-pages.ts'
import type { ReadTopic } from '../../queries/lag.ts'
import { bulkPublisherOf } from '../bulk.ts'
import type { RedriveTopics } from './decide.ts'
import type { Work } from './handle.ts'
import { type Patch, readPatch } from './patch.ts'
import { type Chooser, dropChooser, redriveChooser } from './redriving.ts'
import { filterTexts, type HandlingRequest } from './request.ts'
import { redriveTopics } from './topics.ts'

interface Ordered extends Pick<Work, 'command' | 'ats' | 'operation' | 'by' | 'isPatched'> {
  readonly filter: DeadLetterFilter
  readonly chooser: (topics: RedriveTopics) => Chooser
}

export interface Surroundings {
  readonly config: Config
  /** Functions of the environment, with the topics that they read. */
  readonly readers: readonly ReadTopic[]
}

/**
 * Returns the parameters of a run.
 *
 * @throws Unavailable if Kafka or Redis does not answer
 */
export async function workOf(
  { filter, chooser, ...ordered }: Ordered,
  {
    readers,
    ...surroundings
  }: Pick<Work, 'config' | 'connections' | 'letters' | 'stop'> & Pick<Surroundings, 'readers'>,
): Promise<Work> {
  const { connections, config } = surroundings
  const { command, operation } = ordered
  const watched = await redriveTopics(connections, config, readers, command === 'redrive')
  // Dead letters written later are excluded, because they may result from this redrive.
  const untilMs = Math.min(filter.untilMs ?? Number.POSITIVE_INFINITY, operation.startedAtMs + 1)
  return {
    ...ordered,
    ...surroundings,
    publisher: () => bulkPublisherOf(connections),
    filter: { ...filter, untilMs },
    choose: chooser(watched),
    watched,
  }
}

interface WorkRequest extends Pick<Work, 'operation' | 'by' | 'stop'> {
  readonly request: HandlingRequest
  /** Called with the reason if a dead letter cannot be patched as requested. */
  readonly onRefused?: (why: string) => void
}

/**
 * Returns the parameters of a run for a stored request.
 *
 * @throws Unavailable if Kafka or Redis does not answer
 */
export async function workFor(
  connections: Connections,
  { config, readers }: Surroundings,
  { request, operation, by, stop, onRefused = () => {} }: WorkRequest,
): Promise<Work> {
  const { command, ats, filter, again = false } = request
  const options = {
    ...{ by, nowMs: Date.now, patch: await patchOf(request, config), again },
    onRefused: (_: unknown, why: string) => onRefused(why),
  }
  return workOf(
    {
      ...{ command, ats, filter, operation, by, isPatched: options.patch !== undefined },
      chooser: topics => (command === 'drop' ? dropChooser : redriveChooser({ ...options, topics })),
    },
    { config, connections, letters: await deadLetterSource(connections, config.env), stop, readers },
  )
}

/**
 * Returns the patch in a request.
 *
 * @throws if the text is not a valid patch. This must be checked before an operation is started.
 */
async function patchOf({ patch: text }: HandlingRequest, config: Config): Promise<Patch | undefined> {
  if (text === undefined) return undefined
  const patch = readPatch(text)
  if (typeof patch === 'string') throw new Error(`The patch of an operation cannot be read: ${patch}`)
  return { ...patch, mappingsOf: await mappingsOfTopics(config) }
}

/** Returns the request as command-line options, for the audit event. */
export function requestTexts(request: HandlingRequest): Readonly<Record<string, string>> {
  const { filter, ats, perSecond, again, patch } = request
  return {
    ...filterTexts(filter),
    ...(perSecond === undefined ? {} : { rate: `${perSecond}/s` }),
    ...(again ? { again: 'yes' } : {}),
    // The patch is not included, because it may contain personal data.
    ...(patch === undefined ? {} : { patch: 'yes' }),
    ...(ats.length > 0 ? { at: ats.join(' ') } : {}),
  }
}
