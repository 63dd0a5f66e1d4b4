/** Routes for topics, messages and groups. */

import { maxLength, minLength, optional, pipe, string } from 'valibot'
import { dataReader } from '../../lib/app/data-reader.ts'
import { type Signal, signalNamed } from '../../lib/app/topics.ts'
import { allTopics } from '../../lib/queries/kafka/topic-descriptions.ts'
import type { ConsoleEnvironment } from '../environment.ts'
import { listedGroups, oneGroup } from './kafka/groups.ts'
import { listedMessages, type MessagePorts } from './kafka/messages/list.ts'
import { oneMessage } from './kafka/messages/one.ts'
import { MESSAGES_FIELDS, PLACE_FIELDS } from './kafka/messages/query.ts'
import { listedTopics, oneTopic } from './kafka/topics.ts'
import { asked, watched } from './route.ts'

/** Text to search for in names. */
const FIND = optional(pipe(string(), maxLength(249, 'is too long')), '')
/** Name of a topic, up to 249 characters. */
const TOPIC = pipe(
  optional(string(), ''),
  minLength(1, 'name a topic'),
  maxLength(249, 'is too long for the name of a topic'),
)
const GROUP = pipe(optional(string(), ''), minLength(1, 'name a group'), maxLength(1_000, 'is too long'))

export function kafkaRoutes(environment: ConsoleEnvironment) {
  const ports = messagePorts(environment)
  return {
    '/kafka/topics': watched({ find: FIND }, ({ find }) => listedTopics(environment, find)),
    '/kafka/topics/one': watched({ name: TOPIC }, ({ name }) => oneTopic(environment, name)),
    '/kafka/groups': watched({ find: FIND }, ({ find }) => listedGroups(environment, find)),
    '/kafka/groups/one': watched({ name: GROUP }, ({ name }) => oneGroup(environment, name)),
    '/kafka/messages': watched(MESSAGES_FIELDS, async query => listedMessages(query, await ports())),
    '/kafka/messages/topics': asked({}, () => messageTopics(environment)),
    '/kafka/messages/one': asked(PLACE_FIELDS, async place => oneMessage(place, await ports())),
  }
}

function messagePorts(environment: ConsoleEnvironment): () => Promise<MessagePorts> {
  const reader = dataReader(environment.config)
  return async () => {
    const [log, offsets] = await Promise.all([environment.log(), environment.offsets()])
    return { log, offsets, reader, nowMs: Date.now }
  }
}

/** A topic whose messages can be read. */
export interface MessageTopic {
  readonly topic: string
  /** Signal of the topic; null for a topic of another application. */
  readonly signal: Signal | null
  readonly partitions: number
}

async function messageTopics(environment: ConsoleEnvironment) {
  const { env } = environment.config
  const all = await allTopics(await environment.kafka())
  const topics: MessageTopic[] = all.map(({ topic, partitions }) => {
    return { topic, signal: signalNamed(topic, env) ?? null, partitions: partitions.length }
  })
  return { topics }
}
