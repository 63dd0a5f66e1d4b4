/** The kit for the processes of Sluice: their topics, schemas and ticks. */
import { APPLICATION } from '../../lib/app/application.ts'
import type { KeyedProcess } from '../../lib/runtime/consumer/process.ts'
import { ProcessKit } from '../../lib/runtime/testing/process-kit.ts'
import { tick } from '../../lib/telemetry/tick.ts'

export type { Taken } from '../../lib/runtime/testing/process-kit.ts'

export class Kit<State> extends ProcessKit<State> {
  constructor(process: KeyedProcess<State, never, unknown>) {
    super(APPLICATION, process, { tick })
  }
}
