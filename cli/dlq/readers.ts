import { readFunctions, topicsRead } from '../../lib/app/functions.ts'
import type { ReadTopic } from '../../lib/queries/lag.ts'

/** Returns the functions of an environment with the topics that they read. Topics of other applications are not included. */
export function readersIn(env: string): readonly ReadTopic[] {
  return readFunctions().flatMap(declared => topicsRead({ ...declared, foreignTopics: [] }, env))
}
