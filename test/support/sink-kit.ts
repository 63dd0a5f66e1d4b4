/** Test kit for Sluice's sinks. */

import type { Sink } from '#runtime/consumer/sink.ts'
import { SinkKit as RuntimeSinkKit } from '#runtime/testing/sink-kit.ts'
import { APPLICATION } from './families.ts'

export class SinkKit extends RuntimeSinkKit {
  constructor(sink: Sink<never>) {
    super(APPLICATION, sink)
  }
}
