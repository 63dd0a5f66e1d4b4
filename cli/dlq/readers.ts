import { readFunctions, topicsRead } from '../../lib/app/functions.ts'
import type { ReadTopic } from '../../lib/queries/lag.ts'

/** Returns the functions of an environment, with the topics of the table that they read. */
export function readersIn(env: string): readonly ReadTopic[] {
  return readFunctions().flatMap(declared => topicsRead({ ...declared, foreignTopics: [] }, env))
}
