/**
 * Runs a consumer without servers. A test prepares state and records, delivers a batch, and checks decisions and
 * emissions.
 */

import { randomUUID } from 'node:crypto'
import { KeptStates } from '../../adapters/kept/kept-states.ts'
import { KeptStore } from '../../adapters/kept/kept-store.ts'
import type { LogRecord } from '../../cloudevents/record.ts'
import type { Application } from '../../consumer/application.ts'
import { completeStep, type KeyedProcess } from '../../consumer/process.ts'
import type { KafkaEvent } from '../../pipeline/batch/receive.ts'
import type { Process } from '../../pipeline/consumer.ts'
import type { Ports } from '../../pipeline/ports.ts'
import { Stage as RuntimeStage } from '../../testing/consumer-kit.ts'
import { kafkaEvent } from '../../testing/records.ts'
import { APPLICATION, READING_TYPES } from './application.ts'

export { RecordingObserver } from '../../testing/recording-observer.ts'

/** Counts the readings of each entity, and emits an event for every second reading. */
export const counting: KeyedProcess<{ count: number }> = {
  name: 'counting',
  accepts: READING_TYPES,
  onEvent(state, event) {
    const count = (state?.count ?? 0) + 1
    const emit =
      count % 2 === 0
        ? [
            {
              name: 'pair',
              to: 'events' as const,
              key: event.entity,
              type: 'test.pair',
              source: '/counting',
              data: { count },
            },
          ]
        : []
    return completeStep('counted', { count }, emit)
  },
}

type StageOptions = NonNullable<Parameters<RuntimeStage['consume']>[1]> & {
  readonly keptStates?: KeptStates | undefined
}

/** Puts a store with kept states around the store. */
function keepStates<P extends Pick<Ports, 'store'>>(ports: P, kept: KeptStates | undefined): P {
  return kept ? { ...ports, store: new KeptStore(ports.store, kept) } : ports
}

export class Stage extends RuntimeStage {
  keptStates: KeptStates | undefined = new KeptStates(randomUUID())

  constructor(
    process: KeyedProcess<never> | Process = counting as KeyedProcess<unknown>,
    overrides: Partial<Ports> = {},
    application: Application = APPLICATION,
  ) {
    super(application, process, overrides)
  }

  override batch(records: readonly LogRecord[], given: StageOptions = {}) {
    this.inLog(records)
    return this.consume(kafkaEvent(records), given)
  }

  override consume(event: KafkaEvent, { ports, ...given }: StageOptions = {}) {
    const keptStates = 'keptStates' in given ? given.keptStates : this.keptStates
    return super.consume(event, { ...given, ports: keepStates({ ...this.ports, ...ports }, keptStates) })
  }
}
