import { readFunctions, topicsRead } from '../../lib/app/functions.ts'
import type { Signal } from '../../lib/app/topics.ts'
import type { ReadTopic } from '../../lib/queries/lag.ts'

/** Returns the functions of serverless.yml that read a topic, with their consumer groups in this environment. */
export function consumersOf(signal: Signal, env: string): ReadTopic[] {
  return readFunctions()
    .flatMap(declared => topicsRead(declared, env))
    .filter(read => read.signal === signal)
}
