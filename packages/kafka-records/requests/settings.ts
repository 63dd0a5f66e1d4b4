import { AnswerCursor, array, int8, type Question, string } from './wire.ts'

/** Protocol numbers for each kind of resource: its type, and the source of values that were set for this resource alone. */
const KINDS = { topic: { type: 2, own: 1 }, broker: { type: 4, own: 2 } } as const

export interface SettingsAnswer {
  readonly errorCode: number
  readonly settings: readonly Setting[]
}

/** A setting of a topic or a broker. */
export interface Setting {
  readonly name: string
  /** Value; null if it is a secret or not set. */
  readonly value: string | null
  /** True if the value was set for this topic or broker; false for a default or a value from the broker's configuration file. */
  readonly isOwn: boolean
}

/**
 * Returns a DescribeConfigs request, version 1, for all settings of a resource. For a topic, it can be sent to any broker; for a
 * broker, it must be sent to that broker.
 */
export function settingsQuestion(kind: keyof typeof KINDS, name: string): Question<SettingsAnswer> {
  const { type, own } = KINDS[kind]
  const resource = Buffer.concat([int8(type), string(name), array(null, string)])
  return {
    apiKey: 32,
    name: 'DescribeConfigs',
    version: 1,
    encode: () => Buffer.concat([array([resource], bytes => bytes), int8(0)]),
    decode: bytes => {
      const answer = new AnswerCursor(bytes)
      answer.int32() // throttle time
      const [first] = answer.array(() => readSettings(answer, own))
      return first ?? { errorCode: -1, settings: [] }
    },
  }
}

function readSettings(answer: AnswerCursor, own: number): SettingsAnswer {
  const errorCode = answer.int16()
  answer.string() // error message
  answer.int8()
  answer.string() // resource name
  const settings = answer.array(() => {
    const [name, value] = [answer.string() ?? '', answer.string()]
    answer.boolean() // read-only
    const [source, isSecret] = [answer.int8(), answer.boolean()]
    answer.array(() => [answer.string(), answer.string(), answer.int8()])
    return { name, value: isSecret ? null : value, isOwn: source === own }
  })
  return { errorCode, settings }
}

/** Protocol number for setting a value, in contrast to deleting it or appending to it. */
const SET = 0

interface AlteredSettings {
  readonly errorCode: number
  /** Error message of the broker. */
  readonly message: string | null
}

/**
 * Returns an IncrementalAlterConfigs request, version 0 (KIP-339). It changes only these settings. kafkajs supports only the
 * request that replaces all settings of a resource.
 */
export function alterSettingsQuestion(
  topic: string,
  settings: Readonly<Record<string, string>>,
): Question<AlteredSettings> {
  const setting = ([name, value]: [string, string]) => Buffer.concat([string(name), int8(SET), string(value)])
  const resource = Buffer.concat([
    int8(KINDS.topic.type),
    string(topic),
    array(Object.entries(settings), setting),
  ])
  return {
    apiKey: 44,
    name: 'IncrementalAlterConfigs',
    version: 0,
    encode: () => Buffer.concat([array([resource], bytes => bytes), int8(0)]),
    decode: bytes => {
      const answer = new AnswerCursor(bytes)
      answer.int32() // throttle time
      const [first] = answer.array(() => {
        const altered = { errorCode: answer.int16(), message: answer.string() }
        answer.int8()
        answer.string() // resource name
        return altered
      })
      return first ?? { errorCode: -1, message: null }
    },
  }
}
