/** Routes for messages of topics. */
import type { LogRecord } from '#runtime/cloudevents'
import { Unavailable } from '#runtime/pipeline'
import { Kept } from '../../../control/questions/environment.ts'
import { createTrial } from '../../../control/recordings/import/mapping-trial.ts'
import { loadAllInputs } from '../../../lib/app/inputs/loaded-inputs.ts'
import type { Signal } from '../../../lib/app/naming/topic-table.ts'
import { listTopics } from '../../../lib/topics/topic-descriptions.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { declareQuery, declareSharedQuery } from '../../http/declare-route.ts'
import { readMessage } from './messages/message-details.ts'
import { listMessages, type MessagePorts } from './messages/message-list.ts'
import { MESSAGES_FIELDS, PLACE_FIELDS } from './messages/message-query.ts'

export function declareKafkaRoutes(environment: ConsoleEnvironment) {
  const ports = createMessagePorts(environment)
  return {
    '/kafka/messages': declareSharedQuery(MESSAGES_FIELDS, async query => listMessages(query, await ports())),
    '/kafka/messages/topics': declareQuery({}, () => listMessageTopics(environment)),
    '/kafka/messages/one': declareQuery(PLACE_FIELDS, async place =>
      readMessage(environment.config.families, place, await ports()),
    ),
  }
}

const INPUTS = new Kept<Awaited<ReturnType<typeof loadAllInputs>>>()

function createMessagePorts(environment: ConsoleEnvironment): () => Promise<MessagePorts> {
  return async () => {
    const [log, offsets] = await Promise.all([environment.log(), environment.offsets()])
    const tryInput = async (record: LogRecord) => {
      const { config, reader } = environment
      const inputs = await environment.keep(INPUTS, () => loadAllInputs(config)).catch(() => undefined)
      const input = inputs?.get(record.topic)
      try {
        return input && createTrial(config, input, record.timestampMs, reader)(record)
      } catch (error) {
        // The message says that its schema cannot be fetched.
        if (error instanceof Unavailable) return undefined
        throw error
      }
    }
    return { log, offsets, reader: environment.reader, nowMs: Date.now, tryInput }
  }
}

/** A topic whose messages can be read. */
export interface MessageTopic {
  readonly topic: string
  /** Signal of the topic; null for a topic of another application. */
  readonly signal: Signal | null
  readonly partitions: number
}

async function listMessageTopics(environment: ConsoleEnvironment) {
  const all = await listTopics(await environment.kafka())
  const topics: MessageTopic[] = all.map(({ topic, partitions }) => {
    return { topic, signal: environment.findSignal(topic) ?? null, partitions: partitions.length }
  })
  return { topics }
}
