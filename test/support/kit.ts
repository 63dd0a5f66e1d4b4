/** Test kit for Sluice's processes, with Sluice's topics, schemas and ticks. */

import type { KeyedProcess } from '#runtime/test/support/inside'
import { ProcessKit } from '#runtime/testing'
import { tick } from '../../lib/telemetry/tick.ts'
import { APPLICATION } from './families.ts'

export type { TakenStep } from '#runtime/testing'

export class Kit<State> extends ProcessKit<State> {
  constructor(process: KeyedProcess<State, never, unknown>) {
    super(APPLICATION, process, { tick })
  }
}
