/** JSON Schema of the keys in `FunctionKeys`, by which the Serverless Framework validates entries. */

import { CONDITIONS, type FunctionKeys } from '../lib/app/functions.ts'
import { SIGNALS, TOPIC_GROUPS } from '../lib/app/topics.ts'
import { USES } from './uses.ts'

const SIGNAL = { type: 'string', enum: SIGNALS }
/** A topic or a group of topics. */
const TOPIC_WORD = { type: 'string', enum: [...SIGNALS, ...Object.keys(TOPIC_GROUPS)] }
const MAPPING = { type: 'string', pattern: '^[\\w-]+$' }
/** Kafka's limits for names are checked in `names.ts`, which has better error messages. */
const TOPIC = { type: 'string' }
const EXPRESSION = { type: 'string', pattern: '^(rate|cron)\\(.+\\)$' }

/** Schema for `defineFunctionProperties`. The limits of batches and pollers are those of Lambda. */
export const FUNCTION_PROPERTIES: { readonly properties: Readonly<Record<keyof FunctionKeys, object>> } = {
  properties: {
    consumes: { anyOf: [SIGNAL, listOf(SIGNAL)] },
    forwards: { anyOf: [TOPIC_WORD, listOf(TOPIC_WORD)] },
    emits: listOf(TOPIC_WORD),
    uses: listOf({ type: 'string', enum: Object.keys(USES) }),
    foreignTopics: { anyOf: [TOPIC, listOf(TOPIC)] },
    mappings: { anyOf: [MAPPING, listOf(MAPPING)] },
    schedule: {
      anyOf: [
        EXPRESSION,
        {
          type: 'object',
          properties: { rate: EXPRESSION, if: { type: 'string', enum: CONDITIONS } },
          required: ['rate', 'if'],
          additionalProperties: false,
        },
      ],
    },
    batchSize: { type: 'integer', minimum: 1, maximum: 10_000 },
    maximumBatchingWindow: { type: 'integer', minimum: 0, maximum: 300 },
    maximumPollers: { type: 'integer', minimum: 1, maximum: 2_000 },
  },
}

function listOf(items: object): object {
  return { type: 'array', items, minItems: 1, uniqueItems: true }
}
