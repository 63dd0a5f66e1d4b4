import { readFunctions, topicsRead } from '../../lib/app/functions.ts'
import type { Signal } from '../../lib/app/topics.ts'
import type { ReadTopic } from '../../lib/queries/lag.ts'

/** The functions of serverless.yml that read a topic in this environment, and as which groups. */
export function consumersOf(signal: Signal, env: string): ReadTopic[] {
  return readFunctions()
    .flatMap(declared => topicsRead(declared, env))
    .filter(read => read.signal === signal)
}
