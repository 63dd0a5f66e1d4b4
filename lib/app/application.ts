/** Registers the topics, event types, schemas and texts of Sluice with the engine. */

import type { Application, ConfiguredApplication } from '#runtime/consumer'
import { RULES_ACTIVATED_TYPE } from '../alerting/rules-activated.ts'
import { FAILURE_ENDED_TYPE, FAILURE_TYPE } from '../failures/event-types.ts'
import { parkedForMs } from '../failures/policy.ts'
import type { EventType } from '../schemas/event-types.ts'
import { toDataschema } from '../telemetry/dataschema.ts'
import { TICK_TYPE } from '../telemetry/tick.ts'
import { VIEWS_ACTIVATED_TYPE } from '../views/event-names.ts'
import { createDataCheck } from './data/check-data.ts'
import { withEmptyCollections } from './data/empty-collections.ts'
import { createSerializing, SERIALIZING_REMEDIES } from './data/serialized-types.ts'
import { NAME } from './naming/name.ts'
import type { Vocabulary } from './naming/names.ts'
import { adviseOnPlainJson, createWholeEvents } from './naming/names.ts'
import { type Signal, TOPICS } from './naming/topic-table.ts'

declare module '../../packages/runtime/consumer/topic-name.ts' {
  interface Declared {
    readonly topic: Signal
  }
}

const REMEDIES = {
  'another-log': '`sluice state drop` lets the consumer read the new log from its start',
  'state-evicted':
    'drop the state with `sluice state drop` to read the log again, or restore a snapshot of the whole cache',
  'state-newer-than-code': 'or drop the state with `sluice state drop`',
  reprocessing: '`sluice reprocess` is replacing the state; this ends within a minute',
  'too-many-new-entities': '`sluice dlq list --code too-many-new-entities` shows the sources',
  skipped: '`sluice skip`',
  ...SERIALIZING_REMEDIES,
}

/** Reason for ignoring the erasures of entities that logs of earlier versions contain. */
export const ERASURE_REASON = 'erasure'

/** Time ahead of the clock from which on another zone is a likely reason: an hour, less what a record takes, in milliseconds. */
const ZONE_MS = 50 * 60_000
const ADVICE_ON_ZONE =
  'if its producer writes the local time of another zone, set `timeZone` in the mapping, or `as.time` of the input, to that zone'

/** Returns the application with these families and names. */
export function createApplication({ families, names }: Vocabulary): Application {
  return {
    ...createSerializing({ families, names }),
    name: NAME,
    topics: TOPICS,
    kafkaTopic: (signal, env) => names.topicName(signal, env),
    groupName: (consumer, env) => names.groupName(consumer, env),
    topicNamed: topic => names.topicNamed(topic),
    failuresTopic: 'failures',
    deadLettersTopic: 'dlq',
    failureEvent: { type: FAILURE_TYPE, dataschema: toDataschema(FAILURE_TYPE) },
    tickType: TICK_TYPE,
    failureEndedType: FAILURE_ENDED_TYPE,
    takesWholeEvents: createWholeEvents(names),
    firstRetryMs: parkedForMs(['1m']),
    remedies: REMEDIES,
    adviseOnFailure: ({ code, aheadMs }, topic) => {
      const signal = names.findSignal(topic)
      if (code === 'not-a-cloudevent' && signal === 'readings') return adviseOnPlainJson(topic)
      return signal === undefined && aheadMs !== undefined && aheadMs >= ZONE_MS ? ADVICE_ON_ZONE : undefined
    },
    ignoredTypes: new Map([
      [RULES_ACTIVATED_TYPE, 'rule-set'],
      [VIEWS_ACTIVATED_TYPE, 'plan-of-tables'],
      ['io.sluice.entity.erased.v1' satisfies EventType, ERASURE_REASON],
    ]),
    withEmptyCollections,
    readData: createDataCheck(families),
  }
}

/** The application of the functions, whose families and names are settings. */
export const APPLICATION: ConfiguredApplication = {
  name: NAME,
  remedies: REMEDIES,
  build: createApplication,
}
