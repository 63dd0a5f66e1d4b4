/** JSON Schema of the keys in `FunctionKeys`. The Serverless Framework validates function entries against it. */

import { CONDITIONS, type FunctionKeys } from '../../control/environment/functions.ts'
import { SIGNALS, TOPIC_GROUPS } from '../../lib/app/naming/topic-table.ts'
import { USES } from '../roles/uses.ts'

/** Name of an input. */
const TOPIC = { type: 'string' }
const EXPRESSION = { type: 'string', pattern: '^(rate|cron)\\(.+\\)$' }

/**
 * Returns the schema for `defineFunctionProperties`. The limits for batches and pollers are
 * the limits of Lambda.
 */
export function buildEntrySchema(): { readonly properties: Readonly<Record<keyof FunctionKeys, object>> } {
  const consumed = { type: 'string', enum: [...SIGNALS, 'inputs'] }
  /** A topic or a group of topics. */
  const word = { type: 'string', enum: [...SIGNALS, ...Object.keys(TOPIC_GROUPS)] }
  return {
    properties: {
      consumes: { anyOf: [consumed, buildListSchema(consumed)] },
      forwards: { anyOf: [word, buildListSchema(word)] },
      emits: buildListSchema(word),
      uses: buildListSchema({ type: 'string', enum: Object.keys(USES) }),
      inputs: { anyOf: [TOPIC, buildListSchema(TOPIC)] },
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
