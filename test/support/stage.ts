/**
 * Runs a consumer of Sluice without servers. A test prepares state and records, delivers a batch, and checks decisions and
 * emissions.
 */

import { randomUUID } from 'node:crypto'
import { completeStep, type KeyedProcess } from '#runtime/consumer/process.ts'
import type { KafkaEvent } from '#runtime/pipeline/batch/receive.ts'
import type { Process } from '#runtime/pipeline/consumer.ts'
import { KeptStates } from '#runtime/pipeline/model/kept-states.ts'
import type { Ports } from '#runtime/pipeline/ports.ts'
import { Stage as RuntimeStage } from '#runtime/testing/consumer-kit.ts'
import { APPLICATION, FAMILIES } from './families.ts'

export { RecordingObserver } from '#runtime/testing/recording-observer.ts'

/** Counts the readings of each entity, and emits an event for every second reading. */
export const counting: KeyedProcess<{ count: number }> = {
  name: 'counting',
  accepts: FAMILIES.readingTypes,
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

export class Stage extends RuntimeStage {
  keptStates: KeptStates | undefined = new KeptStates(randomUUID())

  constructor(
    process: KeyedProcess<never> | Process = counting as KeyedProcess<unknown>,
    overrides: Partial<Ports> = {},
  ) {
    super(APPLICATION, process, overrides)
  }

  override consume(event: KafkaEvent, given: Parameters<RuntimeStage['consume']>[1] = {}) {
    return super.consume(event, { keptStates: this.keptStates, ...given })
  }
}
