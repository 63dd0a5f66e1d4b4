import { boolean, exactOptional, lazy, pipe, transform } from 'valibot'
import { isObject } from '../support/values.ts'
import { must, settingsMap, wholeNumber } from './setting-errors.ts'

export interface NewTopic {
  /** -1 means as many as the broker gives a topic by default: its `num.partitions`. */
  readonly partitions: number
  /** -1 means the broker's `default.replication.factor`. */
  readonly replicationFactor: number
}

const AS_THE_BROKER_DOES: NewTopic = { partitions: -1, replicationFactor: -1 }

const MAP = settingsMap({
  partitions: exactOptional(wholeNumber(1, 10_000)),
  replicationFactor: exactOptional(wholeNumber(1, 100)),
})

const SWITCH = boolean(must('true, false or { partitions, replicationFactor }'))

/** `createTopics`: true, false, or a map. Undefined where no topic is created. */
export const CREATE_TOPICS = pipe(
  lazy<typeof MAP | typeof SWITCH>(given => (isObject(given) ? MAP : SWITCH)),
  transform((given): NewTopic | undefined => {
    if (typeof given !== 'boolean') return { ...AS_THE_BROKER_DOES, ...given }
    return given ? AS_THE_BROKER_DOES : undefined
  }),
)
