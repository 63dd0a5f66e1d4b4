/** JSON Schema of the keys in `FunctionKeys`. The Serverless Framework validates function entries against it. */

import { CONDITIONS, type FunctionKeys } from '../../lib/app/functions.ts'
import { SIGNALS, TOPIC_GROUPS } from '../../lib/app/topics.ts'
import { USES } from '../roles/uses.ts'

const MAPPING = { type: 'string', pattern: '^[\\w-]+$' }
/** Name of a topic of another application. */
const TOPIC = { type: 'string' }
const EXPRESSION = { type: 'string', pattern: '^(rate|cron)\\(.+\\)$' }

/**
 * Returns the schema for `defineFunctionProperties`. The limits for batches and pollers are
 * the limits of Lambda.
 */
export function buildEntrySchema(): { readonly properties: Readonly<Record<keyof FunctionKeys, object>> } {
  const signal = { type: 'string', enum: SIGNALS }
  /** A topic or a group of topics. */
  const word = { type: 'string', enum: [...SIGNALS, ...Object.keys(TOPIC_GROUPS)] }
  return {
    properties: {
      consumes: { anyOf: [signal, buildListSchema(signal)] },
      forwards: { anyOf: [word, buildListSchema(word)] },
      emits: buildListSchema(word),
      uses: buildListSchema({ type: 'string', enum: Object.keys(USES) }),
      foreignTopics: { anyOf: [TOPIC, buildListSchema(TOPIC)] },
      mappings: { anyOf: [MAPPING, { ...buildListSchema(MAPPING), minItems: 0 }] },
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
}

function buildListSchema(items: object): object {
  return { type: 'array', items, minItems: 1, uniqueItems: true }
}
