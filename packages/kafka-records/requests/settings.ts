import { AnswerCursor, array, int8, type Question, string } from './wire.ts'

/** The protocol's numbers for the kinds of settings, and for values that were set for one resource. */
const KINDS = { topic: { type: 2, own: 1 }, broker: { type: 4, own: 2 } } as const

export interface SettingsAnswer {
  readonly errorCode: number
  readonly settings: readonly Setting[]
}

/** A setting of a topic or a broker. */
export interface Setting {
  readonly name: string
  /** Null for a secret one, and for one without a value. */
  readonly value: string | null
  /** The value was set for this topic or broker; otherwise it is a default, or from the broker's file. */
  readonly isOwn: boolean
}

/** DescribeConfigs, version 1, for all settings. Any broker answers for a topic; for a broker, only that one does. */
export function settingsQuestion(kind: keyof typeof KINDS, name: string): Question<SettingsAnswer> {
  const { type, own } = KINDS[kind]
  const resource = Buffer.concat([int8(type), string(name), array(null, string)])
  return {
    apiKey: 32,
    name: 'DescribeConfigs',
    versions: [1],
    encode: () => Buffer.concat([array([resource], bytes => bytes), int8(0)]),
    decode: bytes => {
      const answer = new AnswerCursor(bytes)
      answer.int32() // throttled for
      const [first] = answer.array(() => settingsIn(answer, own))
      return first ?? { errorCode: -1, settings: [] }
    },
  }
}

function settingsIn(answer: AnswerCursor, own: number): SettingsAnswer {
  const errorCode = answer.int16()
  answer.string() // its message
  answer.int8()
  answer.string() // whose they are
  const settings = answer.array(() => {
    const [name, value] = [answer.string() ?? '', answer.string()]
    answer.boolean() // whether it can be changed
    const [source, isSecret] = [answer.int8(), answer.boolean()]
    answer.array(() => [answer.string(), answer.string(), answer.int8()])
    return { name, value: isSecret ? null : value, isOwn: source === own }
  })
  return { errorCode, settings }
}

/** The protocol's number for a value that is set rather than removed or appended to. */
const SET = 0

interface AlteredSettings {
  readonly errorCode: number
  /** Reason, in the broker's words. */
  readonly message: string | null
}

/** IncrementalAlterConfigs, version 0 (KIP-339): changes these settings only. kafkajs knows only the request that replaces all. */
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
    versions: [0],
    encode: () => Buffer.concat([array([resource], bytes => bytes), int8(0)]),
    decode: bytes => {
      const answer = new AnswerCursor(bytes)
      answer.int32() // throttled for
      const [first] = answer.array(() => {
        const altered = { errorCode: answer.int16(), message: answer.string() }
        answer.int8()
        answer.string() // whose they are
        return altered
      })
      return first ?? { errorCode: -1, message: null }
    },
  }
}
