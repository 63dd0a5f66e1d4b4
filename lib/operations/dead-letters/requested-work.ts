/** What the run of an operation works with, made of what was asked for. */

import { TopicOffsets } from '../../../packages/runtime/adapters/kafka/offsets.ts'
import type { Connections } from '../../../packages/runtime/lambda/connections.ts'
import type { Config } from '../../app/config.ts'
import { topicName } from '../../app/topics.ts'
import type { ReadTopic } from '../../queries/lag.ts'
import { type Range, rangesOf } from '../../queries/records.ts'
import { topicReach } from '../../queries/topics.ts'
import { bulkPublisherOf } from '../bulk.ts'
import { type Work, workOf } from './handle.ts'
import type { Passed } from './passage.ts'
import { type Patch, readPatch } from './patch.ts'
import { dropChooser, redriveChooser } from './redriving.ts'
import { filterTexts, type HandlingRequest } from './request.ts'

export interface Surroundings {
  readonly config: Config
  /** The functions of the environment, and the topics that they read. */
  readonly readers: readonly ReadTopic[]
}

interface Asked extends Pick<Work, 'operation' | 'by' | 'stop'> {
  readonly request: HandlingRequest
  /** What is behind the runs before: this one begins there. */
  readonly passed?: Passed
  /** Called with the reason for which a dead letter cannot be patched as asked. */
  readonly onRefused?: (why: string) => void
}

/** @throws Unavailable if Kafka or Redis does not answer */
export async function workFor(
  connections: Connections,
  { config, readers }: Surroundings,
  { request, operation, by, stop, passed, onRefused = () => {} }: Asked,
): Promise<Work> {
  const { command, ats, filter, again = false } = request
  const ranges = (await dlqRanges(connections, config, filter.sinceMs)).map(range => {
    return { ...range, start: Math.max(range.start, passed?.next[range.partition] ?? range.start) }
  })
  const [log, publisher] = [await connections.log(), () => bulkPublisherOf(connections)]
  const options = {
    ...{ by, nowMs: Date.now, patch: patchOf(request), again },
    onRefused: (_: unknown, why: string) => onRefused(why),
  }
  return workOf(
    {
      ...{ command, ats, filter, operation, by },
      chooser: topics => (command === 'drop' ? dropChooser : redriveChooser({ ...options, topics })),
    },
    { config, connections, publisher, log, ranges, stop, readers },
  )
}

/** @throws if it is none: what begins an operation has to check that */
function patchOf({ patch: text }: HandlingRequest): Patch | undefined {
  if (text === undefined) return undefined
  const patch = readPatch(text)
  if (typeof patch === 'string') throw new Error(`The patch of an operation cannot be read: ${patch}`)
  return patch
}

/** What was asked for, by the names of the command line's options: for the audit. */
export function requestTexts(request: HandlingRequest): Readonly<Record<string, string>> {
  const { filter, ats, perSecond, again, patch } = request
  return {
    ...filterTexts(filter),
    ...(perSecond === undefined ? {} : { rate: `${perSecond}/s` }),
    ...(again ? { again: 'yes' } : {}),
    // Its values may be personal: they are in the redriven record alone.
    ...(patch === undefined ? {} : { patch: 'yes' }),
    ...(ats.length > 0 ? { at: ats.join(' ') } : {}),
  }
}

/**
 * The dlq topic as it is now.
 *
 * @param sinceMs only what was written then or later
 */
async function dlqRanges(
  connections: Pick<Connections, 'kafka'>,
  { env }: Pick<Config, 'env'>,
  sinceMs: number | undefined,
): Promise<readonly Range[]> {
  const topic = topicName('dlq', env)
  const offsets = new TopicOffsets(await connections.kafka())
  try {
    return rangesOf(topic, await topicReach(offsets, topic, sinceMs))
  } finally {
    await offsets.close()
  }
}
