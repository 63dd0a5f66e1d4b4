/**
 * Scripts for the next generations of partition states. Functions need them only for a restore, and do not
 * load them at start-up.
 */
import { readFileSync } from 'node:fs'
import { EVICTED_PART, PARTITION_STATE, script } from './scripts.ts'

/** Common beginning of these scripts. */
const GENERATION = [
  PARTITION_STATE,
  readFileSync(new URL('./lua/state-parts.lua', import.meta.url), 'utf8'),
  readFileSync(new URL('./lua/generation.lua', import.meta.url), 'utf8'),
]

export const OWN_GENERATION = script(
  ...GENERATION,
  EVICTED_PART,
  readFileSync(new URL('./lua/own-generation.lua', import.meta.url), 'utf8'),
)
export const ADD_TO_GENERATION = script(
  ...GENERATION,
  readFileSync(new URL('./lua/add-to-generation.lua', import.meta.url), 'utf8'),
)
export const SWITCH_GENERATION = script(
  ...GENERATION,
  EVICTED_PART,
  readFileSync(new URL('./lua/switch-generation.lua', import.meta.url), 'utf8'),
)
export const FENCE = script(
  PARTITION_STATE,
  readFileSync(new URL('./lua/fence.lua', import.meta.url), 'utf8'),
)
export const NOTE_GROWTH = script(
  PARTITION_STATE,
  readFileSync(new URL('./lua/note-growth.lua', import.meta.url), 'utf8'),
)
