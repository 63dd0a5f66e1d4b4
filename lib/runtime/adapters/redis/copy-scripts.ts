/** The scripts about whole partition states and their copies. Functions do not need them, so they are not in their bundles. */
import { readFileSync } from 'node:fs'
import { EVICTED_PART, PARTITION_STATE, STATE_PARTS, script } from './scripts.ts'

export const CLAIM_STATE = script(readFileSync(new URL('./lua/claim-state.lua', import.meta.url), 'utf8'))
export const SWITCH_TO_REBUILT = script(
  PARTITION_STATE,
  EVICTED_PART,
  STATE_PARTS,
  readFileSync(new URL('./lua/switch-to-rebuilt.lua', import.meta.url), 'utf8'),
)
export const REMOVE_STATE = script(
  PARTITION_STATE,
  STATE_PARTS,
  readFileSync(new URL('./lua/remove-state.lua', import.meta.url), 'utf8'),
)
