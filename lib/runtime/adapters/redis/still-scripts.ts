/** The scripts that hold a copy of a partition state still, and let it go. Functions need them for checkpoints. */
import { readFileSync } from 'node:fs'
import { PARTITION_STATE, script } from './scripts.ts'

export const STATE_PARTS = readFileSync(new URL('./lua/state-parts.lua', import.meta.url), 'utf8')

export const HOLD_STILL = script(
  PARTITION_STATE,
  STATE_PARTS,
  readFileSync(new URL('./lua/hold-still.lua', import.meta.url), 'utf8'),
)
export const LET_GO = script(
  PARTITION_STATE,
  STATE_PARTS,
  readFileSync(new URL('./lua/let-go.lua', import.meta.url), 'utf8'),
)
export const REMOVE_STATE = script(
  PARTITION_STATE,
  STATE_PARTS,
  readFileSync(new URL('./lua/remove-state.lua', import.meta.url), 'utf8'),
)
