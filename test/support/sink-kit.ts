/** Test kit for Sluice's sinks. */
import { APPLICATION } from '../../lib/app/application.ts'
import type { Sink } from '../../packages/runtime/consumer/sink.ts'
import { SinkKit as RuntimeSinkKit } from '../../packages/runtime/testing/sink-kit.ts'

export class SinkKit extends RuntimeSinkKit {
  constructor(sink: Sink<never>) {
    super(APPLICATION, sink)
  }
}
