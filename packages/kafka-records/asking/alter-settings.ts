import { AnswerCursor, array, int8, type Question, string } from './wire.ts'

/** The protocol's numbers: a topic, and that a value is set rather than removed or appended to. */
const [TOPIC, SET] = [2, 0]

export interface AlteredSettings {
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
  const resource = Buffer.concat([int8(TOPIC), string(topic), array(Object.entries(settings), setting)])
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
