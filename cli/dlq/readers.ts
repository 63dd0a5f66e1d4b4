import { readFunctions, topicsRead } from '../../lib/app/functions.ts'
import type { ReadTopic } from '../../lib/queries/lag.ts'

/** The functions of an environment, and the topics of the table that they read. */
export function readersIn(env: string): readonly ReadTopic[] {
  return readFunctions().flatMap(declared => topicsRead({ ...declared, foreignTopics: [] }, env))
}
