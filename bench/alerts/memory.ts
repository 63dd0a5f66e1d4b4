import { createRules, type Kind } from './rules.ts'
import { step } from './sides.ts'

const ENTITIES = 10
/** Enough for the longest duration that a rule compares over. */
const READINGS_EACH = 1_000

/** Bytes of the state of an entity as the store keeps it, on average over some, after hours of readings. */
export function stateBytes(kind: Kind, rules: number): number {
  const { side, states } = step(createRules(kind, rules), ENTITIES, kind)
  side(ENTITIES * READINGS_EACH)
  const bytes = states.map(state => (state === undefined ? 0 : Buffer.byteLength(JSON.stringify(state))))
  return bytes.reduce((sum, count) => sum + count, 0) / ENTITIES
}
