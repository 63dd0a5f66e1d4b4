/** Test kit for Sluice's processes, with Sluice's topics, schemas and ticks. */
import { APPLICATION } from '../../lib/app/application.ts'
import { tick } from '../../lib/telemetry/tick.ts'
import type { KeyedProcess } from '../../packages/runtime/consumer/process.ts'
import { ProcessKit } from '../../packages/runtime/testing/process-kit.ts'

export type { TakenStep } from '../../packages/runtime/testing/process-kit.ts'

export class Kit<State> extends ProcessKit<State> {
  constructor(process: KeyedProcess<State, never, unknown>) {
    super(APPLICATION, process, { tick })
  }
}
