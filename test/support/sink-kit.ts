/** Test kit for Sluice's sinks. */

import type { Sink } from '#runtime/consumer'
import { SinkKit as RuntimeSinkKit } from '#runtime/testing'
import { APPLICATION } from './families.ts'

export class SinkKit extends RuntimeSinkKit {
  constructor(sink: Sink<never>) {
    super(APPLICATION, sink)
  }
}
